// exp, tanh, the normal distribution and ln(1 + x) as polynomials, for built-ins differ between devices: the text of
// crates/fude-engine/src/fused/cpu/math.rs.

// e^x to 2e-7 relative, for x clamped to [-87, 88]. Coefficients: Cephes `expf` (S. Moshier).
fn exponential(argument: vec4<f32>) -> vec4<f32> {
    let x = min(splat(88.0), max(splat(-87.0), argument));
    let n = round(x * 1.442695041);
    // ln 2 in two parts, the first exact in few bits. Between them a clamp that never acts: without it, Mesa's compiler
    // makes one product of the two (as it may), and the digits that the parts are there to save are lost.
    let high = clamp(fma(n, splat(-0.693359375), x), splat(-1.0), splat(1.0));
    let r = fma(n, splat(2.12194440e-4), high);
    var tail = splat(1.9875691500e-4);
    tail = fma(tail, r, splat(1.3981999507e-3));
    tail = fma(tail, r, splat(8.3334519073e-3));
    tail = fma(tail, r, splat(4.1665795894e-2));
    tail = fma(tail, r, splat(1.6666665459e-1));
    tail = fma(tail, r, splat(0.5));
    let one_plus = fma(tail, r * r, r + 1.0);
    return one_plus * bitcast<vec4<f32>>((vec4<i32>(n) + 127) << vec4<u32>(23u));
}

// tanh to 3e-7 relative: the rational approximation of Eigen's `ptanh`, x clamped to +-7.9053; a NaN stays one, which
// `min` and `max` do not promise.
fn hyperbolic_tangent(argument: vec4<f32>) -> vec4<f32> {
    let limit = splat(7.90531110763549805);
    let x = select(select(argument, limit, argument > limit), -limit, argument < -limit);
    let s = x * x;
    var odd = splat(-2.76076847742355e-16);
    odd = fma(odd, s, splat(2.00018790482477e-13));
    odd = fma(odd, s, splat(-8.60467152213735e-11));
    odd = fma(odd, s, splat(5.12229709037114e-08));
    odd = fma(odd, s, splat(1.48572235717979e-05));
    odd = fma(odd, s, splat(6.37261928875436e-04));
    odd = fma(odd, s, splat(4.89352455891786e-03));
    var even = splat(1.19825839466702e-06);
    even = fma(even, s, splat(1.18534705686654e-04));
    even = fma(even, s, splat(2.26843463243900e-03));
    even = fma(even, s, splat(4.89352518554385e-03));
    return x * odd / even;
}

struct Normal {
    integral: vec4<f32>,  // up to x, to 1e-7 absolute
    density: vec4<f32>,   // at x
}

// Abramowitz and Stegun, formula 7.1.26: erfc(y) = t (a1 + a2 t + ...) e^(-y^2), t = 1 / (1 + p y), y >= 0.
fn normal(x: vec4<f32>) -> Normal {
    let y = abs(x) * 0.70710678118;
    let t = 1.0 / fma(y, splat(0.3275911), splat(1.0));
    var a = splat(1.061405429);
    a = fma(a, t, splat(-1.453152027));
    a = fma(a, t, splat(1.421413741));
    a = fma(a, t, splat(-0.284496736));
    a = fma(a, t, splat(0.254829592));
    let bell = exponential(-(y * y));
    let upper = a * t * bell * 0.5;
    return Normal(select(upper, 1.0 - upper, x > splat(0.0)), bell * 0.3989422804);
}

// ln(1 + x) to 2e-7 relative, for x >= 0. Coefficients: Cephes `logf` (S. Moshier), after 1 + x = m 2^e with m in
// [1/sqrt(2), sqrt(2)); m - 1 is x itself where e is 0, so that nothing of a small x is lost.
fn ln_one_plus(x: vec4<f32>) -> vec4<f32> {
    let y = x + 1.0;
    let bits = bitcast<vec4<u32>>(y);
    // sqrt(1/2) is 0x3f3504f3.
    let e = (vec4<i32>(bits) - 0x3f3504f3) >> vec4<u32>(23u);
    let m = bitcast<vec4<f32>>(bits - (bitcast<vec4<u32>>(e) << vec4<u32>(23u)));
    let r = select(m - 1.0, x, e == vec4<i32>(0));
    let s = r * r;
    var tail = splat(7.0376836292e-2);
    tail = fma(tail, r, splat(-1.1514610310e-1));
    tail = fma(tail, r, splat(1.1676998740e-1));
    tail = fma(tail, r, splat(-1.2420140846e-1));
    tail = fma(tail, r, splat(1.4249322787e-1));
    tail = fma(tail, r, splat(-1.6668057665e-1));
    tail = fma(tail, r, splat(2.0000714765e-1));
    tail = fma(tail, r, splat(-2.4999993993e-1));
    tail = fma(tail, r, splat(3.3333331174e-1));
    let power = vec4<f32>(e);
    let low = fma(power, splat(-2.12194440e-4), fma(s, splat(-0.5), tail * s * r));
    return fma(power, splat(0.693359375), low + r);
}
