//! The leaderboard as the runner drives it, without the runner's thread.

use std::sync::Arc;

use anyhow::{Context as _, ensure};
use hub_core::{Outcome, PortfolioId, Record, Timestamp};
use hub_fanout::Document;
use hub_fanout::testing::Driver;
use hub_leaderboard::{LeaderboardConfig, LeaderboardReads, register, sockets};
use hub_server::SocketRoute;
use hub_server::native::{Action, Followed, Query};

/// The projection of the ranking, alone, with its sockets.
pub(crate) struct Hub {
    pub(crate) driver: Driver,
    pub(crate) reads: LeaderboardReads,
    sockets: Vec<SocketRoute>,
}

impl Hub {
    /// Nothing is applied yet.
    pub(crate) fn new() -> Hub {
        let (projection, reads) = register(&LeaderboardConfig::default(), None);
        let sockets = sockets(&reads);
        let driver = Driver::new(Timestamp::default().millis(), vec![Box::new(projection)]);
        Hub { driver, reads, sockets }
    }

    /// Applies records and flushes them.
    pub(crate) fn flush(&mut self, records: &[Record]) -> anyhow::Result<()> {
        for record in records {
            ensure!(self.driver.apply(record) == Outcome::Accepted, "record {} was refused", record.offset.0);
        }
        self.driver.flush();
        Ok(())
    }

    /// The document of what surrounds a portfolio, as a socket follows it.
    pub(crate) fn around(&self, id: PortfolioId) -> anyhow::Result<Arc<dyn Document>> {
        let socket = self.sockets.iter().find(|socket| socket.path == "/ws/around").context("/ws/around")?;
        let query = Query::parse(&format!("portfolioId={id}"));
        let mut actions = socket.endpoint.open().opened(&query).map_err(anyhow::Error::msg)?;
        match actions.pop() {
            Some(Action::Follow { what: Followed::Document(document), .. }) => Ok(document),
            _ => anyhow::bail!("/ws/around follows no document"),
        }
    }
}
