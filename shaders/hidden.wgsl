// Activation and dropout of a hidden layer whose next layer is too large for the tail.
//
//   z = sum over s of partials[s],   h = f(z) * mask,   slope = f'(z) * mask
//
// | group, binding | name     | shape                        | type      | access |
// |---|---|---|---|---|
// | 0, 0           | step     |                              | Step      | uniform, an offset a step |
// | 1, 0           | network  |                              | Network   | uniform |
// | 1, 1           | job      | layer, slices, models        | Job       | uniform |
// | 1, 2           | partials | [M, slices, B, output_quads] | vec4<f32> | read |
// | 1, 3           | inputs   | of layer + 1 [M, ...]        | vec4<f32> | write |
// | 1, 4           | deltas   | of layer [M, ...]: slopes    | vec4<f32> | write |
//
// Dispatch: (input quads of layer + 1 / 64, rows / 4, M) workgroups, rounded up.
// Deterministic: each value by one thread, slices in their order.
// Twin: activation::value, activation::derivative, dropout::mask. Test: fused::gpu::check.

@group(1) @binding(2) var<storage, read> partials: array<vec4<f32>>;
@group(1) @binding(3) var<storage, read_write> inputs: array<vec4<f32>>;
@group(1) @binding(4) var<storage, read_write> deltas: array<vec4<f32>>;

@compute @workgroup_size(64)
fn main(@builtin(workgroup_id) tile: vec3<u32>, @builtin(local_invocation_id) lane: vec3<u32>) {
    let quad = 64u * tile.x + lane.x;
    if (quad >= network.layer[job.layer + 1u].input_quads) {
        return;
    }
    let row = 4u * tile.y;
    var z = mat4x4<f32>();
    if (quad < network.layer[job.layer].output_quads) {
        z = linear_output(tile.z, job.layer, row, quad);
    }
    let done = hide(tile.z, job.layer, row, quad, z);
}
