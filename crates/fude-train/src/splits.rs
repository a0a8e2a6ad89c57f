//! A run's splits on its device.

use crate::Prepared;
use fude_data::Split;
use fude_engine::{Device, DeviceData, EngineError, Seat};
use std::sync::Arc;

/// The splits on the engine's device.
pub(crate) struct Splits {
    pub(crate) train: DeviceData,
    pub(crate) validation: Option<DeviceData>,
    pub(crate) test: Option<DeviceData>,
}

impl Splits {
    /// Takes them there; with a seat, once for all who sit there.
    pub(crate) fn upload(data: &Prepared, device: &Device, seat: Option<&Seat>) -> Result<Self, EngineError> {
        let classes = data.outputs();
        let upload = |split: &Arc<Split>| match seat {
            Some(seat) => seat.upload(split, classes, device),
            None => DeviceData::upload(split.clone(), classes, device),
        };
        Ok(Self {
            train: upload(&data.train)?,
            validation: data.validation.as_ref().map(upload).transpose()?,
            test: data.test.as_ref().map(upload).transpose()?,
        })
    }
}
