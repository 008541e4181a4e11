//! Compressed messages on the hub's `WebSockets`: what is agreed to, what is compressed and for whom, and what a
//! client can do wrong with it.

#[path = "../support/mod.rs"]
mod support;

mod agreement;
mod clients;
mod shared;
