//! Trading sessions: capital, trades, live P&L and trade events.
//!
//! ```text
//! REST command -> log -> projection -> ledger (sessions, orders, exits) -> state
//! price --------> log ------^            |             |-- settle --> AutotraderReads
//!                                        `-- tell -> feed         REST | documents
//!                                                     `--- /ws/auto-trader ---'
//! ```
//!
//! A command is logged as it was taken in; whether it can be done, the id it
//! gives, and every exit by stop loss or target are derived when it or a price
//! is applied. A caller is answered with what its record led to, by
//! [`State::answer`].

mod answers;
mod balance;
mod desk;
mod documents;
mod http;
mod json;
mod ledger;
mod memory;
mod messages;
mod percent;
mod projection;
mod quote;
mod reads;
mod session;
mod socket;
mod state;
mod trade;
mod triggers;

use hub_core::TopicName;
use hub_fanout::{Catalog, published};

pub use answers::{Answer, CompletedCommand};
pub use desk::{CommandError, Desk};
pub use http::routes;
pub use percent::Percent;
pub use projection::AutotraderProjection;
pub use quote::Quote;
pub use reads::AutotraderReads;
pub use session::Session;
pub use socket::endpoints;
pub use state::State;
pub use trade::{Exit, ExitReason, Trade};

/// Adds the feed of trade events to the catalog. Returns the projection that
/// tells them and the way to read what it has applied.
pub fn register(catalog: &mut Catalog) -> (AutotraderProjection, AutotraderReads) {
    let feed = catalog.feed(topic("/topic/auto-trader/trades"));
    let (writer, states) = published(State::default());
    (AutotraderProjection::new(feed, writer), AutotraderReads { states, feed })
}

fn topic(name: &'static str) -> TopicName {
    name.parse().expect("a constant that is a topic name")
}
