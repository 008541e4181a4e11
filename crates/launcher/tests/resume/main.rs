//! Coming back with the last `resume`: nothing is lost, and nothing repeated that was settled, wherever the
//! connection was cut, across restarts too; and where that is impossible it is said.

#[path = "../support/mod.rs"]
mod support;

mod bell;
mod book;
mod crowd;
mod cuts;
mod cutter;
mod element;
mod fallback;
mod feed;
mod market;
mod picture;
mod poster;
mod reader;
mod restarts;
mod truth;
mod whereabouts;
