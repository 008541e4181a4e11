//! Analytics and the leaderboard as the launcher wires them, below the socket.

use std::mem;
use std::sync::Arc;
use std::time::Duration;

use hub_analytics::AnalyticsReads;
use hub_core::limits::Limits;
use hub_core::{Derived, Epoch, Event, Offset, Outcome, Position, Record, Timestamp};
use hub_fanout::testing::Driver;
use hub_fanout::{
    Applied, Catalog, Document, Flush, FlushBuilder, Projection, Remembered, Step, WalkError, Walked, walk,
};
use hub_leaderboard::{LeaderboardConfig, LeaderboardReads};
use hub_server::native::{Action, Followed};
use hub_server::{Query, SocketRoute};

use crate::script::derived_of;

pub(crate) const EPOCH: Epoch = Epoch(0xbeef);

/// Where log time begins.
pub(crate) const START_MILLIS: i64 = 1_770_460_200_000;

pub(crate) struct Hub {
    pub(crate) driver: Driver,
    pub(crate) catalog: Catalog,
    pub(crate) analytics: AnalyticsReads,
    pub(crate) leaderboard: LeaderboardReads,
    sockets: Vec<SocketRoute>,
    /// The last one.
    pub(crate) flush: Flush,
}

impl Hub {
    /// One that has replayed the log.
    pub(crate) fn of(log: &[Record], view_bytes: usize) -> Hub {
        Hub::begin(view_bytes, |driver| {
            for record in log {
                driver.apply(record);
            }
        })
    }

    /// One that goes on from what another remembered.
    pub(crate) fn restored(walk: &[u8], view_bytes: usize) -> Hub {
        Hub::begin(view_bytes, |driver| driver.restore(walk).unwrap())
    }

    fn begin(view_bytes: usize, catch_up: impl FnOnce(&mut Driver)) -> Hub {
        let mut catalog = Catalog::default();
        let limits = Limits { view_bytes, ..Limits::default() };
        let (projection, analytics) = hub_analytics::register(&mut catalog, &limits);
        let projection = projection.keeping(Duration::from_secs(60));
        let pnl = Arc::new(analytics.clone());
        let (ranking, leaderboard) = hub_leaderboard::register(&LeaderboardConfig::default(), Some(pnl));
        let sockets = hub_leaderboard::sockets(&leaderboard);
        let projections: Vec<Box<dyn Projection>> =
            vec![Box::new(projection), Box::new(Deriver), Box::new(ranking)];
        let mut driver = Driver::of_epoch(EPOCH, START_MILLIS, projections);
        catch_up(&mut driver);
        let flush = driver.flush();
        Hub { driver, catalog, analytics, leaderboard, sockets, flush }
    }

    /// Status, and the field at fault.
    pub(crate) fn apply(&mut self, record: &Record) -> (&'static str, Option<String>) {
        let outcome = self.driver.apply(record);
        let field = match &outcome {
            Outcome::Rejected(rejection) => rejection.field.as_deref().map(str::to_owned),
            _ => None,
        };
        (outcome.status(), field)
    }

    /// Flushes, and gives the flush before.
    pub(crate) fn flush(&mut self) -> Flush {
        let flush = self.driver.flush();
        mem::replace(&mut self.flush, flush)
    }

    /// The position of the last flush.
    pub(crate) fn stands(&self) -> Position {
        self.flush.position
    }

    pub(crate) fn now(&self) -> Timestamp {
        self.driver.now()
    }

    /// The document that a socket follows which connects to `/ws/...?...`.
    pub(crate) fn follow(&self, url: &str) -> Arc<dyn Document> {
        let (path, query) = url.split_once('?').unwrap();
        let socket = self.sockets.iter().find(|socket| socket.path == path).unwrap();
        match socket.endpoint.open().opened(&Query::parse(query)).unwrap().remove(0) {
            Action::Follow { what: Followed::Document(document), .. } => document,
            _ => panic!("{url} is no document"),
        }
    }
}

/// Derives risk metrics from what a symbol's sector says, as a service in front of the leaderboard may.
struct Deriver;

impl Projection for Deriver {
    fn advance(&mut self, _: Timestamp, _: Offset, _: &mut Step) {}

    fn apply(&mut self, record: &Record, step: &mut Step) {
        if let Event::Symbol(info) = &record.event
            && let Some(risk) = derived_of(info)
        {
            step.derive(Derived::Risk(risk));
        }
    }

    fn settle(&mut self, _: Applied) {}

    fn flush(&mut self, _: &mut FlushBuilder) {}

    fn remembered(&self) -> Remembered<'_> {
        Remembered::nothing("deriver/1")
    }

    fn restore(&mut self, from: Walked<'_, '_>) -> Result<(), WalkError> {
        walk::read(from)
    }
}
