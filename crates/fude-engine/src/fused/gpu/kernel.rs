//! Shaders as pipelines, and their buffers bound by the names that they have in WGSL.

use super::open::Gpu;
use crate::EngineError;
use fude_kernels::Shader;
use fude_kernels::reflect::{Access, Binding, Reflection};
use std::collections::BTreeMap;

/// The group whose only binding is the step, at an offset that changes from step to step.
const STEP_GROUP: u32 = 0;
/// The group of everything else.
const GROUP: u32 = 1;

/// A shader with its overridable constants set.
#[derive(Debug)]
pub(super) struct Kernel {
    pub(super) name: &'static str,
    pub(super) reflection: Reflection,
    pub(super) pipeline: wgpu::ComputePipeline,
    layouts: [wgpu::BindGroupLayout; 2],
}

/// Buffers by the names that shaders have for them.
pub(super) type Buffers = BTreeMap<&'static str, wgpu::Buffer>;

impl Kernel {
    /// Compiles a shader; constants that it does not have are left out.
    pub(super) fn new(gpu: &Gpu, shader: &Shader, constants: &[(&str, f64)]) -> Result<Self, EngineError> {
        let reflection =
            Reflection::of(shader).map_err(|error| EngineError::Device(format!("{}: {error}", shader.name)))?;
        let layouts = [STEP_GROUP, GROUP].map(|group| layout(gpu, &reflection.bindings, group));
        let pipeline_layout = gpu.device.create_pipeline_layout(&wgpu::PipelineLayoutDescriptor {
            label: Some(shader.name),
            bind_group_layouts: &[Some(&layouts[0]), Some(&layouts[1])],
            immediate_size: 0,
        });
        let module = gpu.device.create_shader_module(wgpu::ShaderModuleDescriptor {
            label: Some(shader.name),
            source: wgpu::ShaderSource::Wgsl(shader.text.into()),
        });
        let known = |name: &str| reflection.overrides.iter().any(|constant| constant == name);
        let constants: Vec<(&str, f64)> = constants.iter().copied().filter(|(name, _)| known(name)).collect();
        let pipeline = gpu.device.create_compute_pipeline(&wgpu::ComputePipelineDescriptor {
            label: Some(shader.name),
            layout: Some(&pipeline_layout),
            module: &module,
            entry_point: Some("main"),
            // Shaders write what they read of workgroup memory.
            compilation_options: wgpu::PipelineCompilationOptions {
                constants: &constants,
                zero_initialize_workgroup_memory: false,
            },
            cache: None,
        });
        gpu.require_sound()?;
        Ok(Self { name: shader.name, reflection, pipeline, layouts })
    }

    /// Binds the step's buffer; which step it is is said when the group is set.
    pub(super) fn bind_step(&self, gpu: &Gpu, steps: &wgpu::Buffer) -> wgpu::BindGroup {
        let bytes = self.reflection.structs["Step"].bytes.into();
        let resource = wgpu::BindingResource::Buffer(wgpu::BufferBinding {
            buffer: steps,
            offset: 0,
            size: wgpu::BufferSize::new(bytes),
        });
        gpu.device.create_bind_group(&wgpu::BindGroupDescriptor {
            label: Some("step"),
            layout: &self.layouts[0],
            entries: &[wgpu::BindGroupEntry { binding: 0, resource }],
        })
    }

    /// Binds every buffer of the shader by its name, and the job at an offset of its own.
    pub(super) fn bind(&self, gpu: &Gpu, buffers: &Buffers, job_offset: u64) -> wgpu::BindGroup {
        let entries: Vec<_> = self
            .reflection
            .bindings
            .iter()
            .filter(|binding| binding.group == GROUP)
            .map(|binding| wgpu::BindGroupEntry {
                binding: binding.number,
                resource: wgpu::BindingResource::Buffer(wgpu::BufferBinding {
                    buffer: &buffers[binding.name.as_str()],
                    offset: if binding.name == "job" { job_offset } else { 0 },
                    size: (binding.access == Access::Uniform)
                        .then(|| wgpu::BufferSize::new(binding.bytes.into()))
                        .flatten(),
                }),
            })
            .collect();
        gpu.device.create_bind_group(&wgpu::BindGroupDescriptor {
            label: Some(self.name),
            layout: &self.layouts[1],
            entries: &entries,
        })
    }
}

/// The layout of a group, as the shader declares it.
fn layout(gpu: &Gpu, bindings: &[Binding], group: u32) -> wgpu::BindGroupLayout {
    let entries: Vec<_> = bindings
        .iter()
        .filter(|binding| binding.group == group)
        .map(|binding| wgpu::BindGroupLayoutEntry {
            binding: binding.number,
            visibility: wgpu::ShaderStages::COMPUTE,
            ty: wgpu::BindingType::Buffer {
                ty: match binding.access {
                    Access::Uniform => wgpu::BufferBindingType::Uniform,
                    Access::Read => wgpu::BufferBindingType::Storage { read_only: true },
                    Access::Write => wgpu::BufferBindingType::Storage { read_only: false },
                },
                has_dynamic_offset: group == STEP_GROUP,
                min_binding_size: wgpu::BufferSize::new(binding.bytes.into()),
            },
            count: None,
        })
        .collect();
    gpu.device.create_bind_group_layout(&wgpu::BindGroupLayoutDescriptor { label: None, entries: &entries })
}
