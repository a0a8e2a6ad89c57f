//! The messages of an event file: those fields that fude writes, with their official numbers.
//!
//! Source: `tensorboard/compat/proto/event.proto` and `summary.proto` of the TensorBoard project.

use prost::{Message, Oneof};

/// Something that happened at a step.
#[derive(Clone, PartialEq, Message)]
pub(super) struct Event {
    /// Seconds since 1970.
    #[prost(double, tag = "1")]
    pub(super) wall_time: f64,
    /// The epoch.
    #[prost(int64, tag = "2")]
    pub(super) step: i64,
    #[prost(oneof = "What", tags = "3, 5, 7")]
    pub(super) what: Option<What>,
}

/// What happened.
#[derive(Clone, PartialEq, Oneof)]
pub(super) enum What {
    /// The first event of a file.
    #[prost(string, tag = "3")]
    FileVersion(String),
    #[prost(message, tag = "5")]
    Summary(Summary),
    /// With START: what earlier files say of this step and later ones is void.
    #[prost(message, tag = "7")]
    SessionLog(SessionLog),
}

/// Values of one step.
#[derive(Clone, PartialEq, Message)]
pub(super) struct Summary {
    #[prost(message, repeated, tag = "1")]
    pub(super) value: Vec<Value>,
}

/// A tagged value.
#[derive(Clone, PartialEq, Message)]
pub(super) struct Value {
    #[prost(string, tag = "1")]
    pub(super) tag: String,
    #[prost(oneof = "Content", tags = "2, 4")]
    content: Option<Content>,
}

#[derive(Clone, PartialEq, Oneof)]
enum Content {
    #[prost(float, tag = "2")]
    Simple(f32),
    #[prost(message, tag = "4")]
    Image(Image),
}

/// An encoded picture.
#[derive(Clone, PartialEq, Message)]
pub(super) struct Image {
    #[prost(int32, tag = "1")]
    pub(super) height: i32,
    #[prost(int32, tag = "2")]
    pub(super) width: i32,
    #[prost(int32, tag = "3")]
    pub(super) colorspace: i32,
    #[prost(bytes = "vec", tag = "4")]
    pub(super) png: Vec<u8>,
}

/// The state of a session.
#[derive(Clone, Copy, PartialEq, Message)]
pub(super) struct SessionLog {
    #[prost(int32, tag = "1")]
    pub(super) status: i32,
}

impl SessionLog {
    pub(super) const START: i32 = 1;
}

impl Image {
    pub(super) const RGB: i32 = 3;
}

impl Value {
    pub(super) fn scalar(tag: &str, value: f32) -> Self {
        Self { tag: tag.to_owned(), content: Some(Content::Simple(value)) }
    }

    pub(super) fn image(tag: &str, image: Image) -> Self {
        Self { tag: tag.to_owned(), content: Some(Content::Image(image)) }
    }
}

#[cfg(test)]
impl Value {
    pub(super) fn simple_value(&self) -> Option<f32> {
        match self.content {
            Some(Content::Simple(value)) => Some(value),
            _ => None,
        }
    }

    pub(super) fn image_value(&self) -> Option<&Image> {
        match &self.content {
            Some(Content::Image(image)) => Some(image),
            _ => None,
        }
    }
}
