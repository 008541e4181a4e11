#![doc = include_str!("../README.md")]
//!
//! ## Where to begin
//!
//! - [`frame`] and [`receive`]: frames to the client, messages from it.
//! - [`path`], [`info`], [`iframe`], [`cookie`]: URLs, and the answers that need no session.
//! - [`Session`]: the messages of one client over [`Response`]s of any [`Framing`], bounded by [`Limits`].
//! - `actix` (feature `actix`): the server.

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
