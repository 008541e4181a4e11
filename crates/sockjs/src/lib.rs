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
//! A [`Session`] outlives the HTTP requests of its client: frames go out by one
//! [`Response`] after another, each written as its transport's [`Framing`]
//! wants it. Time comes in as an argument, and everything is bounded by
//! [`Limits`].
//!
//! With feature `actix` there is a complete server for any actix-web
//! application: see the module of that name.

#[cfg(feature = "actix")]
pub mod actix;
pub mod callback;
pub mod cookie;
pub mod form;
pub mod frame;
pub mod framing;
pub mod iframe;
pub mod info;
pub mod limits;
pub mod path;
pub mod receive;
pub mod response;
pub mod session;

pub use callback::Callback;
pub use frame::Messages;
pub use framing::Framing;
pub use limits::Limits;
pub use path::{Route, Transport};
pub use response::{Part, Response};
pub use session::Session;
