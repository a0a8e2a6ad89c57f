// Weight gradients of all layers, each tile given to Adam while it is in registers: no gradient is stored.
//
//   g[i, o] = sum over b of [x[b, i], 1] delta[b, o] + decay W[i, o]
//   m = beta1 m + (1 - beta1) g,   v = beta2 v + (1 - beta2) g^2
//   W = shrink W - rate / (1 - beta1^t) m / (sqrt(v) / sqrt(1 - beta2^t) + epsilon),   E += (1 - decay of E) (W - E)
//
// A thread makes 8 x 8 weights, with 4 loads a sample for 64 multiply-adds; a workgroup of 8 x 8 threads makes 64 x 64.
// The tiles of all layers stand in one row.
//
// | group, binding | name       | shape         | type      | access |
// |---|---|---|---|---|
// | 0, 0           | step       |               | Step      | uniform, an offset a step |
// | 1, 0           | network    |               | Network   | uniform |
// | 1, 1           | job        |               | Job       | uniform |
// | 1, 2           | x          | [M, B, words] | u32       | read |
// | 1, 3           | inputs     | [M, ...]      | vec4<f32> | read |
// | 1, 4           | deltas     | [M, ...]      | vec4<f32> | read |
// | 1, 5           | weights    | [M, ...]      | vec4<f32> | read, write |
// | 1, 6           | first      | [M, ...]: m   | vec4<f32> | read, write |
// | 1, 7           | second     | [M, ...]: v   | vec4<f32> | read, write |
// | 1, 8           | transposed | [M, ...]      | vec4<f32> | write |
// | 1, 9           | average    | [M, ...]      | vec4<f32> | read, write |
//
// Dispatch: (tiles of all layers, M) workgroups.
// Deterministic: each weight by one thread, in the order of b.
// Twin: adam::step, linear::weight_gradient. Test: fused::gpu::check.

override PACKED: u32 = 1u;  // 1: the first layer's input is `x`, else it lies in `inputs`
override BETA1: f32 = 0.9;
override ONE_MINUS_BETA1: f32 = 0.1;
override BETA2: f32 = 0.999;
override ONE_MINUS_BETA2: f32 = 0.001;
override EPSILON: f32 = 1e-8;
override DECAY: f32 = 0.0;  // as part of the gradient
override AVERAGED: u32 = 0u;  // 1: an exponential moving average of the weights is kept
override FOLLOW: f32 = 1.0;   // 1 - its decay

@group(1) @binding(2) var<storage, read> x: array<u32>;
@group(1) @binding(3) var<storage, read> inputs: array<vec4<f32>>;
@group(1) @binding(4) var<storage, read> deltas: array<vec4<f32>>;
@group(1) @binding(5) var<storage, read_write> weights: array<vec4<f32>>;
@group(1) @binding(6) var<storage, read_write> first: array<vec4<f32>>;
@group(1) @binding(7) var<storage, read_write> second: array<vec4<f32>>;
@group(1) @binding(8) var<storage, read_write> transposed: array<vec4<f32>>;
@group(1) @binding(9) var<storage, read_write> average: array<vec4<f32>>;

const TILE_QUADS = 16u;  // of inputs and of outputs

// Where this thread works.
struct Place {
    model: u32,
    layer: u32,
    input: vec2<u32>,   // two quads of inputs
    output: vec2<u32>,  // two quads of outputs
}

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

// The gradient of 4 x 4 weights, a row an input.
fn learn(place: Place, input: u32, output: u32, g0: vec4<f32>, g1: vec4<f32>, g2: vec4<f32>, g3: vec4<f32>) {
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

fn layer_of(tile: u32) -> u32 {
    var layer = 0u;
    while (layer + 1u < network.layers && tile >= network.layer[layer + 1u].tile) {
        layer++;
    }
    return layer;
}

@compute @workgroup_size(8, 8)
fn main(@builtin(workgroup_id) tile: vec3<u32>, @builtin(local_invocation_id) lane: vec3<u32>) {
    let index = layer_of(tile.x);
    let layer = network.layer[index];
    let model = tile.y;
    let across = (layer.output_quads + TILE_QUADS - 1u) / TILE_QUADS;
    let input = TILE_QUADS * ((tile.x - layer.tile) / across) + lane.y;
    let output = TILE_QUADS * ((tile.x - layer.tile) % across) + lane.x;
    let place = Place(model, index, vec2<u32>(input, input + TILE_QUADS / 2u), vec2<u32>(output, output + TILE_QUADS / 2u));
    let i = min(place.input, vec2<u32>(layer.input_quads - 1u));
    let o = min(place.output, vec2<u32>(layer.output_quads - 1u));
    let shift_a = shift_of(i.x, layer.inputs);
    let shift_b = shift_of(i.y, layer.inputs);
    let packed = PACKED == 1u && index == 0u;
    let word = model * network.batch * network.words;
    let value = model * network.inputs + layer.input;
    let delta = model * network.deltas + layer.delta;

    // Row r of the first quad of inputs with the first and second quad of outputs: a_r, b_r; of the second: c_r, d_r.
    var a0 = splat(0.0); var a1 = splat(0.0); var a2 = splat(0.0); var a3 = splat(0.0);
    var b0 = splat(0.0); var b1 = splat(0.0); var b2 = splat(0.0); var b3 = splat(0.0);
    var c0 = splat(0.0); var c1 = splat(0.0); var c2 = splat(0.0); var c3 = splat(0.0);
    var d0 = splat(0.0); var d1 = splat(0.0); var d2 = splat(0.0); var d3 = splat(0.0);
    for (var sample = 0u; sample < step.rows; sample++) {
        var p: vec4<f32>;
        var q: vec4<f32>;
        if (packed) {
            p = pixels(x[word + sample * network.words + i.x], shift_a);
            q = pixels(x[word + sample * network.words + i.y], shift_b);
        } else {
            p = inputs[value + sample * layer.input_quads + i.x];
            q = inputs[value + sample * layer.input_quads + i.y];
        }
        let s = deltas[delta + sample * layer.output_quads + o.x];
        let t = deltas[delta + sample * layer.output_quads + o.y];
        a0 = fma(splat(p.x), s, a0); a1 = fma(splat(p.y), s, a1); a2 = fma(splat(p.z), s, a2); a3 = fma(splat(p.w), s, a3);
        b0 = fma(splat(p.x), t, b0); b1 = fma(splat(p.y), t, b1); b2 = fma(splat(p.z), t, b2); b3 = fma(splat(p.w), t, b3);
        c0 = fma(splat(q.x), s, c0); c1 = fma(splat(q.y), s, c1); c2 = fma(splat(q.z), s, c2); c3 = fma(splat(q.w), s, c3);
        d0 = fma(splat(q.x), t, d0); d1 = fma(splat(q.y), t, d1); d2 = fma(splat(q.z), t, d2); d3 = fma(splat(q.w), t, d3);
    }
    learn(place, place.input.x, place.output.x, a0, a1, a2, a3);
    learn(place, place.input.x, place.output.y, b0, b1, b2, b3);
    learn(place, place.input.y, place.output.x, c0, c1, c2, c3);
    learn(place, place.input.y, place.output.y, d0, d1, d2, d3);
}
