// Weight gradients of all layers, stored: where the norm over all of them is clipped.
//
//   g[i, o] = sum over b of [x[b, i], 1] delta[b, o],   squares[tile] = sum of g^2 in a tile
//
// | group, binding | name     | shape         | type      | access |
// |---|---|---|---|---|
// | 0, 0           | step     |               | Step      | uniform, an offset a step |
// | 1, 0           | network  |               | Network   | uniform |
// | 1, 1           | job      |               | Job       | uniform |
// | 1, 2           | x        | [M, B, words] | u32       | read |
// | 1, 3           | inputs   | [M, ...]      | vec4<f32> | read |
// | 1, 4           | deltas   | [M, ...]      | vec4<f32> | read |
// | 1, 5           | gradient | [M, ...]      | vec4<f32> | write |
// | 1, 6           | squares  | [M, tiles]    | f32       | write |
//
// Dispatch: (tiles of all layers, M) workgroups.
// Deterministic: each weight by one thread, in the order of b; squares in the order of threads.
// Twin: linear::weight_gradient. Test: fused::gpu::check.

@group(1) @binding(2) var<storage, read> x: array<u32>;
@group(1) @binding(3) var<storage, read> inputs: array<vec4<f32>>;
@group(1) @binding(4) var<storage, read> deltas: array<vec4<f32>>;
@group(1) @binding(5) var<storage, read_write> gradient: array<vec4<f32>>;
@group(1) @binding(6) var<storage, read_write> squares: array<f32>;

var<private> own_squares: f32;
var<workgroup> all_squares: array<f32, 64>;

fn learn(place: Place, input: u32, output: u32, g0: vec4<f32>, g1: vec4<f32>, g2: vec4<f32>, g3: vec4<f32>) {
    let layer = network.layer[place.layer];
    if (input >= layer.input_quads || output >= layer.output_quads) {
        return;
    }
    let at = place.model * network.weights + layer.weight + 4u * input * layer.output_quads + output;
    gradient[at] = g0;
    gradient[at + layer.output_quads] = g1;
    gradient[at + 2u * layer.output_quads] = g2;
    gradient[at + 3u * layer.output_quads] = g3;
    own_squares += (dot(g0, g0) + dot(g1, g1)) + (dot(g2, g2) + dot(g3, g3));
}

@compute @workgroup_size(8, 8)
fn main(
    @builtin(workgroup_id) tile: vec3<u32>,
    @builtin(num_workgroups) tiles: vec3<u32>,
    @builtin(local_invocation_id) lane: vec3<u32>,
    @builtin(local_invocation_index) thread: u32,
) {
    own_squares = 0.0;
    tile_gradient(place_of_thread(tile, lane));
    all_squares[thread] = own_squares;
    workgroupBarrier();
    if (thread == 0u) {
        var sum = 0.0;
        for (var other = 0u; other < 64u; other++) {
            sum += all_squares[other];
        }
        squares[tile.y * tiles.x + tile.x] = sum;
    }
}
