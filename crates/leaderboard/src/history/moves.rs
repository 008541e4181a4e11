//! Portfolios that were ranked anew between flushes.

use std::collections::BTreeMap;
use std::sync::Arc;

use hub_core::{Offset, PortfolioId};

use super::generations::Generations;
use crate::entry::RankKey;
use crate::row::Row;

/// Changes of a generation. Where more happened, nobody is found by them: asking
/// everybody costs no more.
const MOVES_MAX: usize = 1 << 13;

/// A portfolio's place, and the one that it had before, if any.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) struct Move {
    pub(crate) from: Option<RankKey>,
    pub(crate) to: RankKey,
}

/// The last changes of all portfolios, batch by batch.
#[derive(Clone, Default)]
pub(super) struct Moves {
    batches: Generations<Batch>,
    /// Every change after this is here.
    floor: Offset,
    /// Of the batch that has not ended.
    open: Vec<Changed>,
    is_too_many: bool,
}

#[derive(Clone)]
struct Batch {
    /// The last record of the batch that changed something.
    offset: Offset,
    /// `None`: too many to be remembered.
    changed: Option<Arc<[Changed]>>,
}

#[derive(Clone)]
struct Changed {
    before: Option<Arc<Row>>,
    row: Arc<Row>,
}

impl Moves {
    /// Of a ranking that was restored and changed last at `floor`: what was before is not known here.
    pub(super) fn since_restored(floor: Offset) -> Moves {
        Moves { floor, ..Moves::default() }
    }

    /// A portfolio was ranked by `row`, and before that by another, if by any.
    pub(super) fn record(&mut self, before: Option<&Arc<Row>>, row: &Arc<Row>) {
        if self.open.len() < MOVES_MAX {
            self.open.push(Changed { before: before.cloned(), row: Arc::clone(row) });
        } else {
            self.is_too_many = true;
        }
    }

    /// A batch ends, whose last change is at `offset`.
    pub(super) fn end_batch(&mut self, offset: Offset) {
        if self.open.is_empty() {
            return;
        }
        if self.batches.weight() >= MOVES_MAX
            && let Some(newest) = self.batches.next().first()
        {
            self.floor = newest.offset;
        }
        let open = std::mem::take(&mut self.open);
        let weight = open.len();
        let changed = (!std::mem::take(&mut self.is_too_many)).then(|| open.into());
        self.batches.add(Batch { offset, changed }, weight);
    }

    /// The portfolios that changed after `since`, the end of a batch; `None` if
    /// there were more than `most` changes, or too many to be remembered.
    pub(super) fn since(&self, since: Offset, most: usize) -> Option<BTreeMap<PortfolioId, Move>> {
        let batches = || self.batches.iter().take_while(|batch| batch.offset > since);
        let changes =
            batches().map(|batch| batch.changed.as_ref().map_or(MOVES_MAX, |changed| changed.len()));
        if since < self.floor || changes.sum::<usize>() > most {
            return None;
        }
        let mut moves = BTreeMap::new();
        for batch in batches() {
            for Changed { before, row } in batch.changed.as_ref()?.iter().rev() {
                // Newest first: the first one seen is where it is now, the last one
                // where it was then.
                let from = before.as_ref().map(|row| row.rank_key());
                moves.entry(row.id).or_insert(Move { from, to: row.rank_key() }).from = from;
            }
        }
        Some(moves)
    }
}
