//! Analytics as the runner drives it, without the runner's thread.

use hub_analytics::{AnalyticsReads, State, register};
use hub_core::limits::Limits;
use hub_core::{Outcome, Quantity, Record, Timestamp};
use hub_fanout::testing::Driver;
use hub_fanout::{Catalog, Flush};

use crate::contender::Contender;

/// Views of which one is flushed, too.
const VIEWS_OF_A_FLUSH: usize = 100;

/// The projection of positions, alone.
pub(crate) struct Hub {
    driver: Driver,
    reads: AnalyticsReads,
    views: usize,
    /// The last one, which subscribers read until the next.
    flushed: Option<Flush>,
}

impl Hub {
    /// Nothing is applied yet.
    pub(crate) fn new() -> Hub {
        Hub::of(&mut Catalog::default())
    }

    /// The same, with somebody subscribed to each topic.
    pub(crate) fn watched() -> Hub {
        let mut catalog = Catalog::default();
        let hub = Hub::of(&mut catalog);
        catalog.states().iter().for_each(|topic| topic.interest().enter());
        hub
    }

    fn of(catalog: &mut Catalog) -> Hub {
        let (projection, reads) = register(catalog, &Limits::default());
        let driver = Driver::new(Timestamp::default().millis(), vec![Box::new(projection)]);
        Hub { driver, reads, views: 0, flushed: None }
    }

    /// Settles what was applied, and flushes it.
    pub(crate) fn flush(&mut self) {
        self.flushed = Some(self.driver.flush());
    }

    /// The last flush.
    pub(crate) fn flushed(&self) -> Option<&Flush> {
        self.flushed.as_ref()
    }

    /// All that is remembered, as bytes.
    pub(crate) fn walk(&self) -> Vec<u8> {
        self.driver.walk()
    }

    /// A hub that goes on from what was walked.
    pub(crate) fn restored(walk: &[u8]) -> anyhow::Result<Hub> {
        let mut hub = Hub::new();
        hub.driver.restore(walk)?;
        Ok(hub)
    }

    /// The way to what was settled.
    pub(crate) fn reads(&self) -> AnalyticsReads {
        self.reads.clone()
    }
}

impl Contender for Hub {
    fn apply(&mut self, record: &Record) -> bool {
        self.driver.apply(record) == Outcome::Accepted
    }

    fn settle(&mut self) {
        self.views += 1;
        if self.views.is_multiple_of(VIEWS_OF_A_FLUSH) {
            self.flushed = Some(self.driver.flush());
        } else {
            self.driver.settle();
        }
    }

    fn holdings(&self) -> Quantity {
        Quantity::from_units(holdings(&self.reads.settled()).sum())
    }
}

/// Units that each position holds.
pub(crate) fn holdings(state: &State) -> impl Iterator<Item = i128> {
    state.positions().flatten().map(|row| row.position().holdings.units())
}
