// A layer forward from floats.
//
//   z[s, b, o] = sum over i in part s of [h[b, i], 1] W[i, o]
//
// | group, binding | name     | shape                        | type      | access |
// |---|---|---|---|---|
// | 0, 0           | step     |                              | Step      | uniform, an offset a step |
// | 1, 0           | network  |                              | Network   | uniform |
// | 1, 1           | job      | layer, slices, slice, model | Job       | uniform |
// | 1, 2           | inputs   | [M, ...]                     | vec4<f32> | read |
// | 1, 3           | weights  | [M, ...]                     | vec4<f32> | read |
// | 1, 4           | partials | [M, slices, B, output_quads] | vec4<f32> | write |
//
// Dispatch: (output_quads / 16, rows / 64, M * slices) workgroups, rounded up.
// Deterministic: each value by one thread, in the order of i; slices do not depend on M.
// Twin: linear::forward. Test: fused::gpu::check.

@group(1) @binding(2) var<storage, read> inputs: array<vec4<f32>>;
@group(1) @binding(3) var<storage, read> weights: array<vec4<f32>>;
@group(1) @binding(4) var<storage, read_write> partials: array<vec4<f32>>;

var<private> starts: array<u32, 8>;   // where this thread's rows begin
var<private> weight: u32;             // where this layer's weights begin
var<private> partial: u32;            // where this slice's sums begin

fn left(j: u32, k: u32) -> vec4<f32> {
    return inputs[starts[j] + k];
}

fn right(k: u32, quad: u32) -> vec4<f32> {
    let quads = network.layer[job.layer].output_quads;
    return weights[weight + k * quads + min(quad, quads - 1u)];
}

fn keep(row: u32, quad: u32, sum: vec4<f32>) {
    let quads = network.layer[job.layer].output_quads;
    if (row < step.rows && quad < quads) {
        partials[partial + row * quads + quad] = sum;
    }
}

@compute @workgroup_size(8, 8)
fn main(@builtin(workgroup_id) tile: vec3<u32>, @builtin(local_invocation_id) lane: vec3<u32>) {
    let layer = network.layer[job.layer];
    let model = tile.z / job.slices;
    let slice = tile.z % job.slices;
    let first = slice * job.slice;
    let end = min(first + job.slice, layer.input_quads);
    let row = TILE_ROWS * tile.y + 8u * lane.y;
    for (var j = 0u; j < 8u; j++) {
        let existing = min(row + j, step.rows - 1u);
        starts[j] = model * network.inputs + layer.input + existing * layer.input_quads;
    }
    weight = (job.model + model) * network.weights + layer.weight;
    partial = tile.z * network.batch * layer.output_quads;
    let quad = TILE_QUADS * tile.x + lane.x;
    product(first, end, row, quad, quad + TILE_QUADS / 2u);
}
