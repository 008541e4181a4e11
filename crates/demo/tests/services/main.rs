//! What whoever watches a service sees of the demo.

mod feed;
mod hub;
mod one_log;
mod pipeline;
mod ranks;
mod trading;
mod trouble;
mod world;
