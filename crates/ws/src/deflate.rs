//! The permessage-deflate extension (RFC 7692), server side.
//!
//! - [`Settings`] and [`negotiate`]: what is agreed to of what a client offers.
//! - [`Inflater`]: what compressed messages are read with, handed to
//!   [`Connection::receive`](crate::Connection::receive).
//! - [`Deflater`]: what outbound messages are compressed with.
//!
//! Both are large (tens to hundreds of KiB) and belong to a thread, not to a connection: between messages they
//! remember nothing. What "context takeover" (section 7.1.1) has to remember of one connection is its
//! [`Window`]: the last bytes that went one way, from which a dictionary is made for the next message. So a
//! connection costs what it has said, at most 32 KiB a direction, and nothing where takeover was not agreed
//! to. A message that is compressed without a window fits every connection with the same window size: it is
//! compressed once and shared. Of messages that differ in their beginning alone, the rest is, by
//! [`Deflater::compress_tail`] and [`frame::write_spliced`](crate::frame::write_spliced).

mod deflater;
mod inflater;
mod negotiation;
pub(crate) mod stored;
mod window;

pub use deflater::Deflater;
pub use inflater::Inflater;
pub use negotiation::{Agreement, BadExtensions, Settings, negotiate};
pub use window::{Window, WindowBits};

/// End of a sender's flush, which the wire leaves out: an empty block that isn't compressed, but for its first three
/// bits (section 7.2.1).
const FLUSH_END: [u8; 4] = [0x00, 0x00, 0xff, 0xff];
