// The small last layers of a training step: forward, loss, and back to the first hidden layer among them.
//
//   h[l] = f([h[l - 1], 1] W[l]) * mask,   t = (1 - s) [o = label] + s / O
//   loss[b] = -sum over o of t[o] ln softmax(z)[o],   delta[L - 1] = (softmax(z) - t) / B
//   delta[l - 1] = slope[l - 1] * delta[l] W[l]^T, down to layer job.layer
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
//
// Dispatch: (rows / (4 GROUPS), M) workgroups, rounded up.
// Deterministic: sums in fixed order, in slices of the depth that depend on the layer's shape alone.
// Twin: reference::gradients. Test: fused::gpu::check.

override SMOOTHING: f32 = 0.0;

@group(1) @binding(2) var<storage, read> partials: array<vec4<f32>>;
@group(1) @binding(3) var<storage, read> plan: array<u32>;
@group(1) @binding(4) var<storage, read> weights: array<vec4<f32>>;
@group(1) @binding(5) var<storage, read> transposed: array<vec4<f32>>;
@group(1) @binding(6) var<storage, read_write> inputs: array<vec4<f32>>;
@group(1) @binding(7) var<storage, read_write> deltas: array<vec4<f32>>;
@group(1) @binding(8) var<storage, read_write> notes: array<vec2<u32>>;

// The linear output of the layer before the tail: the logits, or hidden units that become the tail's first input.
fn enter(model: u32, row: u32, thread: u32) {
    let before = job.layer - 1u;
    let quads = network.layer[before].output_quads;
    var wanted = quads;
    if (job.layer < network.layers) {
        wanted = network.layer[job.layer].input_quads;
    }
    for (var item = thread; item < wanted * GROUPS; item += THREADS) {
        let quad = item / GROUPS;
        let group = item % GROUPS;
        var rows = mat4x4<f32>();
        if (quad < quads) {
            rows = linear_output(model, before, row + 4u * group, quad);
        }
        if (job.layer < network.layers) {
            rows = hide(model, before, row + 4u * group, quad, rows);
        }
        put(quad * 4u * GROUPS + group, block_of_rows(rows));
    }
    workgroupBarrier();
}

// The linear output of a layer in cells from `base` becomes the next layer's input there.
fn hide_cells(model: u32, layer: u32, row: u32, base: u32, thread: u32) {
    let quads = network.layer[layer].output_quads;
    for (var item = thread; item < network.layer[layer + 1u].input_quads * GROUPS; item += THREADS) {
        let quad = item / GROUPS;
        let group = item % GROUPS;
        let cell = base + quad * 4u * GROUPS + group;
        var rows = mat4x4<f32>();
        if (quad < quads) {
            rows = rows_of_block(block_at(cell));
        }
        put(cell, block_of_rows(hide(model, layer, row + 4u * group, quad, rows)));
    }
    workgroupBarrier();
}

// Whether a number is NaN or infinite, told by its bits: no compiler may assume that away.
fn strange(x: vec4<f32>) -> vec4<bool> {
    return (bitcast<vec4<u32>>(x) & vec4<u32>(0x7f800000u)) == vec4<u32>(0x7f800000u);
}

// Four rows: logits in cells from `base` become the gradient of the mean loss, and the losses are noted.
fn lose(model: u32, row: u32, base: u32, group: u32) {
    let classes = network.layer[network.layers - 1u].outputs;
    let rows = vec4<u32>(0u, 1u, 2u, 3u) + row;
    let exists = rows < vec4<u32>(step.rows);
    var label: vec4<u32>;
    for (var j = 0u; j < 4u; j++) {
        let position = step.first + min(rows[j], step.rows - 1u);
        label[j] = plan[model * network.images + position] >> 24u;
    }
    var largest = cells[base + group];
    var best = vec4<u32>(0u);
    var broken = strange(largest);
    for (var o = 1u; o < classes; o++) {
        let z = cells[base + o * GROUPS + group];
        let better = z > largest;
        largest = select(largest, z, better);
        best = select(best, vec4<u32>(o), better);
        broken = broken | strange(z);
    }
    // The largest logit's own term is 1: the sum is 1 + others, and a small `others` is not lost beside it.
    var others = splat(0.0);
    var shifted_sum = splat(0.0);
    var shifted_label = splat(0.0);
    for (var o = 0u; o < classes; o++) {
        let cell = base + o * GROUPS + group;
        let shifted = cells[cell] - largest;
        let e = exponential(shifted);
        others += select(e, splat(0.0), best == vec4<u32>(o));
        shifted_sum += shifted;
        shifted_label = select(shifted_label, shifted, label == vec4<u32>(o));
        cells[cell] = e;
    }
    let share = select(splat(0.0), splat(step.share), exists);
    let scale = share / (1.0 + others);
    let rest = SMOOTHING / f32(classes);
    for (var o = 0u; o < 4u * network.layer[network.layers - 1u].output_quads; o++) {
        let cell = base + o * GROUPS + group;
        let target_share = rest + select(splat(0.0), splat(1.0 - SMOOTHING), label == vec4<u32>(o));
        let gradient = fma(cells[cell], scale, -(target_share * share));
        cells[cell] = select(splat(0.0), gradient, exists & vec4<bool>(o < classes));
    }
    let loss = ln_one_plus(others) - (1.0 - SMOOTHING) * shifted_label - rest * shifted_sum;
    let counted = select(splat(0.0), loss, exists);
    let hits = select(vec4<u32>(0u), vec4<u32>(1u), exists & (best == label));
    var bits = bitcast<u32>(((counted.x + counted.y) + counted.z) + counted.w);
    if (any(broken & exists)) {
        bits = 0x7fc00000u;
    }
    if (row < step.rows) {
        notes[step.note + model * job.notes + row / 4u] = vec2<u32>(bits, hits.x + hits.y + hits.z + hits.w);
    }
}

