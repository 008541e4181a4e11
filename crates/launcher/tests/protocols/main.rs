//! What clients speak to the hub: STOMP over WebSockets and TCP, relays, and plain HTTP.

#[path = "../support/mod.rs"]
mod support;

mod http;
mod relay;
mod sessions;
mod topics;
