// Adam with stored gradients, scaled down where their norm over all layers is too large.
//
//   g = min(1, CLIP / (sqrt(sum of squares) + 1e-6)) g, as torch.nn.utils.clip_grad_norm_ has it; then as in `update`
//
// | group, binding | name       | shape         | type      | access |
// |---|---|---|---|---|
// | 0, 0           | step       |               | Step      | uniform, an offset a step |
// | 1, 0           | network    |               | Network   | uniform |
// | 1, 1           | job        |               | Job       | uniform |
// | 1, 2           | gradient   | [M, ...]      | vec4<f32> | read |
// | 1, 3           | squares    | [M, tiles]    | f32       | read |
// | 1, 4           | weights    | [M, ...]      | vec4<f32> | read, write |
// | 1, 5           | first      | [M, ...]: m   | vec4<f32> | read, write |
// | 1, 6           | second     | [M, ...]: v   | vec4<f32> | read, write |
// | 1, 7           | transposed | [M, ...]      | vec4<f32> | write |
// | 1, 8           | average    | [M, ...]      | vec4<f32> | read, write |
//
// Dispatch: (tiles of all layers, M) workgroups.
// Deterministic: each weight by one thread; squares in a fixed order.
// Twin: adam::step. Test: fused::gpu::check.

override CLIP: f32 = 1.0;

@group(1) @binding(2) var<storage, read> gradient: array<vec4<f32>>;
@group(1) @binding(3) var<storage, read> squares: array<f32>;
@group(1) @binding(4) var<storage, read_write> weights: array<vec4<f32>>;
@group(1) @binding(5) var<storage, read_write> first: array<vec4<f32>>;
@group(1) @binding(6) var<storage, read_write> second: array<vec4<f32>>;
@group(1) @binding(7) var<storage, read_write> transposed: array<vec4<f32>>;
@group(1) @binding(8) var<storage, read_write> average: array<vec4<f32>>;

var<workgroup> sums: array<f32, 64>;

// What every gradient of a model is multiplied with.
fn clip_factor(model: u32, tiles: u32, thread: u32) -> f32 {
    var sum = 0.0;
    for (var tile = thread; tile < tiles; tile += 64u) {
        sum += squares[model * tiles + tile];
    }
    sums[thread] = sum;
    workgroupBarrier();
    var all = 0.0;
    for (var other = 0u; other < 64u; other++) {
        all += sums[other];
    }
    let factor = CLIP / (sqrt(all) + 1e-6);
    // A NaN comes through: the loss will tell.
    return select(factor, 1.0, factor > 1.0);
}

fn apply_stored(place: Place, input: u32, output: u32, factor: f32) {
    let layer = network.layer[place.layer];
    if (input >= layer.input_quads || output >= layer.output_quads) {
        return;
    }
    let at = place.model * network.weights + layer.weight + 4u * input * layer.output_quads + output;
    let g0 = factor * gradient[at];
    let g1 = factor * gradient[at + layer.output_quads];
    let g2 = factor * gradient[at + 2u * layer.output_quads];
    let g3 = factor * gradient[at + 3u * layer.output_quads];
    apply(place, input, output, g0, g1, g2, g3);
}

@compute @workgroup_size(8, 8)
fn main(
    @builtin(workgroup_id) tile: vec3<u32>,
    @builtin(num_workgroups) tiles: vec3<u32>,
    @builtin(local_invocation_id) lane: vec3<u32>,
    @builtin(local_invocation_index) thread: u32,
) {
    let place = place_of_thread(tile, lane);
    let factor = clip_factor(place.model, tiles.x, thread);
    apply_stored(place, place.input.x, place.output.x, factor);
    apply_stored(place, place.input.x, place.output.y, factor);
    apply_stored(place, place.input.y, place.output.x, factor);
    apply_stored(place, place.input.y, place.output.y, factor);
}
