//! Parts that several benchmarks use.

pub mod body;
pub mod frames;
pub mod identity;
pub mod load;
pub mod process;
pub mod stats;
