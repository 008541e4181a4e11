//! The ranking of portfolios by their risk metrics (LB).
//!
//! ```text
//! record -> projection -> ranking (who stands where), history (what was before)
//!                            |-- settle --> State: REST
//!                            `-- flush ---> State: documents of /ws/updates, /ws/top, /ws/around
//!                                             `--> fork: what records would make of it
//! ```
//!
//! A [`State`] is a value: settling and flushing hand out O(1) snapshots of
//! the projection's own copy.
//!
//! A message on change is the difference between what is shown now, and what
//! was shown at the offset that the subscriber has. Of a top that is known as of
//! [any offset](State::top_at), worked out once for all documents: so it does not
//! matter how the log was cut into batches and flushes, nor which node sent what
//! the subscriber has: he gets exactly what changed, and nothing where a change
//! was undone. What surrounds a portfolio is compared with the [board](State::board_at)
//! of the flush that he was sent, if the flush may have touched it at all.
//!
//! What a record does is said once, for the projection and for a
//! [fork](LeaderboardFork) of any of its states.

mod board;
mod config;
mod document;
mod documents;
mod entry;
mod fork;
mod history;
mod http;
mod ids;
mod joined;
mod known;
mod memory;
mod native;
mod order;
mod pages;
mod places;
mod projection;
mod ranking;
mod reads;
mod rounds;
mod row;
mod rows;
mod rules;
mod schema;
mod state;
mod surroundings;
mod table;

use std::sync::Arc;

use hub_core::views::PortfolioPnl;
use hub_fanout::published;
use hub_server::Service;

use rounds::Rounds;

pub use board::{Around, Board, Ranked};
pub use config::{Dialect, LeaderboardConfig};
pub use entry::{Entry, Metrics};
pub use fork::LeaderboardFork;
pub use http::routes;
pub use native::sockets;
pub use projection::LeaderboardProjection;
pub use reads::LeaderboardReads;
pub use row::Row;
pub use state::State;

/// The projection, and the way to read what it has applied and to show it as `config` says. `pnl`
/// is joined to rows when they are sent; without it they have none.
///
/// The projection adds no topics to a catalog: what is watched here are
/// [documents](sockets).
pub fn register(
    config: &LeaderboardConfig,
    pnl: Option<Arc<dyn PortfolioPnl>>,
) -> (LeaderboardProjection, LeaderboardReads) {
    let (writer, states) = published(State::start());
    let rounds = Rounds::of(pnl.is_some().then_some(config.pnl_ms));
    (
        LeaderboardProjection::new(writer, rounds),
        LeaderboardReads { states, pnl, config: Arc::new(config.clone()) },
    )
}

/// The service, and the way to read what it has applied; `pnl` as of [`register`].
pub fn service(
    config: &LeaderboardConfig,
    pnl: Option<Arc<dyn PortfolioPnl>>,
) -> (Service, LeaderboardReads) {
    let (projection, reads) = register(config, pnl);
    let service = Service {
        projections: vec![Box::new(projection)],
        routes: routes(&reads),
        sockets: sockets(&reads),
        ..Service::new("leaderboard", "leaderboard", config.bind.clone(), config.tls)
    };
    (service, reads)
}
