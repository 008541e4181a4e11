//! Portfolios that are ranked anew, drawn from a seed.

use hub_core::event::{PortfolioInfo, RiskMetrics};
use hub_core::{Event, Offset, PortfolioId, Ratio, Record, Timestamp};

/// Log time at which it begins: 2026-11-29.
const START_MILLIS: i64 = 1_795_910_400_000;
/// Records of a millisecond of log time.
const RECORDS_PER_MILLI: u64 = 100;
/// Sharpe ratios lie below, in units of the last place.
const SHARPE_UNITS: u64 = 3_000_000_000_000_000_000;

/// Records in the order of the log. The same seed makes the same ones.
pub(crate) struct Workload {
    ids: Vec<PortfolioId>,
    offset: u64,
    state: u64,
}

impl Workload {
    /// So many portfolios, none of which is ranked yet.
    pub(crate) fn new(portfolios: usize) -> Workload {
        let mut workload = Workload { ids: Vec::new(), offset: 0, state: 42 };
        workload.ids = (0..portfolios).map(|_| workload.id()).collect();
        workload
    }

    /// The portfolios, in the order in which they are ranked first.
    pub(crate) fn ids(&self) -> &[PortfolioId] {
        &self.ids
    }

    /// New metrics of each portfolio, one after the other.
    pub(crate) fn pass(&mut self) -> Vec<Record> {
        (0..self.ids.len()).map(|index| self.risk(index)).collect()
    }

    /// New metrics of so many portfolios, drawn at random.
    pub(crate) fn some(&mut self, count: usize) -> Vec<Record> {
        (0..count)
            .map(|_| {
                let index = self.index();
                self.risk(index)
            })
            .collect()
    }

    /// So many portfolios, drawn at random.
    pub(crate) fn draw(&mut self, count: usize) -> Vec<PortfolioId> {
        (0..count)
            .map(|_| {
                let index = self.index();
                self.ids[index]
            })
            .collect()
    }

    /// A name that the portfolio has not had.
    pub(crate) fn rename(&mut self, id: PortfolioId) -> Record {
        let name = format!("Portfolio {}", self.offset);
        self.record(Event::Portfolio(PortfolioInfo {
            portfolio_id: id,
            name: name.as_str().into(),
            phone_number: None,
            address: None,
        }))
    }

    /// Metrics that make the portfolio the first of all, or else the last.
    pub(crate) fn extreme(&mut self, id: PortfolioId, first: bool) -> Record {
        let height = 10 * i128::from(SHARPE_UNITS) + i128::from(self.offset);
        self.metrics(id, if first { height } else { -height })
    }

    fn risk(&mut self, index: usize) -> Record {
        let sharpe = i128::from(self.random() % SHARPE_UNITS);
        self.metrics(self.ids[index], sharpe)
    }

    fn metrics(&mut self, portfolio_id: PortfolioId, sharpe: i128) -> Record {
        self.record(Event::Risk(RiskMetrics {
            portfolio_id,
            avg_rate_of_return: Ratio::from_units(sharpe / 100),
            sharpe_ratio: Ratio::from_units(sharpe),
            sortino_ratio: Ratio::from_units(sharpe / 10 * 13),
        }))
    }

    fn record(&mut self, event: Event) -> Record {
        self.offset += 1;
        let millis = START_MILLIS + (self.offset / RECORDS_PER_MILLI).cast_signed();
        let at = Timestamp::from_millis(millis).unwrap_or_default();
        Record { offset: Offset(self.offset), at, event }
    }

    fn index(&mut self) -> usize {
        (self.random() % self.ids.len() as u64) as usize
    }

    fn id(&mut self) -> PortfolioId {
        PortfolioId::from_bytes((u128::from(self.random()) << 64 | u128::from(self.random())).to_be_bytes())
    }

    /// `SplitMix64`.
    fn random(&mut self) -> u64 {
        self.state = self.state.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = self.state;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ (mixed >> 31)
    }
}
