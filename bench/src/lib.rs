//! Parts that several benchmarks use.

pub mod body;
pub mod driver;
pub mod frames;
pub mod identity;
pub mod latency;
pub mod load;
pub mod opening;
pub mod pairs;
pub mod peers;
pub mod process;
pub mod stamp;
pub mod stats;
pub mod table;
pub mod walker;
