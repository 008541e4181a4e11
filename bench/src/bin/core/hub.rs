//! Analytics as the runner drives it, without the runner's thread.

use hub_analytics::{AnalyticsReads, State, register};
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
        let (projection, reads) = register(&mut Catalog::default());
        let driver = Driver::new(Timestamp::default().millis(), vec![Box::new(projection)]);
        Hub { driver, reads, views: 0, flushed: None }
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
    state.positions().map(|row| row.position().holdings.units())
}
