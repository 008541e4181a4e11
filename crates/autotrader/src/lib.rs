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
mod config;
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
mod schema;
mod session;
mod socket;
mod state;
mod trade;
mod triggers;

use hub_core::SymbolCase;
use hub_core::limits::Limits;
use hub_fanout::{Catalog, Topic, published};
use hub_server::Service;

pub use answers::{Answer, CompletedCommand};
pub use config::AutotraderConfig;
pub use desk::{CommandError, Desk};
pub use http::routes;
pub use percent::Percent;
pub use projection::AutotraderProjection;
pub use quote::Quote;
pub use reads::AutotraderReads;
pub use session::Session;
pub use socket::sockets;
pub use state::State;
pub use trade::{Exit, ExitReason, Trade};

/// Adds the feed of trade events to the catalog. Returns the projection that
/// tells them and the way to read what it has applied.
pub fn register(catalog: &mut Catalog) -> (AutotraderProjection, AutotraderReads) {
    let feed = catalog.feed(Topic::new(
        "/topic/auto-trader/trades",
        "Trade events of all sessions",
        schema::trade_event,
    ));
    let (writer, states) = published(State::default());
    (AutotraderProjection::new(feed, writer), AutotraderReads { states, feed })
}

/// The service, whose subscribers name symbols in whatever case there is. Adds its feed to the catalog, and gives the way to read what it has applied.
pub fn service(
    config: &AutotraderConfig,
    symbol_case: SymbolCase,
    limits: &Limits,
    catalog: &mut Catalog,
) -> (Service, AutotraderReads) {
    let (projection, reads) = register(catalog);
    let service = Service {
        projections: vec![Box::new(projection)],
        routes: routes(&reads),
        sockets: sockets(reads.clone(), symbol_case, limits.followed_symbols_bytes),
        ..Service::new("auto-trader", "autotrader", config.bind.clone(), config.tls)
    };
    (service, reads)
}
