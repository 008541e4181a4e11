//! Positions, realised and unrealised P&L.
//!
//! ```text
//! record -> projection -> ledger (rows, lots, listings) -> state
//!                                         |-- settle --> AnalyticsReads (REST)
//!                                         `-- flush ---> PositionsView, MarksView (topics)
//! ```
//!
//! The ledger is edited in place, and a [`State`] is how it looked at one position:
//! [`settle`](hub_fanout::Projection::settle) and [`flush`](hub_fanout::Projection::flush) hand them out, at a price
//! that depends on nothing.
//!
//! An element's version is the offset that last changed it, so every question
//! (snapshot, delta, resume) is answered from versions alone, and what a
//! flush lists is by construction what the view says changed since the flush
//! before.

mod calendar;
mod closings;
mod config;
mod documents;
mod execution;
mod fork;
mod history;
mod holding;
mod http;
mod ledger;
mod listing;
mod lots;
mod marks;
mod memory;
mod movers;
mod page;
mod portfolio;
mod position;
mod positions;
mod projection;
mod reads;
mod receipt;
mod relayed;
mod risk;
mod row;
mod rules;
mod schema;
mod sectors;
mod socket;
mod state;
mod summary;
mod sums;
mod symbol_cases;
mod table;
mod traded;
mod trades;
mod wide;
mod written;

use std::sync::Arc;
use std::time::Duration;

use hub_core::SymbolCase;
use hub_core::dto::{Execution, PositionRow, UnrealizedPnl};
use hub_core::limits::Limits;
use hub_fanout::{Applied, Catalog, Composition, Extent, Options, Topic, published};
use hub_server::{Service, SocketRoute, StompMount, StompMounts};

pub use calendar::{CloseTime, TimeZone};
pub use config::AnalyticsConfig;
use documents::Kind;
pub use fork::AnalyticsFork;
pub use http::routes;
pub use listing::Quote;
use memory::Memory;
pub use projection::AnalyticsProjection;
pub use reads::AnalyticsReads;
pub use row::Row;
pub use socket::PositionsEndpoint;
pub use state::State;

const POSITIONS: &str = "/topic/position-update";
const MARKS: &str = "/topic/unrealized-pnl";
const MARKS_ALSO: &str = "/topic/unrealised-pnl";

/// Adds `/topic/position-update` (AN-WS-1, arrays),
/// `/topic/unrealized-pnl` (AN-WS-2, one message per portfolio; also spelled
/// `/topic/unrealised-pnl`), `/topic/portfolio-summary` (arrays), the documents `/topic/movers` and `/topic/sectors`, and
/// the feed `/topic/transactions` to the catalog. Returns the projection that feeds
/// them and the way to read what it has applied, which keeps `limits.view_bytes` of what was.
pub fn register(catalog: &mut Catalog, limits: &Limits) -> (AnalyticsProjection, AnalyticsReads) {
    let (positions, _) =
        catalog.state(Topic::new(POSITIONS, "Positions", PositionRow::schema), Composition::Array);
    let (marks, interest) = catalog
        .state(Topic::new(MARKS, "Unrealised P&L per portfolio", UnrealizedPnl::schema), Composition::Each);
    catalog.alias(MARKS_ALSO, marks);
    let (summaries, of_summaries) = catalog.state(
        Topic::new("/topic/portfolio-summary", "What each portfolio comes to", schema::summary),
        Composition::Array,
    );
    let movers = Topic::new("/topic/movers", "Symbols that earn and lose most, whole", schema::movers);
    let (movers, of_movers) = catalog.document(movers, true);
    let sectors = Topic::new("/topic/sectors", "Sectors with their shares, whole", schema::sectors);
    let (sectors, of_sectors) = catalog.document(sectors, false);
    let executions = catalog.feed(Topic::new(
        "/topic/transactions",
        "Transactions that were applied, in order",
        Execution::schema,
    ));
    let mut memory = Memory::default();
    let (writer, reader) = published(memory.state(Applied::default()));
    let topics = projection::Topics {
        positions,
        marks,
        interest: [interest, of_summaries],
        summaries,
        documents: [(Kind::Movers, movers, of_movers), (Kind::Sectors, sectors, of_sectors)],
        executions,
    };
    (
        AnalyticsProjection::new(topics, writer, memory, limits.view_bytes),
        AnalyticsReads::new(reader, executions),
    )
}

/// The service: topics, REST calls, STOMP in all its carriers and a native socket. Adds its
/// topics to the catalog, and gives the way to read what it has applied.
pub fn service(
    config: &AnalyticsConfig,
    symbol_case: SymbolCase,
    limits: &Limits,
    catalog: &mut Catalog,
) -> (Service, AnalyticsReads) {
    let (projection, reads) = register(catalog, limits);
    let projection = projection.keeping(Duration::from_millis(config.flushes_kept_ms.into()));
    let positions = SocketRoute::new(
        "/ws/positions",
        "Sends positions and unrealised P&L to those without STOMP",
        schema::socket_message,
        Arc::new(PositionsEndpoint::new(limits.portfolios_per_subscription)),
    );
    let service = Service {
        views: Some(Arc::clone(projection.meter())),
        projections: vec![Box::new(projection)],
        routes: routes(&reads, config, symbol_case, limits),
        sockets: vec![positions],
        stomp: stomp(config),
        ..Service::new("analytics", "analytics", config.bind.clone(), config.tls)
    };
    (service, reads)
}

/// STOMP in all its carriers; at `/pms/ws` with what the deployed front end, which can't ask for it, keeps up with: it
/// adds everything up again for each position and each message of marks (BUG-F7), and has read all positions over REST.
fn stomp(config: &AnalyticsConfig) -> StompMounts {
    let interval = Duration::from_millis(config.pms_interval_ms.into());
    let positions = Options { interval, snapshot: Extent::Recent, ..Options::default() };
    let marks = Options { interval, batch: true, ..Options::default() };
    let defaults = [(POSITIONS, positions), (MARKS, marks.clone()), (MARKS_ALSO, marks)];
    let pms = StompMount::from("/pms/ws").usually(defaults);
    StompMounts {
        sockjs: vec![pms.clone(), "/ws".into(), "".into()],
        websocket: vec!["/ws".into(), "/".into(), pms],
        tcp: true,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_deployed_front_end_has_its_own_defaults_under_its_base_alone() {
        let config = AnalyticsConfig { pms_interval_ms: 750, ..AnalyticsConfig::default() };
        let mounts = stomp(&config);
        for mount in mounts.sockjs.iter().chain(&mounts.websocket) {
            let of = |topic: &str| mount.defaults.of(&topic.parse().unwrap());
            if mount.path != "/pms/ws" {
                assert_eq!(
                    [of(POSITIONS), of(MARKS)],
                    [Options::default(), Options::default()],
                    "{}",
                    mount.path
                );
                continue;
            }
            let (positions, marks) = (of(POSITIONS), of(MARKS));
            assert_eq!([positions.interval, marks.interval], [Duration::from_millis(750); 2]);
            // It reads all positions over REST, but no marks.
            assert_eq!([positions.snapshot, marks.snapshot], [Extent::Recent, Extent::Whole]);
            assert!(marks.batch);
            assert_eq!(of(MARKS_ALSO), marks);
            assert_eq!(of("/topic/transactions"), Options::default());
        }
        let prefixes: Vec<&str> = mounts.sockjs.iter().map(|mount| mount.path).collect();
        assert_eq!(prefixes, ["/pms/ws", "/ws", ""], "the root would take /pms/ws/websocket for a session's");
    }
}
