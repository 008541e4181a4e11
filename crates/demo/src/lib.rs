//! The demo: a made-up market that sets every service of the hub in motion
//! where no real one is connected.
//!
//! [`Market`] makes the items and [`Trader`] the auto-trader's commands, both
//! without a clock and without I/O; [`Feed`] passes the time that went by and
//! takes what comes out to the doors through which everybody's items and
//! commands come. All dice of the hub are in this crate.

mod config;
mod feed;
mod market;

pub use config::DemoConfig;
pub use feed::Feed;
#[cfg(feature = "autotrader")]
pub use market::Trader;
pub use market::{BATCH_MAX_ITEMS, Batch, Market, STEP_MAX};
