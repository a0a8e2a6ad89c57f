// The inputs of a batch as floats: gathered, deformed, mixed with a partner, scaled.
//
//   D = G_y C G_x^T,   moved(x, y) = image(M (x, y, 1) + D(x, y)),   thick = moved + |t| (extreme of 3 x 3 - moved)
//   inputs[b] = [factor (share thick[b] + (1 - share) thick[rows - 1 - b]) + term, 1], erased pixels being 0
//
// | group, binding | name   | shape                                    | type      | access |
// |---|---|---|---|---|
// | 0, 0           | step   |                                          | Step      | uniform, an offset a step |
// | 1, 0           | network |                                         | Network   | uniform |
// | 1, 1           | job    | training, gathered                       | Job       | uniform |
// | 1, 2           | images | [N, words]                               | u32       | read |
// | 1, 3           | plan   | [M, N], label * 2^24 + image             | u32       | read |
// | 1, 4           | warps  | [M, slots, 3]: matrix, thickness; erased | vec4<f32> | read |
// | 1, 5           | field  | G_y [H, K_y], then G_x [W, K_x]          | f32       | read |
// | 1, 6           | inputs | of layer 0 [M, ...]                      | vec4<f32> | write |
//
// Dispatch: (rows, M) workgroups.
// Deterministic: each value by one thread, sums in the order of grid points.
// Twin: augment::deform. Test: fused::gpu::check.

override WARPED: u32 = 0u;         // 1: images are deformed
override ELASTIC: u32 = 0u;        // 1: with a displacement
override MIXED: u32 = 0u;          // 1: with mixup
override COEFFICIENTS: u32 = 1u;   // 2 K_y K_x
override PARTIALS: u32 = 1u;       // 2 H K_x
override PIXELS: u32 = 1u;         // H W, in whole quads
override THREADS: u32 = 128u;

@group(1) @binding(2) var<storage, read> images: array<u32>;
@group(1) @binding(3) var<storage, read> plan: array<u32>;
@group(1) @binding(4) var<storage, read> warps: array<vec4<f32>>;
@group(1) @binding(5) var<storage, read> field: array<f32>;
@group(1) @binding(6) var<storage, read_write> inputs: array<vec4<f32>>;

var<workgroup> coefficients: array<f32, COEFFICIENTS>;
var<workgroup> partials: array<f32, PARTIALS>;
var<workgroup> moved: array<f32, PIXELS>;

// What happens to one image.
struct Warp {
    x: vec3<f32>,            // where it is read, across
    y: vec3<f32>,            // and down
    thickness: f32,
    erased: vec4<f32>,       // left, top, right, bottom
}

fn warp_of(model: u32, row: u32) -> Warp {
    let place = 3u * (model * network.slots + step.slot + row);
    let a = warps[place];
    let b = warps[place + 1u];
    return Warp(a.xyz, vec3<f32>(a.w, b.xy), b.z, warps[place + 2u]);
}

// C, uniform in +- amplitude: element (component * K_y + i) * K_x + j.
fn draw_coefficients(model: u32, image: u32, thread: u32) {
    let own = step.models[model];
    let count = 2u * network.row_points * network.column_points;
    for (var quad = thread; quad < (count + 3u) / 4u; quad += THREADS) {
        let words = philox(vec4<u32>(own.epoch, image, 1u, quad), vec2<u32>(own.seed, 3u));
        for (var lane = 0u; lane < 4u; lane++) {
            if (4u * quad + lane < count) {
                let unit = f32(words[lane] >> 8u) * (1.0 / 16777216.0);
                coefficients[4u * quad + lane] = (2.0 * unit - 1.0) * own.amplitude;
            }
        }
    }
}

// G_y C: element (component * H + y) * K_x + j.
fn sum_rows(thread: u32) {
    let across = network.column_points;
    for (var item = thread; item < 2u * network.height * across; item += THREADS) {
        let component = item / (network.height * across);
        let y = item / across % network.height;
        var sum = 0.0;
        for (var i = 0u; i < network.row_points; i++) {
            let coefficient = coefficients[(component * network.row_points + i) * across + item % across];
            sum = fma(field[y * network.row_points + i], coefficient, sum);
        }
        partials[item] = sum;
    }
}

