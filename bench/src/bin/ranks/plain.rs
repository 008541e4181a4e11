//! The limit: the same rows in maps of the standard library, which one thread has for itself.
//!
//! Changes go into a hash map of rows and an ordered map of scores, which knows no ranks; questions are asked of a sorted
//! array, which can't be changed.

use std::cmp::Reverse;
use std::collections::{BTreeMap, HashMap};

use anyhow::{Context as _, bail};
use hub_core::event::RiskMetrics;
use hub_core::{Event, Offset, PortfolioId, Ratio, Record, Timestamp};
use hub_leaderboard::Metrics;

type Key = (Reverse<Ratio>, Offset, PortfolioId);

/// A portfolio's metrics, their score, the record that reached it, and the time at which they changed.
type Row = (Metrics, Ratio, Offset, Timestamp);

/// Maps that are changed.
#[derive(Default)]
pub(crate) struct Plain {
    rows: HashMap<PortfolioId, Row>,
    order: BTreeMap<Key, PortfolioId>,
}

/// Their order, to be asked.
pub(crate) struct Sorted {
    keys: Vec<Key>,
}

impl Plain {
    /// Applies risk metrics.
    pub(crate) fn apply(&mut self, record: &Record) -> anyhow::Result<()> {
        let Event::Risk(RiskMetrics { portfolio_id: id, avg_rate_of_return, sharpe_ratio, sortino_ratio }) =
            record.event
        else {
            bail!("no risk metrics at {}", record.offset.0)
        };
        let metrics =
            Metrics { avg_return: avg_rate_of_return, sharpe: sharpe_ratio, sortino: sortino_ratio };
        let score = metrics.score().context("a score that can't be represented")?;
        let row = (metrics, score, record.offset, record.at);
        if let Some((_, score, attained, _)) = self.rows.insert(id, row) {
            self.order.remove(&(Reverse(score), attained, id));
        }
        self.order.insert((Reverse(score), record.offset, id), id);
        Ok(())
    }

    /// The order as it is.
    pub(crate) fn sorted(&self) -> Sorted {
        Sorted { keys: self.order.keys().copied().collect() }
    }
}

impl Sorted {
    /// A portfolio's rank, from 1.
    pub(crate) fn rank(&self, rows: &Plain, id: PortfolioId) -> Option<usize> {
        let (_, score, attained, _) = rows.rows.get(&id)?;
        self.keys.binary_search(&(Reverse(*score), *attained, id)).ok().map(|index| index + 1)
    }

    /// A portfolio and up to `range` on either side.
    pub(crate) fn around(&self, rows: &Plain, id: PortfolioId, range: usize) -> Vec<(usize, Row)> {
        let Some(rank) = self.rank(rows, id) else { return Vec::new() };
        let first = (rank - 1).saturating_sub(range);
        let keys = self.keys.iter().enumerate().skip(first).take(rank + range - first);
        keys.filter_map(|(index, (.., id))| Some((index + 1, *rows.rows.get(id)?))).collect()
    }
}
