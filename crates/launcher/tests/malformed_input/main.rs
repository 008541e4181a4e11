//! Bad input at every door: it is answered by what is wrong, the connection ends as documented, and nobody
//! else notices.

#[path = "../support/mod.rs"]
mod support;

mod http;
mod in_turn;
mod limits;
mod names;
mod silence;
mod stomp;
mod unfinished;
mod websocket;
