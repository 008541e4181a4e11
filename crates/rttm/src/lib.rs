//! The trade pipeline watched (RTTM): rates, stages, latencies, queues, dead
//! letters, alerts, and the way of each trade.
//!
//! ```text
//! record -> projection -> identity (seen before?)
//!                         |-- trades   (each one's way) -> latencies
//!                         |-- pipeline (windows)
//!                         |-- dlq, dead_letters, queues
//!                         `-- alerts   (at each second of log time)
//! settle -> State -> REST;  flush -> State -> documents (sockets)
//! ```
//!
//! Windows are rings of buckets over log time, an event counts in the bucket
//! of its own time, and time moves bucket by bucket: what is shown is a
//! function of the log, whether ticks, load or a night lie between two
//! records. Memory is bounded whatever the load; each structure says how.
//!
//! Dead letters come from the pipeline (RT-IN-3) and from the hub itself:
//! whatever it rejected, at the door or by a rule of any service, counts under
//! `INGEST` and can be looked at. Re-drive and discard are not served yet.

mod alerts;
mod config;
mod dead_letters;
mod distribution;
mod dlq;
mod documents;
mod endpoints;
mod host;
mod http;
mod hundredths;
mod identity;
mod memory;
mod pipeline;
mod projection;
mod queues;
mod reason;
mod state;
mod trades;
mod window;
mod wire;

use std::sync::Arc;

use hub_server::Service;

pub use alerts::{Alert, AlertBoard, Metric, Severity};
pub use config::RttmConfig;
pub use dead_letters::DeadLetter;
pub use dlq::{Class, ClassKey, Origin};
pub use endpoints::sockets;
pub use host::{Cpu, HostMetrics, Network, Space, SystemMetrics};
pub use http::routes;
pub use hundredths::Hundredths;
pub use pipeline::{Numbers, StageNumbers};
pub use projection::RttmProjection;
pub use queues::{Queue, QueueKey};
pub use state::{RttmReads, State};
pub use trades::{Entry, Source, Trade};

/// The projection, which has to come last so that it sees what the others
/// rejected, and the way to read what it has applied. There are no STOMP
/// topics of the pipeline.
pub fn register() -> (RttmProjection, RttmReads) {
    projection::new()
}

/// The service, whose sockets show this host, too.
pub fn service(config: &RttmConfig, host: Arc<HostMetrics>) -> Service {
    let (projection, reads) = register();
    Service {
        projections: vec![Box::new(projection)],
        routes: routes(&reads),
        sockets: sockets(&reads, host),
        ..Service::new("rttm", "rttm", config.bind.clone(), config.tls)
    }
}
