//! The board: who stands where.

use std::sync::Arc;

use hub_core::PortfolioId;
use rpds::HashTrieMapSync;

use crate::entry::RankKey;
use crate::order::Order;
use crate::row::Row;

/// The ranking at one position of the log, as a value: a clone is O(1), an
/// edit O(log n).
///
/// The hash map is looked up, never walked: its order is random.
#[derive(Clone)]
pub struct Board {
    order: Order<RankKey, Arc<Row>>,
    entries: HashTrieMapSync<PortfolioId, Arc<Row>>,
}

/// A rank, from 1, and who has it.
pub type Ranked = (usize, Arc<Row>);

/// A portfolio and its neighbours.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Around {
    /// The rank of the portfolio in the middle.
    pub center: usize,
    /// Ranks `max(1, center - range)` to `center + range`, as far as they go.
    pub rows: Vec<Ranked>,
}

impl Default for Board {
    fn default() -> Board {
        Board { order: Order::default(), entries: HashTrieMapSync::new_sync() }
    }
}

impl Board {
    /// The number of portfolios that are ranked.
    pub fn len(&self) -> usize {
        self.order.len()
    }

    /// True if none is.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// A ranked portfolio.
    pub fn entry(&self, id: PortfolioId) -> Option<&Row> {
        self.entries.get(&id).map(AsRef::as_ref)
    }

    /// Its rank, from 1. O(log n).
    pub fn rank(&self, id: PortfolioId) -> Option<usize> {
        self.entry(id).map(|entry| self.order.rank(&entry.rank_key()) + 1)
    }

    /// Gives at most `limit` rows in order, the first `skip` left out.
    /// O(log n + limit).
    pub fn rows(&self, skip: usize, limit: usize) -> impl Iterator<Item = Ranked> {
        let entries = self.order.iter_from(skip).take(limit).cloned();
        entries.zip(skip.saturating_add(1)..).map(|(entry, rank)| (rank, entry))
    }

    /// A portfolio and up to `range` before and after it (LB-REST-2); `None`
    /// if it is not ranked.
    pub fn around(&self, id: PortfolioId, range: usize) -> Option<Around> {
        let center = self.rank(id)?;
        let first = center.saturating_sub(range).max(1);
        let rows = self.rows(first - 1, range.saturating_add(center - first + 1)).collect();
        Some(Around { center, rows })
    }

    /// Ranks the portfolio by this entry, or no more where there is none.
    /// Returns what it was ranked by.
    pub(crate) fn set(&mut self, id: PortfolioId, entry: Option<Arc<Row>>) -> Option<Arc<Row>> {
        let before = self.entries.get(&id).cloned();
        let rank_key = entry.as_ref().map(|entry| entry.rank_key());
        if let Some(before) = &before
            && rank_key != Some(before.rank_key())
        {
            self.order.remove(&before.rank_key());
        }
        match entry {
            Some(entry) => {
                self.order.insert(entry.rank_key(), Arc::clone(&entry));
                self.entries.insert_mut(id, entry);
            }
            None => {
                self.entries.remove_mut(&id);
            }
        }
        before
    }
}
