//! What the benchmarks share.

pub mod load;
pub mod process;
pub mod stats;
