// The loss's gradient through a layer to its input, and through the activation before it.
//
//   delta[l - 1][b, i] = slope[b, i] * sum over o of delta[l][b, o] W[i, o]
//
// Before, the deltas of layer l - 1 hold the slopes: derivative of the activation times dropout mask.
//
// | group, binding | name       | shape         | type      | access |
// |---|---|---|---|---|
// | 0, 0           | step       |               | Step      | uniform, an offset a step |
// | 1, 0           | network    |               | Network   | uniform |
// | 1, 1           | job        | layer | Job       | uniform |
// | 1, 2           | transposed | [M, ...]      | vec4<f32> | read |
// | 1, 3           | deltas     | [M, ...]      | vec4<f32> | read, write |
//
// Dispatch: (back_quads / 16, rows / 64, M) workgroups, rounded up.
// Deterministic: each value by one thread, in the order of o.
// Twin: linear::input_gradient. Test: fused::gpu::check.

@group(1) @binding(2) var<storage, read> transposed: array<vec4<f32>>;
@group(1) @binding(3) var<storage, read_write> deltas: array<vec4<f32>>;

var<private> starts: array<u32, 8>;   // where this thread's rows of delta begin
var<private> weight: u32;             // where this layer's transposed weights begin
var<private> slope: u32;              // where the slopes begin

fn left(j: u32, k: u32) -> vec4<f32> {
    return deltas[starts[j] + k];
}

fn right(k: u32, quad: u32) -> vec4<f32> {
    let quads = network.layer[job.layer].back_quads;
    return transposed[weight + k * quads + min(quad, quads - 1u)];
}

fn keep(row: u32, quad: u32, sum: vec4<f32>) {
    let quads = network.layer[job.layer].back_quads;
    if (row < step.rows && quad < quads) {
        let place = slope + row * quads + quad;
        deltas[place] = sum * deltas[place];
    }
}

@compute @workgroup_size(8, 8)
fn main(@builtin(workgroup_id) tile: vec3<u32>, @builtin(local_invocation_id) lane: vec3<u32>) {
    let layer = network.layer[job.layer];
    let model = tile.z;
    let row = TILE_ROWS * tile.y + 8u * lane.y;
    for (var j = 0u; j < 8u; j++) {
        let existing = min(row + j, step.rows - 1u);
        starts[j] = model * network.deltas + layer.delta + existing * layer.output_quads;
    }
    weight = model * network.transposed + layer.transposed;
    slope = model * network.deltas + network.layer[job.layer - 1u].delta;
    let quad = TILE_QUADS * tile.x + lane.x;
    product(0u, layer.output_quads, row, quad, quad + TILE_QUADS / 2u);
}
