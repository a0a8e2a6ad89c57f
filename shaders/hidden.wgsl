// Normalisation, activation and dropout of a hidden layer whose next layer is too large for the tail.
//
//   z = sum over s of partials[s],   x = z or (z - mean) / sqrt(var + eps),   h = f(x) * mask,   slope = f'(x) * mask
//
// | group, binding | name     | shape                                | type      | access |
// |---|---|---|---|---|
// | 0, 0           | step     |                                      | Step      | uniform, an offset a step |
// | 1, 0           | network  |                                      | Network   | uniform |
// | 1, 1           | job      | layer, slices, training              | Job       | uniform |
// | 1, 2           | partials | [M, slices, B, output_quads]         | vec4<f32> | read |
// | 1, 3           | inputs   | of layer + 1, x of layer [M, ...]    | vec4<f32> | write |
// | 1, 4           | deltas   | of layer [M, ...]: slopes            | vec4<f32> | write |
//
// Dispatch: (rows / 4, M) workgroups, rounded up.
// Deterministic: each value by one thread, slices in their order; a row's sums in the order of threads.
// Twin: activation::value, normalize::forward, dropout::mask. Test: fused::gpu::check.

@group(1) @binding(2) var<storage, read> partials: array<vec4<f32>>;
@group(1) @binding(3) var<storage, read_write> inputs: array<vec4<f32>>;
@group(1) @binding(4) var<storage, read_write> deltas: array<vec4<f32>>;

// Sums over four rows' units, each row's in its component.
fn row_sums(rows: mat4x4<f32>) -> vec4<f32> {
    let units = transpose(rows);
    return (units[0] + units[1]) + (units[2] + units[3]);
}

// Four rows less their means, times `factor`; 0 beyond H.
fn centred(rows: mat4x4<f32>, mean: vec4<f32>, factor: vec4<f32>, quad: u32, units: u32) -> mat4x4<f32> {
    let exists = existing(quad, units);
    return mat4x4<f32>(
        (rows[0] - mean.x) * factor.x * exists,
        (rows[1] - mean.y) * factor.y * exists,
        (rows[2] - mean.z) * factor.z * exists,
        (rows[3] - mean.w) * factor.w * exists,
    );
}

fn row_moments(model: u32, layer: u32, row: u32, thread: u32) -> Moments {
    let own = network.layer[layer];
    var sum = splat(0.0);
    for (var quad = thread; quad < own.output_quads; quad += THREADS) {
        sum += row_sums(linear_output(model, layer, row, quad));
    }
    let mean = total(sum, 1u, thread) / f32(own.outputs);
    var squares = splat(0.0);
    for (var quad = thread; quad < own.output_quads; quad += THREADS) {
        let d = centred(linear_output(model, layer, row, quad), mean, splat(1.0), quad, own.outputs);
        squares += row_sums(mat4x4<f32>(d[0] * d[0], d[1] * d[1], d[2] * d[2], d[3] * d[3]));
    }
    return Moments(mean, inverse_root(total(squares, 1u, thread), own.outputs));
}

@compute @workgroup_size(THREADS)
fn main(@builtin(workgroup_id) tile: vec3<u32>, @builtin(local_invocation_index) thread: u32) {
    let model = tile.y;
    let row = 4u * tile.x;
    let layer = job.layer;
    let own = network.layer[layer];
    var by = Moments(splat(0.0), splat(1.0));
    if (NORMALIZE == 1u) {
        by = row_moments(model, layer, row, thread);
        if (thread == 0u) {
            keep_inverses(model, layer, row, by.inverse);
        }
    }
    for (var quad = thread; quad < network.layer[layer + 1u].input_quads; quad += THREADS) {
        var x = mat4x4<f32>();
        if (quad < own.output_quads) {
            x = linear_output(model, layer, row, quad);
            if (NORMALIZE == 1u) {
                x = centred(x, by.mean, by.inverse, quad, own.outputs);
            }
        }
        let done = hide(model, layer, row, quad, x);
    }
}
