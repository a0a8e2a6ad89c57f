// The small last layers of a training step: forward, loss, and back to the first hidden layer among them.
//
//   h[l] = f(norm([h[l - 1], 1] W[l])) * mask,   t = (1 - s) [o = label] + s / O
//   loss[b] = -sum over o of t[o] ln softmax(z)[o],   delta[L - 1] = (softmax(z) - t) / B
//   mixup: t of the row and its partner, row rows - 1 - b, in shares;
//   a teacher: (1 - w) of that, and w T^2 times the same with q for t and z / T for z
//   delta[l - 1] = slope[l - 1] * delta[l] W[l]^T, down to layer job.layer, and through the normalisation
//
// Its input is the linear output of layer job.layer - 1; job.layer = L leaves the loss alone.
//
// | group, binding | name       | shape                              | type      | access |
// |---|---|---|---|---|
// | 0, 0           | step       |                                    | Step      | uniform, an offset a step |
// | 1, 0           | network    |                                    | Network   | uniform |
// | 1, 1           | job        | layer, slices, half, notes | Job       | uniform |
// | 1, 2           | partials   | [M, slices, B, quads]              | vec4<f32> | read |
// | 1, 3           | plan       | [M, N], label * 2^24 + image     | u32       | read |
// | 1, 4           | weights    | [M, ...]                           | vec4<f32> | read |
// | 1, 5           | transposed | [M, ...]                           | vec4<f32> | read |
// | 1, 6           | inputs     | [M, ...], of job.layer and later   | vec4<f32> | write |
// | 1, 7           | deltas     | [M, ...], of job.layer - 1 and later | vec4<f32> | read, write |
// | 1, 8           | notes      | [M, notes]: bits of four rows' loss, their hits | vec2<u32> | write |
// | 1, 9           | teacher    | q [M, N, O]                        | f32       | read |
//
// Dispatch: (rows / (4 GROUPS), M) workgroups, rounded up.
// Deterministic: sums in fixed order, in slices of the depth that depend on the layer's shape alone.
// Twin: reference::gradients. Test: fused::gpu::check.

@group(1) @binding(2) var<storage, read> partials: array<vec4<f32>>;
@group(1) @binding(3) var<storage, read> plan: array<u32>;
@group(1) @binding(4) var<storage, read> weights: array<vec4<f32>>;
@group(1) @binding(5) var<storage, read> transposed: array<vec4<f32>>;
@group(1) @binding(6) var<storage, read_write> inputs: array<vec4<f32>>;
@group(1) @binding(7) var<storage, read_write> deltas: array<vec4<f32>>;
@group(1) @binding(8) var<storage, read_write> notes: array<vec2<u32>>;
@group(1) @binding(9) var<storage, read> teacher: array<f32>;

// The linear output of a layer in cells from `base` becomes the next layer's input there.
fn hide_cells(model: u32, layer: u32, row: u32, base: u32, thread: u32) {
    let own = network.layer[layer];
    let by = moments(layer, base, thread);
    if (NORMALIZE == 1u && thread < GROUPS) {
        keep_inverses(model, layer, row + 4u * thread, by.inverse);
    }
    for (var item = thread; item < network.layer[layer + 1u].input_quads * GROUPS; item += THREADS) {
        var x = mat4x4<f32>();
        if (item / GROUPS < own.output_quads) {
            x = normalized_rows(block_at(cell_of(base, item)), by);
        }
        let hidden = hide(model, layer, row + 4u * (item % GROUPS), item / GROUPS, x);
        put(cell_of(base, item), block_of_rows(hidden));
    }
    workgroupBarrier();
}

// Cells from `to` = the gradient of a layer's linear output, in cells from `start`, times its transposed weights.
fn dense_back(model: u32, index: u32, start: u32, to: u32, thread: u32) {
    let layer = network.layer[index];
    let sharing = share_out(layer.back_quads, layer.output_quads);
    let slice = thread / sharing.wide;
    let first = min(slice * sharing.length, layer.output_quads);
    let end = min(first + sharing.length, layer.output_quads);
    let weight = model * network.transposed + layer.transposed;
    for (var begin = 0u; begin < sharing.items; begin += sharing.wide) {
        let item = begin + thread % sharing.wide;
        let works = item < sharing.items && slice < sharing.slices;
        var block = Block();
        if (works) {
            for (var k = 4u * first; k < 4u * end; k += 4u) {
                let w = weight + k * layer.back_quads + item / GROUPS;
                let a = start + k * GROUPS + item % GROUPS;
                block = add_input(block, cells[a], transposed[w]);
                block = add_input(block, cells[a + GROUPS], transposed[w + layer.back_quads]);
                block = add_input(block, cells[a + 2u * GROUPS], transposed[w + 2u * layer.back_quads]);
                block = add_input(block, cells[a + 3u * GROUPS], transposed[w + 3u * layer.back_quads]);
            }
        }
        add_slices(block, cell_of(to, item), works, slice, sharing.slices);
    }
}

// Where four units of a row of a layer's deltas lie; of the last row there is, for rows beyond it.
fn delta_place(model: u32, layer: u32, row: u32, quad: u32) -> u32 {
    let own = network.layer[layer];
    return model * network.deltas + own.delta + min(row, step.rows - 1u) * own.output_quads + quad;
}

