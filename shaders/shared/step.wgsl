// What a step is, for every dispatch of it. Rust writes these structs in `fused/gpu/train.rs` and `workspace.rs` at the
// places that naga finds. MAX_MODELS is `fused/gpu/mod.rs`'s, MAX_LAYERS one more than `fused/mod.rs`'s hidden ones.
// "Quads" are vec4<f32>: all matrices lie in rows of whole quads, padded with zeros.

const MAX_MODELS = 32u;
const MAX_LAYERS = 9u;

// One model's part of a step.
struct ModelStep {
    seed: u32,          // key of every random draw
    epoch: u32,
    minus_rate: f32,    // -learning rate / (1 - beta1^t)
    inverse_root: f32,  // 1 / sqrt(1 - beta2^t)
    shrink: f32,        // 1 - learning rate * decay, for decoupled decay
    share: f32,         // mixup's share of a row in its own input and target
    amplitude: f32,     // elastic coefficients are uniform in +- this
    teacher: f32,       // share of the teacher's loss
    temperature: f32,   // of the teacher
    spare_0: u32,
    spare_1: u32,
    spare_2: u32,
}

struct Step {
    step: u32,   // within the epoch
    first: u32,  // its first position in the epoch's permutation
    rows: u32,   // B of this step; the last step of an epoch may have fewer
    share: f32,  // 1 / rows
    note: u32,   // where its notes begin
    slot: u32,   // where what was uploaded for its rows alone begins: deformations, gathered images
    spare_0: u32,
    spare_1: u32,
    models: array<ModelStep, MAX_MODELS>,
}

// A linear layer and where it lies. A layer's input has a column more than units, which is always 1: the bias is row I
// of its weights.
struct Layer {
    inputs: u32,        // I
    outputs: u32,       // O
    input_quads: u32,   // ceil((I + 1) / 4)
    output_quads: u32,  // ceil(O / 4)
    back_quads: u32,    // ceil(I / 4)
    weight: u32,        // W [4 * input_quads, output_quads], in a model's weights
    transposed: u32,    // W^T [4 * output_quads, back_quads], in a model's transposed weights
    input: u32,         // [B, input_quads], in a model's inputs; the first layer's only where images are floats
    delta: u32,         // gradient of the layer's linear output [B, output_quads], in a model's deltas
    tile: u32,          // the first of its tiles in the update
    normalized: u32,    // its normalised output [B, output_quads + 1], in a model's inputs: then 1 / deviation
    spare_0: u32,
}

struct Network {
    layers: u32,      // L
    batch: u32,       // rows that every buffer has room for
    images: u32,      // positions in a model's permutation
    words: u32,       // of a packed image with its 1: ceil((I + 1) / 4)
    weights: u32,     // from one model to the next, in quads
    transposed: u32,
    inputs: u32,
    deltas: u32,
    slots: u32,          // rows of a model that are uploaded with a submission
    height: u32,         // of an image
    width: u32,
    row_points: u32,     // K_y, grid points of the elastic displacement
    column_points: u32,  // K_x
    spare_0: u32,
    spare_1: u32,
    spare_2: u32,
    layer: array<Layer, MAX_LAYERS>,
}

// What tells one dispatch of a shader from another.
struct Job {
    layer: u32,    // the layer, or the tail's first
    slices: u32,   // parts of the depth, summed by whoever reads them
    slice: u32,    // quads of depth in a part
    half: u32,     // where the second half of workgroup memory begins
    training: u32, // 1: rows are taken in the permutation's order, and units are dropped
    notes: u32,    // notes of a model in a step
    model: u32,    // the first model whose weights are used: 0 in training, where all are
    gathered: u32, // 1: `images` holds the rows of this submission, in their order
}

@group(0) @binding(0) var<uniform> step: Step;
@group(1) @binding(0) var<uniform> network: Network;
@group(1) @binding(1) var<uniform> job: Job;

fn splat(x: f32) -> vec4<f32> {
    return vec4<f32>(x);
}