// Writes the gradient of the logits, in cells from `base`, where the update finds it.
fn keep_gradient(model: u32, row: u32, base: u32, thread: u32) {
    let layer = network.layer[network.layers - 1u];
    for (var item = thread; item < layer.output_quads * GROUPS; item += THREADS) {
        let quad = item / GROUPS;
        let first = row + 4u * (item % GROUPS);
        let rows = rows_of_block(block_at(base + quad * 4u * GROUPS + item % GROUPS));
        for (var j = 0u; j < 4u; j++) {
            if (first + j < step.rows) {
                deltas[model * network.deltas + layer.delta + (first + j) * layer.output_quads + quad] = rows[j];
            }
        }
    }
}

// The gradient of a layer's linear output, in cells from `start`, becomes that of the layer before in cells from `to`.
fn backward(model: u32, index: u32, row: u32, start: u32, to: u32, thread: u32) {
    let layer = network.layer[index];
    let sharing = share_out(layer.back_quads, layer.output_quads);
    let slice = thread / sharing.wide;
    let first = min(slice * sharing.length, layer.output_quads);
    let end = min(first + sharing.length, layer.output_quads);
    let weight = model * network.transposed + layer.transposed;
    for (var begin = 0u; begin < sharing.items; begin += sharing.wide) {
        let item = begin + thread % sharing.wide;
        let works = item < sharing.items && slice < sharing.slices;
        let quad = item / GROUPS;
        let group = item % GROUPS;
        var block = Block();
        if (works) {
            for (var k = 4u * first; k < 4u * end; k += 4u) {
                let w = weight + k * layer.back_quads + quad;
                let a = start + k * GROUPS + group;
                block = add_input(block, cells[a], transposed[w]);
                block = add_input(block, cells[a + GROUPS], transposed[w + layer.back_quads]);
                block = add_input(block, cells[a + 2u * GROUPS], transposed[w + 2u * layer.back_quads]);
                block = add_input(block, cells[a + 3u * GROUPS], transposed[w + 3u * layer.back_quads]);
            }
        }
        add_slices(block, to + quad * 4u * GROUPS + group, works, slice, sharing.slices);
    }
    for (var item = thread; item < sharing.items; item += THREADS) {
        let quad = item / GROUPS;
        let group = item % GROUPS;
        let cell = to + quad * 4u * GROUPS + group;
        put(cell, block_of_rows(through_slopes(model, index - 1u, row + 4u * group, quad, rows_of_block(block_at(cell)))));
    }
    workgroupBarrier();
}

// Times the slopes, which the gradient takes the place of.
fn through_slopes(model: u32, layer: u32, row: u32, quad: u32, sums: mat4x4<f32>) -> mat4x4<f32> {
    let quads = network.layer[layer].output_quads;
    var rows = sums;
    for (var j = 0u; j < 4u; j++) {
        let existing = min(row + j, step.rows - 1u);
        let place = model * network.deltas + network.layer[layer].delta + existing * quads + quad;
        if (row + j < step.rows) {
            rows[j] = sums[j] * deltas[place];
            deltas[place] = rows[j];
        } else {
            rows[j] = splat(0.0);
        }
    }
    return rows;
}

@compute @workgroup_size(THREADS)
fn main(@builtin(workgroup_id) tile: vec3<u32>, @builtin(local_invocation_index) thread: u32) {
    let model = tile.y;
    let row = 4u * GROUPS * tile.x;
    var here = 0u;
    enter(model, row, thread);
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
    // The slopes were written by other threads of this workgroup.
    storageBarrier();
    workgroupBarrier();
    keep_gradient(model, row, here, thread);
    for (var layer = network.layers; layer > job.layer; layer--) {
        backward(model, layer - 1u, row, here, job.half - here, thread);
        here = job.half - here;
    }
}
