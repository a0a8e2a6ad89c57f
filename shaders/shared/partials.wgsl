// The linear output of a layer, whose product was made in slices of the depth; whoever includes this has the binding
// `partials`.

// Four rows of the sum of a layer's partial products, quad `quad` of its outputs.
fn linear_output(model: u32, layer: u32, row: u32, quad: u32) -> mat4x4<f32> {
    let quads = network.layer[layer].output_quads;
    var place: vec4<u32>;
    for (var j = 0u; j < 4u; j++) {
        place[j] = (model * job.slices * network.batch + min(row + j, step.rows - 1u)) * quads + quad;
    }
    var z0 = splat(0.0); var z1 = splat(0.0); var z2 = splat(0.0); var z3 = splat(0.0);
    for (var slice = 0u; slice < job.slices; slice++) {
        z0 += partials[place.x];
        z1 += partials[place.y];
        z2 += partials[place.z];
        z3 += partials[place.w];
        place += vec4<u32>(network.batch * quads);
    }
    return mat4x4<f32>(z0, z1, z2, z3);
}
