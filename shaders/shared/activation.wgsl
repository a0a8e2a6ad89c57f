// Activations with their derivatives, and dropout.

override ACTIVATION: u32 = 0u;  // 0 relu, 1 gelu, 2 tanh
override DROPOUT: u32 = 0u;     // 1 where units are dropped
override THRESHOLD: u32 = 0u;   // a unit stays where its word is at least this
override KEPT: f32 = 1.0;       // what stays is multiplied with this

struct Hidden {
    value: vec4<f32>,
    slope: vec4<f32>,  // derivative of the value by the linear output
}

// Comparisons are such that a NaN comes through.
fn activate(z: vec4<f32>) -> Hidden {
    if (ACTIVATION == 1u) {
        let n = normal(z);
        return Hidden(z * n.integral, fma(z, n.density, n.integral));
    }
    if (ACTIVATION == 2u) {
        let y = hyperbolic_tangent(z);
        return Hidden(y, fma(-y, y, splat(1.0)));
    }
    let zero = splat(0.0);
    return Hidden(select(z, zero, z <= zero), select(zero, splat(1.0), z > zero));
}

// What four units of a hidden layer are multiplied with: elements `row * H + unit` to `+ 3` of its mask.
fn dropout_mask(model: u32, layer: u32, element: u32) -> vec4<f32> {
    if (DROPOUT == 0u || job.training == 0u) {
        return splat(1.0);
    }
    let own = step.models[model];
    let key = vec2<u32>(own.seed, 2u);
    var words = philox(vec4<u32>(own.epoch, step.step, layer, element / 4u), key);
    let offset = element % 4u;
    if (offset != 0u) {
        // A row of H units, 4 not dividing H, begins inside a block.
        let next = philox(vec4<u32>(own.epoch, step.step, layer, element / 4u + 1u), key);
        if (offset == 1u) {
            words = vec4<u32>(words.yzw, next.x);
        } else if (offset == 2u) {
            words = vec4<u32>(words.zw, next.xy);
        } else {
            words = vec4<u32>(words.w, next.xyz);
        }
    }
    return select(splat(0.0), splat(KEPT), words >= vec4<u32>(THRESHOLD));
}
