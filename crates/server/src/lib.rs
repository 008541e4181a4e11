//! The chassis every service stands on.
//!
//! An [`acceptor`](server) per process takes connections and deals them out to
//! worker threads. On each, a peer's first bytes tell what it speaks
//! ([`sniff`]): HTTP goes to actix, STOMP and everything that is upgraded to a
//! WebSocket goes to the thread's shard, which owns the socket from then on.
//! Facts come in by one door, [`ingest`].

mod acceptor;
mod addresses;
mod bind;
pub mod chassis;
mod compression;
mod connections;
mod hang_up;
pub mod http;
pub mod ingest;
mod log_reader;
pub mod metrics;
pub mod native;
mod new_connection;
pub mod origin;
pub mod query;
pub mod refusals;
pub mod rest;
pub mod server;
pub mod service;
mod shard;
pub mod sniff;
mod sockjs;
mod spin;
mod stage;
pub mod stream;
#[cfg(feature = "testing")]
pub mod testing;
pub mod tls;
mod upgrade;
mod worker;

pub use addresses::{AddressPermit, Addresses};
pub use bind::{Bind, BindError, ListenAddress};
pub use chassis::{Chassis, ChassisConfig, ChassisParts, ConnectionIds, Readiness, STOMP_LIMIT_NAMES};
pub use compression::Compression;
pub use connections::{ConnectionPermit, Connections};
pub use http::host::Hosts;
pub use ingest::{Ingest, IngestError, IngestReport, Ingested, Ingesting};
pub use log_reader::LogReader;
pub use metrics::Metrics;
pub use native::{Action, Followed, NativeEndpoint, NativeSession};
pub use origin::Origins;
pub use query::Query;
pub use server::Server;
pub use service::{Defaults, Endpoint, Service, SocketRoute, StompMount, StompMounts};
