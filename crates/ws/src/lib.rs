//! The server side of the WebSocket protocol (RFC 6455), sans I/O.
//!
//! Bytes go in, messages and frames come out; the owner of the socket reads, writes and keeps the time.
//!
//! - [`handshake`]: is this HTTP request a WebSocket upgrade, and what answers it.
//! - [`Connection`]: what arrives after the handshake, and the closing handshake. It stands on
//!   [`Decoder`], which reads into nothing of its own: payloads are unmasked in the caller's buffer and
//!   lent from it. Only a message that does not lie whole in one read is copied together, into memory
//!   that grows with the bytes received, never with a length a peer announced, and that goes with the
//!   message. An idle connection holds no heap memory.
//! - [`frame`]: outbound frames as shareable bytes, encoded once and written to any number of sockets.
//!
//! - [`deflate`]: the extension permessage-deflate (RFC 7692). Where it was not agreed, a reserved bit is a
//!   protocol error.
//!
//! ```
//! use hub_ws::deflate::Inflater;
//! use hub_ws::handshake::{self, Chosen};
//! use hub_ws::{Connection, Incoming, Input, frame};
//!
//! // The upgrade request, header names in lower case.
//! let request = [
//!     ("upgrade", "websocket"),
//!     ("connection", "keep-alive, Upgrade"),
//!     ("sec-websocket-version", "13"),
//!     ("sec-websocket-key", "dGhlIHNhbXBsZSBub25jZQ=="),
//! ];
//! let values = |name: &str| {
//!     let name = name.to_owned();
//!     request.iter().filter(move |(n, _)| *n == name).map(|(_, value)| *value)
//! };
//! let upgrade = handshake::check("GET", values)?;
//! let head = handshake::response_head(&upgrade.accept(), Chosen::default());
//! assert!(head.starts_with(b"HTTP/1.1 101 "));
//!
//! // One read from the socket: "Hello" (RFC 6455, section 5.7), then a Close without a code.
//! let mut scratch = *b"\x81\x85\x37\xfa\x21\x3d\x7f\x9f\x4d\x51\x58\x88\x80\0\0\0\0";
//! let mut input = Input::new(&mut scratch);
//! let mut connection = Connection::new(1 << 20);
//! let (mut inflater, mut out) = (Inflater::default(), Vec::new());
//! while let Some(incoming) = connection.receive(&mut input, &mut inflater)? {
//!     match incoming {
//!         Incoming::Text(text) => out.push(frame::text(text.as_bytes())),
//!         Incoming::Ping(payload) => out.push(frame::pong(payload)),
//!         Incoming::Close(..) => out.extend(connection.close_reply()),
//!         Incoming::Binary(_) | Incoming::Pong(_) => {}
//!     }
//! }
//! assert_eq!(out, [&b"\x81\x05Hello"[..], &b"\x88\x00"[..]]);
//! assert!(connection.may_shut());
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

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
