//! Everything that a step's dispatches need beside the weights: buffers for a batch, bind groups, sizes of dispatches.

use super::grid::Grid;
use super::kernel::Buffers;
use super::kernels::Kernels;
use super::look::Look;
use super::open::Gpu;
use super::places::{Places, Rows};
use super::record::{Record, bytes_of};
use super::schedule::{Dispatch, Tail};
use super::sizes::{notes, sizes};
use crate::EngineError;
use fude_kernels::reflect::Struct;
use std::collections::BTreeMap;
use std::sync::Arc;

/// Uniform offsets are multiples of this in WebGPU's default limits.
const ALIGNMENT: u64 = 256;

/// What a workspace is made for.
#[derive(Clone, Debug)]
pub(super) struct Purpose {
    pub(super) tail: Tail,
    /// Whether hidden layers are normalised.
    pub(super) normalizes: bool,
    pub(super) dispatches: Vec<Dispatch>,
    /// B at most.
    pub(super) batch: usize,
    /// Models that a dispatch works on.
    pub(super) models: usize,
    /// In training, the images of a model's permutation.
    pub(super) permutation: Option<usize>,
    /// Steps whose numbers are on the GPU at once.
    pub(super) steps: usize,
    /// What happens to images and targets.
    pub(super) look: Look,
    /// Whether the images of a submission's rows are uploaded with it, for not all fit on the GPU.
    pub(super) gathered: bool,
}

impl Purpose {
    /// Rows of a model that are uploaded with a submission.
    pub(super) fn slots(&self) -> usize {
        self.steps * self.batch
    }
}

/// Buffers for a batch, and the dispatches that use them.
pub(super) struct Workspace {
    pub(super) purpose: Purpose,
    pub(super) rows: Rows,
    pub(super) buffers: Buffers,
    /// In the order of the purpose's dispatches.
    groups: Vec<wgpu::BindGroup>,
    grids: Vec<Grid>,
    step_group: wgpu::BindGroup,
    step_bytes: u64,
    structs: Arc<BTreeMap<String, Struct>>,
}

impl Workspace {
    pub(super) fn new(gpu: &Gpu, kernels: &Kernels, places: &Places, purpose: Purpose) -> Result<Self, EngineError> {
        let rows = Rows::new(places, purpose.batch, purpose.normalizes, purpose.look.floats());
        let structs = Arc::clone(&kernels.structs);
        let step_bytes = u64::from(structs["Step"].bytes).next_multiple_of(ALIGNMENT);
        let mut buffers = Buffers::new();
        for (name, bytes) in sizes(places, &purpose, &rows, kernels) {
            if bytes > gpu.largest_binding() {
                let most = gpu.largest_binding() >> 20;
                let why = format!("needs {} MB for '{name}', a shader of this GPU sees {most}", bytes >> 20);
                return Err(EngineError::Unsupported { engine: "fused", why });
            }
            buffers.insert(name, gpu.storage(name, bytes)?);
        }
        let network = bytes_of(&network(&structs, kernels, places, &purpose, &rows));
        for (name, bytes) in [
            ("network", network.len() as u64),
            ("job", ALIGNMENT * purpose.dispatches.len() as u64),
            ("step", step_bytes * purpose.steps as u64),
        ] {
            use wgpu::BufferUsages as Usage;
            buffers.insert(name, gpu.buffer(name, bytes, Usage::UNIFORM | Usage::COPY_DST)?);
        }
        gpu.queue.write_buffer(&buffers["network"], 0, &network);
        let first = kernels.first().ok_or_else(|| EngineError::Device("there is nothing to dispatch".into()))?;
        let step_group = first.bind_step(gpu, &buffers["step"]);
        let grids = purpose.dispatches.iter().map(|dispatch| Grid::of(dispatch, places, &purpose, kernels)).collect();
        let groups = Vec::new();
        let workspace = Self { purpose, rows, buffers, groups, grids, step_group, step_bytes, structs };
        workspace.use_model(gpu, 0);
        gpu.require_sound()?;
        Ok(workspace)
    }

    /// Binds the workspace's buffers and those of others, weights and images, to every dispatch.
    pub(super) fn bind(&mut self, gpu: &Gpu, kernels: &Kernels, others: &[&Buffers]) -> Result<(), EngineError> {
        let mut all = self.buffers.clone();
        for buffers in others {
            all.extend(buffers.iter().map(|(name, buffer)| (*name, buffer.clone())));
        }
        if self.purpose.gathered {
            all.insert("images", self.buffers["gathered"].clone());
        }
        let bind =
            |(index, dispatch): (usize, &Dispatch)| kernels.of(dispatch.work).bind(gpu, &all, index as u64 * ALIGNMENT);
        self.groups = self.purpose.dispatches.iter().enumerate().map(bind).collect();
        gpu.require_sound()
    }

