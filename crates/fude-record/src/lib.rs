//! What a run leaves: experiment schema, events, run folder, metrics, summary.
