// The weight gradients of one tile; whoever includes this has the bindings `x`, `inputs` and `deltas`, and says what
// becomes of 4 x 4 weights' gradients, a row an input:
//   learn(place, input quad, output quad, g0, g1, g2, g3)
//
// A thread makes 8 x 8 weights, with 4 loads a sample for 64 multiply-adds; a workgroup of 8 x 8 threads makes 64 x 64.
// The tiles of all layers stand in one row.

override PACKED: u32 = 1u;  // 1: the first layer's input is `x`, else it lies in `inputs`

fn tile_gradient(place: Place) {
    let layer = network.layer[place.layer];
    let model = place.model;
    let i = min(place.input, vec2<u32>(layer.input_quads - 1u));
    let o = min(place.output, vec2<u32>(layer.output_quads - 1u));
    let shift_a = shift_of(i.x, layer.inputs);
    let shift_b = shift_of(i.y, layer.inputs);
    let packed = PACKED == 1u && place.layer == 0u;
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
