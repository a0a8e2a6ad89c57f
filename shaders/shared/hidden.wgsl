// What a hidden layer does with its linear output while a model is trained; whoever includes this has the bindings
// `inputs` and `deltas`.

// Units `4 quad` to `4 quad + 3` of one row: activation and dropout; the value and the slope are kept for the update
// and the way back. Units beyond H: the 1 of the bias, then zeros.
fn hide_row(model: u32, layer: u32, row: u32, quad: u32, z: vec4<f32>) -> vec4<f32> {
    let units = network.layer[layer].outputs;
    let unit = vec4<u32>(0u, 1u, 2u, 3u) + 4u * quad;
    let exists = unit < vec4<u32>(units);
    let mask = dropout_mask(model, layer, row * units + 4u * quad);
    let hidden = activate(z);
    let one = select(splat(0.0), splat(1.0), unit == vec4<u32>(units));
    let value = select(one, hidden.value * mask, exists);
    if (row < step.rows) {
        let next = network.layer[layer + 1u];
        inputs[model * network.inputs + next.input + row * next.input_quads + quad] = value;
        let quads = network.layer[layer].output_quads;
        if (quad < quads) {
            let slope = select(splat(0.0), hidden.slope * mask, exists);
            deltas[model * network.deltas + network.layer[layer].delta + row * quads + quad] = slope;
        }
    }
    return value;
}

// Four rows of a block.
fn hide(model: u32, layer: u32, row: u32, quad: u32, z: mat4x4<f32>) -> mat4x4<f32> {
    return mat4x4<f32>(
        hide_row(model, layer, row, quad, z[0]),
        hide_row(model, layer, row + 1u, quad, z[1]),
        hide_row(model, layer, row + 2u, quad, z[2]),
        hide_row(model, layer, row + 3u, quad, z[3]),
    );
}
