// The gradient through the normalisation of a hidden layer before the tail.
//
//   dz = (dx - mean(dx) - x mean(dx x)) / sqrt(var + eps), over a row's units
//
// | group, binding | name    | shape                              | type      | access |
// |---|---|---|---|---|
// | 0, 0           | step    |                                    | Step      | uniform, an offset a step |
// | 1, 0           | network |                                    | Network   | uniform |
// | 1, 1           | job     | layer: that whose deltas these are | Job       | uniform |
// | 1, 2           | inputs  | x of layer [M, ...]                | vec4<f32> | read |
// | 1, 3           | deltas  | of layer [M, ...]                  | vec4<f32> | read, write |
//
// Dispatch: (rows, M) workgroups.
// Deterministic: a row's sums in the order of threads.
// Twin: normalize::gradient. Test: fused::gpu::check.

@group(1) @binding(2) var<storage, read> inputs: array<vec4<f32>>;
@group(1) @binding(3) var<storage, read_write> deltas: array<vec4<f32>>;

@compute @workgroup_size(THREADS)
fn main(@builtin(workgroup_id) tile: vec3<u32>, @builtin(local_invocation_index) thread: u32) {
    let own = network.layer[job.layer];
    let x = tile.y * network.inputs + own.normalized + tile.x * (own.output_quads + 1u);
    let delta = tile.y * network.deltas + own.delta + tile.x * own.output_quads;
    // dx is 0 beyond H.
    var sums = splat(0.0);
    for (var quad = thread; quad < own.output_quads; quad += THREADS) {
        let dx = deltas[delta + quad];
        sums += vec4<f32>(dot(dx, splat(1.0)), dot(dx, inputs[x + quad]), 0.0, 0.0);
    }
    let means = total(sums, 1u, thread) / f32(own.outputs);
    let inverse = inputs[x + own.output_quads].x;
    for (var quad = thread; quad < own.output_quads; quad += THREADS) {
        let dx = deltas[delta + quad];
        let rest = fma(inputs[x + quad], splat(-means.y), dx - means.x);
        deltas[delta + quad] = rest * inverse * existing(quad, own.outputs);
    }
}
