// The first layer, from the images' bytes, and the batch's bytes kept for the weight gradient.
//
//   x[b] = images[plan[first + b]],   z[s, b, o] = sum over i in part s of [factor x[b, i] + term, 1] W[i, o]
//
// | group, binding | name     | shape                          | type      | access |
// |---|---|---|---|---|
// | 0, 0           | step     |                                | Step      | uniform, an offset a step |
// | 1, 0           | network  |                                | Network   | uniform |
// | 1, 1           | job      | slices, slice, training, model, gathered | Job       | uniform |
// | 1, 2           | images   | [N, words]                     | u32       | read |
// | 1, 3           | plan     | [M, N], label * 2^24 + image | u32       | read |
// | 1, 4           | weights  | [M, ...]                       | vec4<f32> | read |
// | 1, 5           | x        | [M, B, words]                  | u32       | write |
// | 1, 6           | partials | [M, slices, B, output_quads]   | vec4<f32> | write |
//
// Dispatch: (output_quads / 16, rows / 64, M * slices) workgroups, rounded up.
// Deterministic: each value by one thread, in the order of i; slices do not depend on M.
// Twin: linear::forward. Test: fused::gpu::check.

@group(1) @binding(2) var<storage, read> images: array<u32>;
@group(1) @binding(3) var<storage, read> plan: array<u32>;
@group(1) @binding(4) var<storage, read> weights: array<vec4<f32>>;
@group(1) @binding(5) var<storage, read_write> x: array<u32>;
@group(1) @binding(6) var<storage, read_write> partials: array<vec4<f32>>;

var<private> model: u32;
var<private> starts: array<u32, 8>;   // where this thread's images begin
var<private> weight: u32;             // where this model's weights begin
var<private> partial: u32;            // where this slice's sums begin

fn left(j: u32, k: u32) -> vec4<f32> {
    return pixels(images[starts[j] + k], shift_of(k, network.layer[0].inputs));
}

fn right(k: u32, quad: u32) -> vec4<f32> {
    let quads = network.layer[0].output_quads;
    return weights[weight + k * quads + min(quad, quads - 1u)];
}

fn keep(row: u32, quad: u32, sum: vec4<f32>) {
    let quads = network.layer[0].output_quads;
    if (row < step.rows && quad < quads) {
        partials[partial + row * quads + quad] = sum;
    }
}

// The words of this tile's rows that belong to this slice, neighbouring threads taking neighbouring words.
fn keep_words(tile: u32, first: u32, end: u32, thread: u32) {
    let length = end - first;
    let rows = min(TILE_ROWS, step.rows - TILE_ROWS * tile);
    for (var item = thread; item < rows * length; item += 64u) {
        let row = TILE_ROWS * tile + item / length;
        let word = first + item % length;
        x[(model * network.batch + row) * network.words + word] = images[place_of(model, row) * network.words + word];
    }
}

@compute @workgroup_size(8, 8)
fn main(
    @builtin(workgroup_id) tile: vec3<u32>,
    @builtin(local_invocation_id) lane: vec3<u32>,
    @builtin(local_invocation_index) thread: u32,
) {
    model = tile.z / job.slices;
    let slice = tile.z % job.slices;
    let first = slice * job.slice;
    let end = min(first + job.slice, network.layer[0].input_quads);
    let row = TILE_ROWS * tile.y + 8u * lane.y;
    for (var j = 0u; j < 8u; j++) {
        starts[j] = place_of(model, row + j) * network.words;
    }
    weight = (job.model + model) * network.weights + network.layer[0].weight;
    partial = tile.z * network.batch * network.layer[0].output_quads;
    if (job.training == 1u && tile.x == 0u) {
        keep_words(tile.y, first, end, thread);
    }
    let quad = TILE_QUADS * tile.x + lane.x;
    product(first, end, row, quad, quad + TILE_QUADS / 2u);
}
