// C = A B in register tiles of 8 rows x 2 quads a thread; a workgroup of 8 x 8 threads makes 64 rows x 16 quads.
//
// No workgroup memory: a wave's lanes share rows of A and quads of B, and the first-level cache serves both. Each quad of
// depth costs 16 loads for 256 multiply-adds. Whoever includes this says what A, B and C are:
//   left(j, k)        A[row + j, 4k .. 4k + 3]
//   right(k, quad)    B[k, 4 quad .. 4 quad + 3]
//   keep(row, quad, sum)
// Sums run over k in order, so an element's bits do not depend on its place in a tile.

const TILE_ROWS = 64u;
const TILE_QUADS = 16u;

fn fold(sum: vec4<f32>, a: vec4<f32>, b0: vec4<f32>, b1: vec4<f32>, b2: vec4<f32>, b3: vec4<f32>) -> vec4<f32> {
    return fma(splat(a.w), b3, fma(splat(a.z), b2, fma(splat(a.y), b1, fma(splat(a.x), b0, sum))));
}

fn product(first: u32, end: u32, row: u32, quad_p: u32, quad_q: u32) {
    var p0 = splat(0.0); var p1 = splat(0.0); var p2 = splat(0.0); var p3 = splat(0.0);
    var p4 = splat(0.0); var p5 = splat(0.0); var p6 = splat(0.0); var p7 = splat(0.0);
    var q0 = splat(0.0); var q1 = splat(0.0); var q2 = splat(0.0); var q3 = splat(0.0);
    var q4 = splat(0.0); var q5 = splat(0.0); var q6 = splat(0.0); var q7 = splat(0.0);
    for (var k = first; k < end; k++) {
        let b0 = right(4u * k, quad_p);
        let b1 = right(4u * k + 1u, quad_p);
        let b2 = right(4u * k + 2u, quad_p);
        let b3 = right(4u * k + 3u, quad_p);
        let d0 = right(4u * k, quad_q);
        let d1 = right(4u * k + 1u, quad_q);
        let d2 = right(4u * k + 2u, quad_q);
        let d3 = right(4u * k + 3u, quad_q);
        let a0 = left(0u, k);
        p0 = fold(p0, a0, b0, b1, b2, b3);
        q0 = fold(q0, a0, d0, d1, d2, d3);
        let a1 = left(1u, k);
        p1 = fold(p1, a1, b0, b1, b2, b3);
        q1 = fold(q1, a1, d0, d1, d2, d3);
        let a2 = left(2u, k);
        p2 = fold(p2, a2, b0, b1, b2, b3);
        q2 = fold(q2, a2, d0, d1, d2, d3);
        let a3 = left(3u, k);
        p3 = fold(p3, a3, b0, b1, b2, b3);
        q3 = fold(q3, a3, d0, d1, d2, d3);
        let a4 = left(4u, k);
        p4 = fold(p4, a4, b0, b1, b2, b3);
        q4 = fold(q4, a4, d0, d1, d2, d3);
        let a5 = left(5u, k);
        p5 = fold(p5, a5, b0, b1, b2, b3);
        q5 = fold(q5, a5, d0, d1, d2, d3);
        let a6 = left(6u, k);
        p6 = fold(p6, a6, b0, b1, b2, b3);
        q6 = fold(q6, a6, d0, d1, d2, d3);
        let a7 = left(7u, k);
        p7 = fold(p7, a7, b0, b1, b2, b3);
        q7 = fold(q7, a7, d0, d1, d2, d3);
    }
    keep(row, quad_p, p0); keep(row + 1u, quad_p, p1); keep(row + 2u, quad_p, p2); keep(row + 3u, quad_p, p3);
    keep(row + 4u, quad_p, p4); keep(row + 5u, quad_p, p5); keep(row + 6u, quad_p, p6); keep(row + 7u, quad_p, p7);
    keep(row, quad_q, q0); keep(row + 1u, quad_q, q1); keep(row + 2u, quad_q, q2); keep(row + 3u, quad_q, q3);
    keep(row + 4u, quad_q, q4); keep(row + 5u, quad_q, q5); keep(row + 6u, quad_q, q6); keep(row + 7u, quad_q, q7);
}