// Four rows of a block of deltas: the slopes, until the gradient takes their place.
fn delta_rows(model: u32, layer: u32, row: u32, quad: u32) -> mat4x4<f32> {
    return mat4x4<f32>(
        deltas[delta_place(model, layer, row, quad)],
        deltas[delta_place(model, layer, row + 1u, quad)],
        deltas[delta_place(model, layer, row + 2u, quad)],
        deltas[delta_place(model, layer, row + 3u, quad)],
    );
}

fn keep_rows(model: u32, layer: u32, row: u32, quad: u32, rows: mat4x4<f32>) {
    for (var j = 0u; j < 4u; j++) {
        if (row + j < step.rows) {
            deltas[delta_place(model, layer, row + j, quad)] = rows[j];
        }
    }
}

// The gradient of a hidden layer's value, in cells from `base`, becomes that of its linear output there, and is kept.
fn through_hidden(model: u32, layer: u32, row: u32, base: u32, thread: u32) {
    let own = network.layer[layer];
    var sum = splat(0.0);
    var along = splat(0.0);
    for (var item = thread; item < own.output_quads * GROUPS; item += THREADS) {
        let first = row + 4u * (item % GROUPS);
        let sums = rows_of_block(block_at(cell_of(base, item)));
        let slopes = delta_rows(model, layer, first, item / GROUPS);
        let rows = mat4x4<f32>(sums[0] * slopes[0], sums[1] * slopes[1], sums[2] * slopes[2], sums[3] * slopes[3]);
        let block = block_of_rows(rows);
        put(cell_of(base, item), block);
        if (NORMALIZE == 1u) {
            let x = normalized_block(model, layer, first, item / GROUPS);
            sum += (block.u0 + block.u1) + (block.u2 + block.u3);
            along += (block.u0 * x.u0 + block.u1 * x.u1) + (block.u2 * x.u2 + block.u3 * x.u3);
        } else {
            keep_rows(model, layer, first, item / GROUPS, rows);
        }
    }
    if (NORMALIZE == 1u) {
        let units = f32(own.outputs);
        let mean = total(sum, GROUPS, thread) / units;
        let mean_along = total(along, GROUPS, thread) / units;
        through_normalization(model, layer, row, base, mean, mean_along, thread);
    }
    workgroupBarrier();
}

// Normalised units that were kept on the way forward.
fn normalized_block(model: u32, layer: u32, row: u32, quad: u32) -> Block {
    let last = step.rows - 1u;
    return block_of_rows(mat4x4<f32>(
        inputs[normalized_place(model, layer, min(row, last), quad)],
        inputs[normalized_place(model, layer, min(row + 1u, last), quad)],
        inputs[normalized_place(model, layer, min(row + 2u, last), quad)],
        inputs[normalized_place(model, layer, min(row + 3u, last), quad)],
    ));
}

// (dx - mean(dx) - x mean(dx x)) / sqrt(var + eps), of the gradient in cells from `base`.
fn through_normalization(
    model: u32,
    layer: u32,
    row: u32,
    base: u32,
    mean: vec4<f32>,
    along: vec4<f32>,
    thread: u32,
) {
    let own = network.layer[layer];
    let inverse = normalized_block(model, layer, row + 4u * (thread % GROUPS), own.output_quads).u0;
    for (var item = thread; item < own.output_quads * GROUPS; item += THREADS) {
        let first = row + 4u * (item % GROUPS);
        let exists = existing(item / GROUPS, own.outputs);
        let dx = block_at(cell_of(base, item));
        let x = normalized_block(model, layer, first, item / GROUPS);
        let block = Block(
            fma(x.u0, -along, dx.u0 - mean) * inverse * exists.x,
            fma(x.u1, -along, dx.u1 - mean) * inverse * exists.y,
            fma(x.u2, -along, dx.u2 - mean) * inverse * exists.z,
            fma(x.u3, -along, dx.u3 - mean) * inverse * exists.w,
        );
        put(cell_of(base, item), block);
        keep_rows(model, layer, first, item / GROUPS, rows_of_block(block));
    }
}

@compute @workgroup_size(THREADS)
fn main(@builtin(workgroup_id) tile: vec3<u32>, @builtin(local_invocation_index) thread: u32) {
    let model = tile.y;
    let row = 4u * GROUPS * tile.x;
    var here = 0u;
    enter(model, row, thread);
    if (job.layer < network.layers) {
        hide_cells(model, job.layer - 1u, row, here, thread);
    }
    for (var layer = job.layer; layer < network.layers; layer++) {
        dense(model, layer, here, job.half - here, thread);
        here = job.half - here;
        if (layer + 1u < network.layers) {
            hide_cells(model, layer, row, here, thread);
        }
    }
    if (thread < GROUPS) {
        lose(model, row + 4u * thread, here, thread);
    }
    // Slopes were written by other threads of this workgroup.
    storageBarrier();
    workgroupBarrier();
    keep_gradient(model, row, here, thread);
    for (var layer = network.layers; layer > job.layer; layer--) {
        dense_back(model, layer - 1u, here, job.half - here, thread);
        here = job.half - here;
        through_hidden(model, layer - 2u, row, here, thread);
    }
}
