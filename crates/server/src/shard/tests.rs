//! The shard below the sockets: its peers are streams in memory, and time is
//! what the test says it is.

mod chassis;
mod clock;
mod defaults;
mod document;
mod ending;
mod feed;
mod model;
mod peer;
mod queue;
mod relay;
mod sharing;
mod sockjs;
mod state;
mod still_log;
mod topics;
mod turns;
mod world;
mod writes;
