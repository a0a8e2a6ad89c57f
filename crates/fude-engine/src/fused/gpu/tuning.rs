//! How work is cut for a kind of GPU: a small table, reasoned and not timed at start.

use crate::AdapterKind;

/// Sizes that are chosen per adapter.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Tuning {
    /// Workgroups of 64 threads that a product should have at least; where its tiles are fewer, its depth is cut in
    /// slices. 48 are 3,072 threads: four waves of 32 for each of the 24 vector units of a 12-core integrated GPU.
    pub(crate) workgroups: u32,
    /// Groups of four rows that a workgroup of the tail takes. Two halve the weights that are read for each row; one
    /// gives twice as many workgroups, for a GPU with more cores than 16 groups of eight rows can fill.
    pub(crate) tail_groups: u32,
    /// Threads of a workgroup of the tail: 256 is WebGPU's default limit.
    pub(crate) tail_threads: u32,
    /// Most weights that the tail's layers may have together. Each of its workgroups reads all of them twice, by a
    /// single core: 65,536 are 0.5 MB, some 5 us from a second-level cache.
    pub(crate) tail_weights: usize,
}

impl Tuning {
    /// The table.
    pub(crate) fn of(kind: AdapterKind) -> Self {
        let integrated = Self { workgroups: 48, tail_groups: 2, tail_threads: 256, tail_weights: 65_536 };
        match kind {
            AdapterKind::Discrete => Self { workgroups: 192, tail_groups: 1, ..integrated },
            _ => integrated,
        }
    }
}
