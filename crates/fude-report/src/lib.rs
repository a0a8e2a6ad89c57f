//! Plots of run records.
