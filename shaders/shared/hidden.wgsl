// What a hidden layer does with its linear output while a model is trained; whoever includes this has the bindings
// `inputs` and `deltas`.

// Where four normalised units of a row are kept for the way back; after the last quad follows the row's deviation.
fn normalized_place(model: u32, layer: u32, row: u32, quad: u32) -> u32 {
    let own = network.layer[layer];
    return model * network.inputs + own.normalized + row * (own.output_quads + 1u) + quad;
}

// Units `4 quad` to `4 quad + 3` of one row, `x` their linear output, normalised where that is done: activation and
// dropout. The value and the slope are kept for the update and the way back. Units beyond H: the 1 of the bias, zeros.
fn hide_row(model: u32, layer: u32, row: u32, quad: u32, x: vec4<f32>) -> vec4<f32> {
    let own = network.layer[layer];
    let unit = vec4<u32>(0u, 1u, 2u, 3u) + 4u * quad;
    let exists = unit < vec4<u32>(own.outputs);
    let mask = dropout_mask(model, layer, row * own.outputs + 4u * quad);
    let hidden = activate(x);
    let one = select(splat(0.0), splat(1.0), unit == vec4<u32>(own.outputs));
    let value = select(one, hidden.value * mask, exists);
    if (row < step.rows) {
        let next = network.layer[layer + 1u];
        inputs[model * network.inputs + next.input + row * next.input_quads + quad] = value;
        if (quad < own.output_quads) {
            let slope = select(splat(0.0), hidden.slope * mask, exists);
            deltas[model * network.deltas + own.delta + row * own.output_quads + quad] = slope;
            if (NORMALIZE == 1u) {
                inputs[normalized_place(model, layer, row, quad)] = x;
            }
        }
    }
    return value;
}

// Four rows of a block.
fn hide(model: u32, layer: u32, row: u32, quad: u32, x: mat4x4<f32>) -> mat4x4<f32> {
    return mat4x4<f32>(
        hide_row(model, layer, row, quad, x[0]),
        hide_row(model, layer, row + 1u, quad, x[1]),
        hide_row(model, layer, row + 2u, quad, x[2]),
        hide_row(model, layer, row + 3u, quad, x[3]),
    );
}

// Keeps the deviations of four rows for the way back.
fn keep_inverses(model: u32, layer: u32, row: u32, inverse: vec4<f32>) {
    for (var j = 0u; j < 4u; j++) {
        if (row + j < step.rows) {
            inputs[normalized_place(model, layer, row + j, network.layer[layer].output_quads)] = splat(inverse[j]);
        }
    }
}