    /// Writes the dispatches' jobs, for models from `first` on.
    pub(super) fn use_model(&self, gpu: &Gpu, first: usize) {
        let gap = (ALIGNMENT / 4) as usize;
        let mut words = vec![0; gap * self.purpose.dispatches.len()];
        for (dispatch, words) in self.purpose.dispatches.iter().zip(words.chunks_exact_mut(gap)) {
            Record::new(&self.structs["Job"], words)
                .set("layer", dispatch.layer)
                .set("slices", dispatch.slices.count)
                .set("slice", dispatch.slices.length)
                .set("half", self.purpose.tail.half)
                .set("training", usize::from(self.purpose.permutation.is_some()))
                .set("notes", notes(self.purpose.batch))
                .set("model", first)
                .set("gathered", usize::from(self.purpose.gathered));
        }
        gpu.queue.write_buffer(&self.buffers["job"], 0, &bytes_of(&words));
    }

    /// Writes the numbers of steps, each by `write(index, step, model's step)`.
    pub(super) fn write_steps(&self, gpu: &Gpu, count: usize, write: impl Fn(usize, &mut StepRecord)) {
        let gap = (self.step_bytes / 4) as usize;
        let mut words = vec![0; gap * count];
        for (index, words) in words.chunks_exact_mut(gap).enumerate() {
            let step = Record::new(&self.structs["Step"], words);
            write(index, &mut StepRecord { step, model: &self.structs["ModelStep"] });
        }
        gpu.queue.write_buffer(&self.buffers["step"], 0, &bytes_of(&words));
    }

    /// Records dispatches of the step whose numbers are at `index`, and which has `rows` rows.
    pub(super) fn record(
        &self,
        kernels: &Kernels,
        pass: &mut wgpu::ComputePass<'_>,
        dispatches: std::ops::Range<usize>,
        index: usize,
        rows: usize,
    ) {
        pass.set_bind_group(0, &self.step_group, &[(index as u64 * self.step_bytes) as u32]);
        for number in dispatches {
            pass.set_pipeline(&kernels.of(self.purpose.dispatches[number].work).pipeline);
            pass.set_bind_group(1, &self.groups[number], &[]);
            let [x, y, z] = self.grids[number].workgroups(rows);
            pass.dispatch_workgroups(x, y, z);
        }
    }

    /// Bytes held, beside what others hold.
    pub(super) fn bytes(&self) -> u64 {
        self.buffers.values().map(wgpu::Buffer::size).sum()
    }
}

/// The numbers of a step.
pub(super) struct StepRecord<'a> {
    pub(super) step: Record<'a>,
    model: &'a Struct,
}

impl StepRecord<'_> {
    /// One model's part.
    pub(super) fn model(&mut self, index: usize) -> Record<'_> {
        self.step.element("models", index, self.model)
    }
}

/// The words of `Network`.
fn network(
    structs: &BTreeMap<String, Struct>,
    kernels: &Kernels,
    places: &Places,
    purpose: &Purpose,
    rows: &Rows,
) -> Vec<u32> {
    let mut words = vec![0; structs["Network"].bytes as usize / 4];
    let mut record = Record::new(&structs["Network"], &mut words);
    record
        .set("layers", places.layers.len())
        .set("batch", rows.batch)
        .set("images", purpose.permutation.unwrap_or(0))
        .set("words", places.words())
        .set("weights", places.weights)
        .set("transposed", places.transposed)
        .set("inputs", rows.input_stride)
        .set("deltas", rows.delta_stride)
        .set("slots", purpose.slots());
    if let Some(warp) = &purpose.look.warp {
        record.set("height", warp.height).set("width", warp.width);
        if let Some(elastic) = &warp.elastic {
            record.set("row_points", elastic.row_points).set("column_points", elastic.column_points);
        }
    }
    let mut tile = 0;
    for (index, place) in places.layers.iter().enumerate() {
        record
            .element("layer", index, &structs["Layer"])
            .set("inputs", place.inputs)
            .set("outputs", place.outputs)
            .set("input_quads", place.input_quads)
            .set("output_quads", place.output_quads)
            .set("back_quads", place.back_quads)
            .set("weight", place.weight)
            .set("transposed", place.transposed)
            .set("input", rows.inputs[index])
            .set("delta", rows.deltas[index])
            .set("normalized", rows.normalized[index])
            .set("tile", tile);
        tile += kernels.tiles.of(place);
    }
    words
}
