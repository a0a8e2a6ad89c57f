//! The functions that shaders share, each by itself.

use super::close::{Expected, Ledger, wide};
use crate::EngineError;
use crate::fused::gpu::Gpu;
use crate::fused::gpu::kernel::{Buffers, Kernel};
use crate::fused::gpu::read::read;
use crate::fused::gpu::record::{Record, bytes_of, bytes_of_floats, floats_of, words_of};
use fude_kernels::{activation, shader};
use fude_model::Activation;
use fude_random::philox4x32;

/// Quads of numbers: enough for steps of 1/64 from -32 to 32.
const QUADS: usize = 1024;
const NAME: &str = "probe";

/// The counters and keys of Philox's published known answers, then others.
fn counters() -> Vec<[u32; 8]> {
    let ones = u32::MAX;
    let mut all = vec![
        [0; 8],
        [ones, ones, ones, ones, ones, ones, 0, 0],
        [0x243f_6a88, 0x85a3_08d3, 0x1319_8a2e, 0x0370_7344, 0xa409_3822, 0x299f_31d0, 0, 0],
    ];
    all.extend((3..QUADS as u32).map(|i| [i, i * 7, ones - i, i << 16, 42, i % 3, 0, 0]));
    all
}

/// Compares every shared function, with each activation.
pub(super) fn check(gpu: &Gpu, ledger: &mut Ledger) -> Result<(), EngineError> {
    let numbers: Vec<f32> = (0..4 * QUADS as i32).map(|i| (i - 2 * QUADS as i32) as f32 / 64.0).collect();
    let kinds = [Activation::Relu, Activation::Gelu, Activation::Tanh];
    for (number, kind) in kinds.into_iter().enumerate() {
        let (values, words) = run(gpu, number, &numbers)?;
        let drawn: Vec<f64> = words.iter().map(|&word| f64::from(word)).collect();
        let expected: Vec<f64> =
            counters().iter().flat_map(|c| philox4x32([c[0], c[1], c[2], c[3]], [c[4], c[5]])).map(f64::from).collect();
        ledger.compare_exactly(NAME, "philox", &drawn, &expected);
        let parts: Vec<&[f64]> = values.chunks_exact(4 * QUADS).collect();
        for (part, (what, f, tolerance)) in parts.iter().zip(functions(kind)) {
            let twin = |&x: &f32| {
                let value = f(f64::from(x));
                Expected { value, tolerance: tolerance(f64::from(x), value) }
            };
            let expected: Vec<_> = numbers.iter().map(twin).collect();
            ledger.compare(NAME, what, part, &expected);
        }
    }
    Ok(())
}

/// A function's name, its twin, and what it may be off by at x where the twin's value is y.
type Function = (&'static str, Box<dyn Fn(f64) -> f64>, fn(f64, f64) -> f64);

/// In the shader's order. Tolerances are twice what the polynomials' sources claim, for the rounding of their terms.
fn functions(kind: Activation) -> [Function; 7] {
    [
        ("exp", Box::new(f64::exp), |_, y| 4e-7 * y),
        ("tanh", Box::new(f64::tanh), |_, y| 6e-7 * y.abs()),
        ("normal integral", Box::new(activation::normal_integral), |_, _| 3e-7),
        ("normal density", Box::new(density), |_, y| 3e-6 * y + 1e-37),
        ("ln(1 + x)", Box::new(|x: f64| x.abs().ln_1p()), |_, y| 4e-7 * y),
        ("activation", Box::new(move |x| activation::value(kind, x)), |x, y| 4e-7 * (x.abs() + y.abs())),
        ("slope", Box::new(move |x| activation::derivative(kind, x)), |x, _| 1e-6 * (1.0 + x.abs())),
    ]
}

fn density(x: f64) -> f64 {
    (-x * x / 2.0).exp() / (2.0 * std::f64::consts::PI).sqrt()
}

/// Values `[7, 4 QUADS]` of all functions, and Philox's words.
fn run(gpu: &Gpu, kind: usize, numbers: &[f32]) -> Result<(Vec<f64>, Vec<u32>), EngineError> {
    let kernel = Kernel::new(gpu, &shader::PROBE, &[("ACTIVATION", kind as f64)])?;
    let words = |name: &str| vec![0; kernel.reflection.structs[name].bytes as usize / 4];
    let mut job = words("Job");
    Record::new(&kernel.reflection.structs["Job"], &mut job).set("slice", QUADS);
    use wgpu::BufferUsages as Usage;
    let mut buffers = Buffers::new();
    let values = bytes_of_floats(numbers);
    let counters = bytes_of(&counters().concat());
    for (name, content, usage) in [
        ("step", bytes_of(&words("Step")), Usage::UNIFORM),
        ("network", bytes_of(&words("Network")), Usage::UNIFORM),
        ("job", bytes_of(&job), Usage::UNIFORM),
        ("numbers", values, Usage::STORAGE),
        ("counters", counters, Usage::STORAGE),
        ("values", vec![0; 7 * 16 * QUADS], Usage::STORAGE | Usage::COPY_SRC),
        ("words", vec![0; 16 * QUADS], Usage::STORAGE | Usage::COPY_SRC),
    ] {
        let buffer = gpu.buffer(name, content.len() as u64, usage | Usage::COPY_DST)?;
        gpu.queue.write_buffer(&buffer, 0, &content);
        buffers.insert(name, buffer);
    }
    let (step, group) = (kernel.bind_step(gpu, &buffers["step"]), kernel.bind(gpu, &buffers, 0));
    let mut encoder = gpu.device.create_command_encoder(&Default::default());
    let mut pass = encoder.begin_compute_pass(&Default::default());
    pass.set_pipeline(&kernel.pipeline);
    pass.set_bind_group(0, &step, &[0]);
    pass.set_bind_group(1, &group, &[]);
    pass.dispatch_workgroups((QUADS as u32).div_ceil(kernel.reflection.workgroup[0]), 1, 1);
    drop(pass);
    gpu.queue.submit([encoder.finish()]);
    let values = read(gpu, &buffers["values"], 0, buffers["values"].size())?;
    let words = read(gpu, &buffers["words"], 0, buffers["words"].size())?;
    Ok((wide(&floats_of(&values)), words_of(&words)))
}
