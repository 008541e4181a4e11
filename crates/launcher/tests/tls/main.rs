//! Listeners that speak TLS: everything works there as it does without, and nothing else works there; and
//! their certificate is replaced while they serve.

#[path = "../support/mod.rs"]
mod support;

mod analytics;
mod handshake;
mod hub;
mod pair;
mod records;
mod refused;
mod reload;
mod services;
mod tunnel;
