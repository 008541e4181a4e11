//! What clients speak to the hub: STOMP over WebSocket and TCP, relays, and plain HTTP.

#[path = "../support/mod.rs"]
mod support;

mod http;
mod relay;
mod sessions;
mod topics;
