//! Relay queues: each message goes to one consumer, and again until somebody has acknowledged it.

#[path = "../support/mod.rs"]
mod support;

mod acknowledge;
mod consumer;
mod full;
mod leave;
mod once;
mod random;
mod room;
mod wires;

use hub_testkit::process::HubProcess;

const QUEUE: &str = "/queue/relay/x";

/// One where clients may SEND.
fn hub(settings: &[(&str, &str)]) -> HubProcess {
    support::hub(&[&[("RELAY__CLIENT_SEND", "true")], settings].concat())
}
