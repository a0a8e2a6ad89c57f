// Packed images: four bytes to a word, rows of whole words with room for the 1 that the bias is the weight of.

override FACTOR: f32 = 0.003921569;  // a byte b becomes the input b * FACTOR + TERM: 1 / (255 std)
override TERM: f32 = 0.0;             // -mean / std

// The four bytes of a word as floats.
fn unpack(word: u32) -> vec4<f32> {
    return vec4<f32>((vec4<u32>(word) >> vec4<u32>(0u, 8u, 16u, 24u)) & vec4<u32>(255u));
}

// What is added to pixels 4 quad to 4 quad + 3: TERM, then the 1 at I, then zeros; the bytes there are 0.
fn shift_of(quad: u32, inputs: u32) -> vec4<f32> {
    let pixel = vec4<u32>(0u, 1u, 2u, 3u) + 4u * quad;
    let beyond = select(splat(0.0), splat(1.0), pixel == vec4<u32>(inputs));
    return select(beyond, splat(TERM), pixel < vec4<u32>(inputs));
}

// Pixels 4 quad to 4 quad + 3 of an image, scaled.
fn pixels(word: u32, shift: vec4<f32>) -> vec4<f32> {
    return fma(unpack(word), splat(FACTOR), shift);
}
