//! What a start promises who operates the hub: where it can be reached, and what it says.

#[path = "../support/mod.rs"]
mod support;

mod addresses;
mod refused;
mod told;
