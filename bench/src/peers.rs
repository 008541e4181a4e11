//! Servers that are measured beside each other.

mod carrier;
mod found;
mod server;

pub use carrier::{Carrier, Ids};
pub use server::{Options, Program, SERVER_CORE, Server, pin};
