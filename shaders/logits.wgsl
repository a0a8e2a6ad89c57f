// The small last layers in evaluation: logits, dropout off.
//
//   h[l] = f(norm([h[l - 1], 1] W[l])),   logits = [h[L - 2], 1] W[L - 1]
//
// Its input is the linear output of layer job.layer - 1; job.layer = L only adds its slices up.
//
// | group, binding | name     | shape                       | type      | access |
// |---|---|---|---|---|
// | 0, 0           | step     | first, rows                 | Step      | uniform, an offset a dispatch |
// | 1, 0           | network  |                             | Network   | uniform |
// | 1, 1           | job      | layer, slices, half | Job       | uniform |
// | 1, 2           | partials | [slices, B, quads]          | vec4<f32> | read |
// | 1, 3           | weights  | [...]                       | vec4<f32> | read |
// | 1, 4           | logits   | [N, quads of O]             | vec4<f32> | write |
//
// Dispatch: (rows / (4 GROUPS)) workgroups, rounded up.
// Deterministic: sums in fixed order, in slices of the depth that depend on the layer's shape alone.
// Twin: reference::logits. Test: fused::gpu::check.

@group(1) @binding(2) var<storage, read> partials: array<vec4<f32>>;
@group(1) @binding(3) var<storage, read> weights: array<vec4<f32>>;
@group(1) @binding(4) var<storage, read_write> logits: array<vec4<f32>>;

// Four units of one row; beyond H the 1 of the bias, then zeros.
fn value_row(layer: u32, quad: u32, z: vec4<f32>) -> vec4<f32> {
    let unit = vec4<u32>(0u, 1u, 2u, 3u) + 4u * quad;
    let units = vec4<u32>(network.layer[layer].outputs);
    let one = select(splat(0.0), splat(1.0), unit == units);
    return select(one, activate(z).value, unit < units);
}

fn value_rows(layer: u32, quad: u32, z: mat4x4<f32>) -> mat4x4<f32> {
    return mat4x4<f32>(
        value_row(layer, quad, z[0]),
        value_row(layer, quad, z[1]),
        value_row(layer, quad, z[2]),
        value_row(layer, quad, z[3]),
    );
}

fn hide_cells(layer: u32, base: u32, thread: u32) {
    let quads = network.layer[layer].output_quads;
    let by = moments(layer, base, thread);
    for (var item = thread; item < network.layer[layer + 1u].input_quads * GROUPS; item += THREADS) {
        var rows = mat4x4<f32>();
        if (item / GROUPS < quads) {
            rows = normalized_rows(block_at(cell_of(base, item)), by);
        }
        put(cell_of(base, item), block_of_rows(value_rows(layer, item / GROUPS, rows)));
    }
    workgroupBarrier();
}

fn write(row: u32, base: u32, thread: u32) {
    let quads = network.layer[network.layers - 1u].output_quads;
    for (var item = thread; item < quads * GROUPS; item += THREADS) {
        let first = row + 4u * (item % GROUPS);
        let rows = rows_of_block(block_at(cell_of(base, item)));
        for (var j = 0u; j < 4u; j++) {
            if (first + j < step.rows) {
                logits[(step.first + first + j) * quads + item / GROUPS] = rows[j];
            }
        }
    }
}

@compute @workgroup_size(THREADS)
fn main(@builtin(workgroup_id) tile: vec3<u32>, @builtin(local_invocation_index) thread: u32) {
    let row = 4u * GROUPS * tile.x;
    var here = 0u;
    enter(0u, row, thread);
    if (job.layer < network.layers) {
        hide_cells(job.layer - 1u, here, thread);
    }
    for (var layer = job.layer; layer < network.layers; layer++) {
        dense(job.model, layer, here, job.half - here, thread);
        here = job.half - here;
        if (layer + 1u < network.layers) {
            hide_cells(layer, here, thread);
        }
    }
    write(row, here, thread);
}
