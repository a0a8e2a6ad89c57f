//! The training loop: plan, train, evaluate, record, decide; checkpoints and early stopping.
