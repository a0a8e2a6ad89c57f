// Layer normalisation of rows in cells: `x = (z - mean) / sqrt(var + eps)` over a row's units, in PyTorch's definition.

override NORMALIZE: u32 = 0u;  // 1: a hidden layer's linear output is normalised

const NORMALIZATION_EPSILON = 1e-5;

// Of four rows.
struct Moments {
    mean: vec4<f32>,
    inverse: vec4<f32>,  // 1 / sqrt(var + eps)
}

// 1 for units that exist, of quad `quad`.
fn existing(quad: u32, units: u32) -> vec4<f32> {
    return select(splat(0.0), splat(1.0), vec4<u32>(0u, 1u, 2u, 3u) + 4u * quad < vec4<u32>(units));
}

fn inverse_root(squares: vec4<f32>, units: u32) -> vec4<f32> {
    return 1.0 / sqrt(squares / f32(units) + NORMALIZATION_EPSILON);
}
