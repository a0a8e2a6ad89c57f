// Adam and AdamW with PyTorch's semantics; whoever includes this has the bindings `weights`, `first`, `second`,
// `transposed` and `average`.

override BETA1: f32 = 0.9;
override ONE_MINUS_BETA1: f32 = 0.1;
override BETA2: f32 = 0.999;
override ONE_MINUS_BETA2: f32 = 0.001;
override EPSILON: f32 = 1e-8;
override DECAY: f32 = 0.0;  // as part of the gradient
override AVERAGED: u32 = 0u;  // 1: an exponential moving average of the weights is kept
override FOLLOW: f32 = 1.0;   // 1 - its decay

// The gradient of four weights of one input.
fn adam(place: Place, input: u32, output: u32, g: vec4<f32>) -> vec4<f32> {
    let layer = network.layer[place.layer];
    let numbers = step.models[place.model];
    let at = place.model * network.weights + layer.weight + input * layer.output_quads + output;
    let w = weights[at];
    let whole = fma(w, splat(DECAY), g);
    let m = fma(first[at], splat(BETA1), whole * ONE_MINUS_BETA1);
    let v = fma(second[at], splat(BETA2), whole * whole * ONE_MINUS_BETA2);
    let root = fma(sqrt(v), splat(numbers.inverse_root), splat(EPSILON));
    let new_w = fma(w, splat(numbers.shrink), m * numbers.minus_rate / root);
    weights[at] = new_w;
    first[at] = m;
    second[at] = v;
    if (AVERAGED == 1u) {
        let before = average[at];
        average[at] = fma(new_w - before, splat(FOLLOW), before);
    }
    return new_w;
}

// Applies the gradient of 4 x 4 weights, a row an input.
fn apply(place: Place, input: u32, output: u32, g0: vec4<f32>, g1: vec4<f32>, g2: vec4<f32>, g3: vec4<f32>) {
    let layer = network.layer[place.layer];
    if (input >= layer.input_quads || output >= layer.output_quads) {
        return;
    }
    let by_output = transpose(mat4x4<f32>(
        adam(place, 4u * input, output, g0),
        adam(place, 4u * input + 1u, output, g1),
        adam(place, 4u * input + 2u, output, g2),
        adam(place, 4u * input + 3u, output, g3),
    ));
    if (place.layer > 0u && input < layer.back_quads) {
        let at = place.model * network.transposed + layer.transposed + 4u * output * layer.back_quads + input;
        transposed[at] = by_output[0];
        transposed[at + layer.back_quads] = by_output[1];
        transposed[at + 2u * layer.back_quads] = by_output[2];
        transposed[at + 3u * layer.back_quads] = by_output[3];
    }
}
