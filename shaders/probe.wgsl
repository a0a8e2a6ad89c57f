// The shared functions by themselves, so that each can be compared with its twin: for tests.
//
//   values[f, n] = f(numbers[n]) for f of exp, tanh, normal integral, normal density, ln(1 + |x|), activation, its slope
//   words[n] = philox(counters[n], keys[n])
//
// | group, binding | name     | shape                        | type      | access |
// |---|---|---|---|---|
// | 0, 0           | step     |                              | Step      | uniform, not read |
// | 1, 0           | network  |                              | Network   | uniform, not read |
// | 1, 1           | job      | slice: N, for n quads        | Job       | uniform |
// | 1, 2           | numbers  | [N]                          | vec4<f32> | read |
// | 1, 3           | counters | [N, 2]: counter, key         | vec4<u32> | read |
// | 1, 4           | values   | [7, N]                       | vec4<f32> | write |
// | 1, 5           | words    | [N]                          | vec4<u32> | write |
//
// Dispatch: (N / 64) workgroups, rounded up.
// Deterministic: each value by one thread.
// Twin: activation::normal_integral, std, fude_random::philox4x32. Test: fused::gpu::check.

@group(1) @binding(2) var<storage, read> numbers: array<vec4<f32>>;
@group(1) @binding(3) var<storage, read> counters: array<vec4<u32>>;
@group(1) @binding(4) var<storage, read_write> values: array<vec4<f32>>;
@group(1) @binding(5) var<storage, read_write> words: array<vec4<u32>>;

@compute @workgroup_size(64)
fn main(@builtin(global_invocation_id) thread: vec3<u32>) {
    let n = thread.x;
    let count = job.slice;
    if (n >= count) {
        return;
    }
    let x = numbers[n];
    let bell = normal(x);
    let hidden = activate(x);
    values[n] = exponential(x);
    values[count + n] = hyperbolic_tangent(x);
    values[2u * count + n] = bell.integral;
    values[3u * count + n] = bell.density;
    values[4u * count + n] = ln_one_plus(abs(x));
    values[5u * count + n] = hidden.value;
    values[6u * count + n] = hidden.slope;
    words[n] = philox(counters[2u * n], counters[2u * n + 1u].xy);
}
