//! Real-socket clients, slow peers and a running hub, for tests.
//!
//! Everything here blocks on `std::net` and is written from the RFCs and the STOMP specifications,
//! independently of `hub-ws`, `hub-sockjs` and `hub-stomp`: a bug in one of those is not repeated here, so it
//! can't hide.
//! The clients are strict readers; whatever a server must not send is an [`Error`], not tolerated.
//!
//! Nothing waits for ever and nothing waits and hopes: every wait has a deadline, and an [`Error`] says
//! what was awaited and what came instead. Half a frame that came before a deadline passed is not lost:
//! the next call goes on with it.
//!
//! - [`http`]: one request, or many on one connection.
//! - [`ws`]: a WebSocket, RFC 6455.
//! - [`sockjs`]: `SockJS` over a WebSocket.
//! - [`stomp`]: STOMP 1.0 to 1.2 over a WebSocket, `SockJS` or raw TCP.
//! - [`slow`]: a peer that doesn't read, a peer that sends byte by byte.
//! - [`process`]: the hub's binary with a configuration and a data directory of its own.
//! - [`wait`]: until a condition holds.
//! - [`LogLines`]: what is logged.
//!
//! ```no_run
//! use hub_testkit::http;
//! use hub_testkit::process::HubProcess;
//! use hub_testkit::stomp::{Carrier, StompClient, StompOptions};
//! use hub_testkit::ws::WsOptions;
//!
//! let config = "[analytics]\nbind = \"127.0.0.1:0\"\n[log]\npath = \"{data}/hub.db\"\n";
//! let hub = HubProcess::spawn("target/debug/pms-hub".as_ref(), config, &[], &[])?;
//! let analytics = hub.addr("analytics")?;
//!
//! let carrier = Carrier::websocket(analytics, "/ws/websocket", &WsOptions::default())?;
//! let mut stomp = StompClient::connect(carrier, &StompOptions::default())?;
//! stomp.subscribe("sub-0", "/topic/position-update", &[("receipt", "ready")])?;
//! stomp.await_receipt("ready")?;
//!
//! let item = serde_json::json!({"symbol": "INFY", "price": 1500.25});
//! assert_eq!(http::post_json(analytics, "/api/ingest/prices", &item)?.status, 200);
//! let update = stomp.next_message("sub-0")?.json()?;
//! # Ok::<(), hub_testkit::Error>(())
//! ```

mod buffer;
mod deadline;
mod decimal;
mod error;
pub mod http;
mod log_lines;
mod nonce;
pub mod process;
pub mod slow;
mod socket;
pub mod sockjs;
pub mod stomp;
pub mod wait;
pub mod ws;

pub use deadline::DEFAULT_DEADLINE;
pub use error::{Error, Result};
pub use log_lines::LogLines;
pub use socket::{OverSocket, Socket};
