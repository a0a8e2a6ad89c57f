// A deformed pixel; whoever includes this has the binding `images`.

// A pixel of the image whose words begin at `start`, 0 outside.
fn pixel_at(start: u32, x: i32, y: i32) -> f32 {
    let inside = x >= 0 && y >= 0 && x < i32(network.width) && y < i32(network.height);
    let place = select(0u, u32(y) * network.width + u32(x), inside);
    let byte = (images[start + place / 4u] >> (8u * (place % 4u))) & 255u;
    return select(0.0, f32(byte), inside);
}

// The image at a position, between its four neighbours; positions are clamped to where all of these are outside.
fn bilinear(start: u32, at: vec2<f32>) -> f32 {
    let position = clamp(at, vec2<f32>(-1.0), vec2<f32>(f32(network.width), f32(network.height)));
    let corner = floor(position);
    let share = position - corner;
    let x = i32(corner.x);
    let y = i32(corner.y);
    let a = pixel_at(start, x, y);
    let b = pixel_at(start, x + 1, y);
    let c = pixel_at(start, x, y + 1);
    let d = pixel_at(start, x + 1, y + 1);
    let upper = fma(b - a, share.x, a);
    let lower = fma(d - c, share.x, c);
    return fma(lower - upper, share.y, upper);
}
