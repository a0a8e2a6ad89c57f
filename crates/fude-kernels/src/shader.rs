//! The shaders' texts, each with the shared texts that it needs put before it.

/// A shader: one file, one dispatch, one name everywhere.
#[derive(Clone, Copy, Debug)]
pub struct Shader {
    /// The file's name in `shaders/`, without its end.
    pub name: &'static str,
    /// The whole text.
    pub text: &'static str,
    /// What it is tested against, as a path in this crate.
    pub twin: &'static str,
}

macro_rules! shader {
    ($(#[$doc:meta])* $constant:ident, $name:literal, [$($shared:literal),*], $twin:literal) => {
        $(#[$doc])*
        pub const $constant: Shader = Shader {
            name: $name,
            text: concat!(
                $(include_str!(concat!("../../../shaders/shared/", $shared, ".wgsl")), "\n",)*
                include_str!(concat!("../../../shaders/", $name, ".wgsl"))
            ),
            twin: $twin,
        };
    };
}

shader!(
    /// A batch gathered, deformed and mixed.
    DEFORM,
    "deform",
    ["step", "philox", "images", "rows", "sample"],
    "augment::deform"
);
shader!(
    /// The first layer, from the images' bytes.
    FORWARD_IMAGES,
    "forward_images",
    ["step", "images", "rows", "product"],
    "linear::forward"
);
shader!(
    /// A layer forward from floats.
    FORWARD,
    "forward",
    ["step", "product"],
    "linear::forward"
);
shader!(
    /// Activation and dropout of a hidden layer before the tail.
    HIDDEN,
    "hidden",
    ["step", "math", "philox", "activation", "partials", "reduce", "normalize", "hidden"],
    "activation::value"
);
shader!(
    /// The small last layers of a training step: forward, loss and back.
    TAIL,
    "tail",
    ["step", "math", "philox", "activation", "rows", "partials", "reduce", "normalize", "hidden", "dense", "loss"],
    "reference::gradients"
);
shader!(
    /// The gradient through a layer to its input.
    BACKWARD,
    "backward",
    ["step", "product"],
    "linear::input_gradient"
);
shader!(
    /// The gradient through a normalisation before the tail.
    NORMALIZE,
    "normalize",
    ["step", "reduce", "normalize"],
    "normalize::gradient"
);
shader!(
    /// Weight gradients with Adam.
    UPDATE,
    "update",
    ["step", "images", "tiles", "gradient", "adam"],
    "adam::step"
);
shader!(
    /// Weight gradients, stored.
    GRADIENT,
    "gradient",
    ["step", "images", "tiles", "gradient"],
    "linear::weight_gradient"
);
shader!(
    /// Adam with stored gradients.
    ADAM,
    "adam",
    ["step", "tiles", "adam"],
    "adam::step"
);
shader!(
    /// The small last layers in evaluation.
    LOGITS,
    "logits",
    ["step", "math", "philox", "activation", "partials", "reduce", "normalize", "dense"],
    "reference::logits"
);
shader!(
    /// The shared functions by themselves, for tests.
    PROBE,
    "probe",
    ["step", "math", "philox", "activation"],
    "activation::normal_integral"
);

/// All of them.
pub const SHADERS: &[Shader] =
    &[DEFORM, FORWARD_IMAGES, FORWARD, HIDDEN, TAIL, BACKWARD, NORMALIZE, UPDATE, GRADIENT, ADAM, LOGITS, PROBE];
