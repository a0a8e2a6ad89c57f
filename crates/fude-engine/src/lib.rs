//! Engines that train: Burn's autodiff and the fused step, on a GPU or the CPU; device probing and choice.
