// The loss of four rows and the gradient of their logits; whoever includes this has the bindings `plan`, `teacher`, `notes`
// and `deltas`.

override SMOOTHING: f32 = 0.0;
override MIXED: u32 = 0u;    // 1: with mixup
override TEACHER: u32 = 0u;  // 1: with soft targets

// Whether a number is NaN or infinite, told by its bits: no compiler may assume that away.
fn strange(x: vec4<f32>) -> vec4<bool> {
    return (bitcast<vec4<u32>>(x) & vec4<u32>(0x7f800000u)) == vec4<u32>(0x7f800000u);
}

// The labels of four rows.
fn labels_of(model: u32, rows: vec4<u32>) -> vec4<u32> {
    let position = vec4<u32>(model * network.images + step.first) + min(rows, vec4<u32>(step.rows - 1u));
    let entries = vec4<u32>(plan[position.x], plan[position.y], plan[position.z], plan[position.w]);
    return entries >> vec4<u32>(24u);
}

// What a teacher says of class `o`, of four rows' images.
fn taught(model: u32, rows: vec4<u32>, o: u32) -> vec4<f32> {
    let classes = network.layer[network.layers - 1u].outputs;
    let start = model * network.images;
    return vec4<f32>(
        teacher[(start + image_of(model, rows.x)) * classes + o],
        teacher[(start + image_of(model, rows.y)) * classes + o],
        teacher[(start + image_of(model, rows.z)) * classes + o],
        teacher[(start + image_of(model, rows.w)) * classes + o],
    );
}

// What four rows should say of class `o`: labels smoothed and mixed.
fn target_of(labels: vec4<u32>, partners: vec4<u32>, share: f32, rest: f32, o: u32) -> vec4<f32> {
    let zero = splat(0.0);
    let peak = 1.0 - SMOOTHING;
    let own = select(zero, splat(peak * share), labels == vec4<u32>(o));
    return rest + own + select(zero, splat(peak * (1.0 - share)), partners == vec4<u32>(o));
}

// The largest logits of four rows, in cells from `base`, and which they are.
struct Largest {
    value: vec4<f32>,
    index: vec4<u32>,
    broken: vec4<bool>,  // some logit of the row is no number
}

fn largest_of(base: u32, group: u32, classes: u32) -> Largest {
    let first = cells[base + group];
    var found = Largest(first, vec4<u32>(0u), strange(first));
    for (var o = 1u; o < classes; o++) {
        let z = cells[base + o * GROUPS + group];
        let better = z > found.value;
        found.value = select(found.value, z, better);
        found.index = select(found.index, vec4<u32>(o), better);
        found.broken = found.broken | strange(z);
    }
    return found;
}

// Four rows: logits in cells from `base` become the gradient of the mean loss, and the losses are noted.
fn lose(model: u32, row: u32, base: u32, group: u32) {
    let classes = network.layer[network.layers - 1u].outputs;
    let own = step.models[model];
    let rows = vec4<u32>(0u, 1u, 2u, 3u) + row;
    let exists = rows < vec4<u32>(step.rows);
    let labels = labels_of(model, rows);
    var partners = labels;
    var own_share = 1.0;
    if (MIXED == 1u) {
        partners = labels_of(model, step.rows - 1u - min(rows, vec4<u32>(step.rows - 1u)));
        own_share = own.share;
    }
    let rest = SMOOTHING / f32(classes);
    let largest = largest_of(base, group, classes);
    // The largest logit's own term is 1: a sum is 1 + others, and small `others` are not lost beside it.
    var others = splat(0.0);
    var aimed = splat(0.0);
    var others_warm = splat(0.0);
    var aimed_warm = splat(0.0);
    var mass = splat(0.0);
    for (var o = 0u; o < classes; o++) {
        let shifted = cells[base + o * GROUPS + group] - largest.value;
        let is_largest = largest.index == vec4<u32>(o);
        others += select(exponential(shifted), splat(0.0), is_largest);
        aimed += shifted * target_of(labels, partners, own_share, rest, o);
        if (TEACHER == 1u) {
            let warm = shifted / own.temperature;
            let q = taught(model, rows, o);
            others_warm += select(exponential(warm), splat(0.0), is_largest);
            aimed_warm += q * warm;
            mass += q;
        }
    }
    let hard_share = select(1.0, 1.0 - own.teacher, TEACHER == 1u);
    let share = select(splat(0.0), splat(step.share), exists);
    let scale = hard_share * share / (1.0 + others);
    let warm_share = own.teacher * own.temperature * share;
    for (var o = 0u; o < 4u * network.layer[network.layers - 1u].output_quads; o++) {
        let cell = base + o * GROUPS + group;
        let shifted = cells[cell] - largest.value;
        let wanted = hard_share * target_of(labels, partners, own_share, rest, o) * share;
        var gradient = fma(exponential(shifted), scale, -wanted);
        if (TEACHER == 1u && o < classes) {
            let p = exponential(shifted / own.temperature) / (1.0 + others_warm);
            gradient += warm_share * (p - taught(model, rows, o));
        }
        cells[cell] = select(splat(0.0), gradient, exists & vec4<bool>(o < classes));
    }
    var loss = ln_one_plus(others) - aimed;
    if (TEACHER == 1u) {
        let soft = own.teacher * own.temperature * own.temperature;
        loss = hard_share * loss + soft * (mass * ln_one_plus(others_warm) - aimed_warm);
    }
    note_losses(model, row, select(splat(0.0), loss, exists), exists & (largest.index == labels), largest.broken & exists);
}

// Notes the losses of four rows, and how many of them were classified right.
fn note_losses(model: u32, row: u32, losses: vec4<f32>, right: vec4<bool>, broken: vec4<bool>) {
    if (row >= step.rows) {
        return;
    }
    var bits = bitcast<u32>(((losses.x + losses.y) + losses.z) + losses.w);
    if (any(broken)) {
        bits = 0x7fc00000u;  // NaN
    }
    let hits = select(vec4<u32>(0u), vec4<u32>(1u), right);
    notes[step.note + model * job.notes + row / 4u] = vec2<u32>(bits, hits.x + hits.y + hits.z + hits.w);
}

// Writes the gradient of the logits, in cells from `base`, where the update finds it.
fn keep_gradient(model: u32, row: u32, base: u32, thread: u32) {
    let layer = network.layer[network.layers - 1u];
    for (var item = thread; item < layer.output_quads * GROUPS; item += THREADS) {
        let first = row + 4u * (item % GROUPS);
        let rows = rows_of_block(block_at(cell_of(base, item)));
        for (var j = 0u; j < 4u; j++) {
            if (first + j < step.rows) {
                deltas[model * network.deltas + layer.delta + (first + j) * layer.output_quads + item / GROUPS] = rows[j];
            }
        }
    }
}