// Where output pixel (x, y) is read.
fn position(warp: Warp, x: u32, y: u32) -> vec2<f32> {
    let at = vec3<f32>(f32(x), f32(y), 1.0);
    var place = vec2<f32>(
        fma(at.x, warp.x.x, fma(at.y, warp.x.y, warp.x.z)),
        fma(at.x, warp.y.x, fma(at.y, warp.y.y, warp.y.z)),
    );
    if (ELASTIC == 1u) {
        let across = network.column_points;
        let weights = network.height * network.row_points + x * across;
        for (var j = 0u; j < across; j++) {
            let weight = field[weights + j];
            place.x = fma(weight, partials[y * across + j], place.x);
            place.y = fma(weight, partials[(network.height + y) * across + j], place.y);
        }
    }
    return place;
}

fn moved_at(x: i32, y: i32) -> f32 {
    if (x < 0 || y < 0 || x >= i32(network.width) || y >= i32(network.height)) {
        return 0.0;
    }
    return moved[u32(y) * network.width + u32(x)];
}

// Moved towards its largest or smallest neighbour, or erased.
fn finished(warp: Warp, pixel: u32) -> f32 {
    let x = i32(pixel % network.width);
    let y = i32(pixel / network.width);
    let at = vec2<f32>(f32(x), f32(y));
    if (all(at >= warp.erased.xy) && all(at < warp.erased.zw)) {
        return 0.0;
    }
    var value = moved[pixel];
    if (warp.thickness != 0.0) {
        var extreme = value;
        for (var dy = -1; dy <= 1; dy++) {
            for (var dx = -1; dx <= 1; dx++) {
                let other = moved_at(x + dx, y + dy);
                extreme = select(min(extreme, other), max(extreme, other), warp.thickness > 0.0);
            }
        }
        value = fma(extreme - value, abs(warp.thickness), value);
    }
    return value;
}

// One image into workgroup memory.
fn move_image(model: u32, row: u32, thread: u32) {
    let start = place_of(model, row) * network.words;
    if (WARPED == 0u) {
        for (var pixel = thread; pixel < network.layer[0].inputs; pixel += THREADS) {
            moved[pixel] = f32((images[start + pixel / 4u] >> (8u * (pixel % 4u))) & 255u);
        }
        return;
    }
    if (ELASTIC == 1u) {
        draw_coefficients(model, image_of(model, row), thread);
        workgroupBarrier();
        sum_rows(thread);
        workgroupBarrier();
    }
    let warp = warp_of(model, row);
    for (var pixel = thread; pixel < network.layer[0].inputs; pixel += THREADS) {
        moved[pixel] = bilinear(start, position(warp, pixel % network.width, pixel / network.width));
    }
}

// Four finished pixels.
fn finished_quad(model: u32, row: u32, quad: u32) -> vec4<f32> {
    var warp = Warp(vec3<f32>(0.0), vec3<f32>(0.0), 0.0, splat(0.0));
    if (WARPED == 1u) {
        warp = warp_of(model, row);
    }
    var values = splat(0.0);
    for (var lane = 0u; lane < 4u; lane++) {
        if (4u * quad + lane < network.layer[0].inputs) {
            values[lane] = finished(warp, 4u * quad + lane);
        }
    }
    return values;
}

@compute @workgroup_size(THREADS)
fn main(@builtin(workgroup_id) tile: vec3<u32>, @builtin(local_invocation_index) thread: u32) {
    let model = tile.y;
    let row = tile.x;
    let layer = network.layer[0];
    let place = model * network.inputs + layer.input + row * layer.input_quads;
    let share = select(1.0, step.models[model].share, MIXED == 1u);
    move_image(model, row, thread);
    workgroupBarrier();
    for (var quad = thread; quad < layer.input_quads; quad += THREADS) {
        // The term and the 1 belong to the mixture, whose shares sum to 1.
        let own = finished_quad(model, row, quad);
        inputs[place + quad] = fma(own, splat(FACTOR * share), shift_of(quad, layer.inputs));
    }
    if (MIXED == 1u) {
        let partner = step.rows - 1u - row;
        workgroupBarrier();
        move_image(model, partner, thread);
        workgroupBarrier();
        for (var quad = thread; quad < layer.input_quads; quad += THREADS) {
            let other = finished_quad(model, partner, quad);
            inputs[place + quad] = fma(other, splat(FACTOR * (1.0 - share)), inputs[place + quad]);
        }
    }
}
