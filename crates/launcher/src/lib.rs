//! The binary `pms-hub`: configuration, wiring, command line.
//!
//! This is the only crate that knows all services and chooses a log. Everything
//! it wires is in [`hub`]; what it does over time is in [`serve`].

pub mod address;
pub mod banner;
pub mod certificate;
pub mod config;
pub mod descriptors;
pub mod gateway;
pub mod healthcheck;
pub mod hub;
pub mod listeners;
pub mod log_file;
pub mod serve;
pub mod start_error;
pub mod ticker;
pub mod wiring;
