//! What whoever watches a service sees of the demo.

mod config;
mod pipeline;
mod ranks;
mod world;
