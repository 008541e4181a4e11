//! `SockJS` 0.3.3, the server's side, without I/O.
//!
//! `SockJS` gives browsers something like a WebSocket over whatever works: a
//! WebSocket, or a number of HTTP transports. Whatever carries them, the
//! server sends *frames* ([`frame`]) and the client sends arrays of messages
//! ([`receive`]); where everything is found is told by [`path`] and [`info`].
//!
//! ```
//! use hub_sockjs::{Messages, receive};
//!
//! let mut messages = Messages::default();
//! messages.push("CONNECTED\n\n\0");
//! messages.push("\u{1f600}");
//! assert_eq!(messages.finish(), br#"a["CONNECTED\n\n\u0000","\ud83d\ude00"]"#);
//! assert_eq!(receive::messages(r#"["SEND\n\n\u0000"]"#)?, ["SEND\n\n\0"]);
//! # Ok::<(), hub_sockjs::receive::BrokenJson>(())
//! ```
//!
//! # What is not here yet
//!
//! Of the transports only `websocket` and the raw WebSocket; the sessions of
//! the HTTP transports and the iframe pages come with them.

#[cfg(feature = "actix")]
pub mod actix;
pub mod frame;
pub mod info;
pub mod path;
pub mod receive;

pub use frame::Messages;
pub use path::{Route, Transport};
