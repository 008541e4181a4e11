#![doc = include_str!("../README.md")]
//!
//! ## Where to begin
//!
//! - [`handshake`]: the checks of an upgrade request, and the answer to it.
//! - [`Connection`]: messages that arrive after the handshake, and the closing handshake. It stands on [`Decoder`],
//!   which reads into nothing of its own.
//! - [`frame`]: outbound frames, encoded once.
//! - [`deflate`]: permessage-deflate (RFC 7692). Where it was not agreed, a reserved bit is a protocol error.

mod assembly;
mod close;
mod connection;
mod decode;
pub mod deflate;
mod failure;
pub mod frame;
pub mod handshake;
mod header;
mod input;
pub mod mask;
mod message;
mod opcode;

pub use close::CloseCode;
pub use connection::Connection;
pub use decode::Decoder;
pub use failure::Failure;
pub use input::Input;
pub use message::Incoming;
pub use opcode::OpCode;
