// Sums over the threads of a workgroup, in an order that does not depend on which thread comes first.

override THREADS: u32 = 128u;
override SCRATCH: u32 = 32u;  // cells for the sums; 1 where nothing is summed

var<workgroup> scratch: array<vec4<f32>, SCRATCH>;

// The sum of `value` over all threads whose number is the same modulo `groups`, for each of them.
fn total(value: vec4<f32>, groups: u32, thread: u32) -> vec4<f32> {
    let slot = thread % SCRATCH;
    for (var turn = 0u; turn < THREADS / SCRATCH; turn++) {
        if (thread / SCRATCH == turn) {
            if (turn == 0u) {
                scratch[slot] = value;
            } else {
                scratch[slot] += value;
            }
        }
        workgroupBarrier();
    }
    var sum = splat(0.0);
    for (var other = thread % groups; other < SCRATCH; other += groups) {
        sum += scratch[other];
    }
    workgroupBarrier();
    return sum;
}
