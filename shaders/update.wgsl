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

@group(1) @binding(2) var<storage, read> x: array<u32>;
@group(1) @binding(3) var<storage, read> inputs: array<vec4<f32>>;
@group(1) @binding(4) var<storage, read> deltas: array<vec4<f32>>;
@group(1) @binding(5) var<storage, read_write> weights: array<vec4<f32>>;
@group(1) @binding(6) var<storage, read_write> first: array<vec4<f32>>;
@group(1) @binding(7) var<storage, read_write> second: array<vec4<f32>>;
@group(1) @binding(8) var<storage, read_write> transposed: array<vec4<f32>>;
@group(1) @binding(9) var<storage, read_write> average: array<vec4<f32>>;

fn learn(place: Place, input: u32, output: u32, g0: vec4<f32>, g1: vec4<f32>, g2: vec4<f32>, g3: vec4<f32>) {
    apply(place, input, output, g0, g1, g2, g3);
}

@compute @workgroup_size(8, 8)
fn main(@builtin(workgroup_id) tile: vec3<u32>, @builtin(local_invocation_id) lane: vec3<u32>) {
    tile_gradient(place_of_thread(tile, lane));
}
