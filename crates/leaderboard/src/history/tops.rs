//! The top of the ranking as of any offset.

mod walk;

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use hub_core::{Offset, PortfolioId};
use serde::{Deserialize, Serialize};

pub(super) use self::walk::WalkedTops;
use super::generations::Generations;
use crate::board::Board;
use crate::entry::RankKey;
use crate::native::ROWS_MAX;
use crate::ranking::Ranking;
use crate::row::Row;

/// Changes of the top per generation. About 15 MB of rows that are held for
/// nothing else, at worst.
pub(super) const GENERATION_MAX: usize = 1 << 16;

/// The changes of the first rows, newest first, with what was before them. These
/// are the tombstones of those who left somebody's top.
#[derive(Clone)]
pub(super) struct Tops {
    /// Rows of the top, at most: [`ROWS_MAX`], but in tests.
    size: usize,
    log: Generations<Change>,
    /// Every change after this is here.
    floor: Offset,
    /// Changes of the offset at which something changed last, with the rows from before them.
    open: BTreeMap<PortfolioId, Option<Arc<Row>>>,
    at: Offset,
    /// The last row of the top, if it has all the rows that it can have.
    last: Option<RankKey>,
    /// Changes since the whole top was remembered instead of what it had in their
    /// places: so nobody goes back over more than are rows.
    since_whole: usize,
}

/// A change of the top, and the top from before it.
#[derive(Clone, Serialize, Deserialize)]
struct Change {
    offset: Offset,
    before: Before,
}

#[derive(Clone, Serialize, Deserialize)]
enum Before {
    /// It had these rows of these portfolios, or none.
    Of(Arc<[(PortfolioId, Option<Arc<Row>>)]>),
    Whole(Arc<[Arc<Row>]>),
}

/// A top of the past, by what is different now.
pub(crate) struct PastTop {
    size: usize,
    /// The top that the others differ from; `None`: that of now.
    whole: Option<Arc<[Arc<Row>]>>,
    changed: BTreeSet<PortfolioId>,
    /// The rows that the changed ones had then, in order.
    before: Vec<Arc<Row>>,
}

impl Default for Tops {
    fn default() -> Tops {
        Tops::of(ROWS_MAX)
    }
}

impl Tops {
    pub(super) fn of(size: usize) -> Tops {
        Tops {
            size,
            log: Generations::default(),
            floor: Offset::START,
            open: BTreeMap::new(),
            at: Offset::START,
            last: None,
            since_whole: 0,
        }
    }

    /// A change at `offset` is about to be made.
    pub(super) fn begin(&mut self, offset: Offset, ranking: &Ranking) {
        if offset != self.at {
            self.end_offset(ranking);
            self.at = offset;
        }
    }

    /// A portfolio was ranked by `row`, and before that by another, if by any.
    pub(super) fn record(&mut self, before: Option<&Arc<Row>>, row: &Row, ranking: &Ranking) {
        let last = self.last;
        let is_within = |row: &Row| last.is_none_or(|last| row.rank_key() <= last);
        let was_in = before.is_some_and(|before| is_within(before));
        if !was_in && !is_within(row) {
            return;
        }
        let now_last = ranking.at(self.size - 1);
        self.last = now_last.as_ref().map(|row| row.rank_key());
        let is_in = self.last.is_none_or(|last| row.rank_key() <= last);
        match (was_in, is_in) {
            (true, true) => {}
            // Who was next has come in, as the last one.
            (true, false) => now_last.into_iter().for_each(|entered| self.note(entered.id, None)),
            // Who was last is next now.
            (false, _) => {
                ranking.at(self.size).into_iter().for_each(|left| self.note(left.id, Some(left)));
            }
        }
        self.note(row.id, before.filter(|_| was_in).cloned());
        if self.open.len() > 4 * self.size {
            let is_in = |id: PortfolioId| {
                let found = ranking.find(id);
                let row = found.as_ref().and_then(|found| found.known.row());
                row.is_some_and(|row| self.last.is_none_or(|last| row.rank_key() <= last))
            };
            self.open.retain(|id, before| before.is_some() || is_in(*id));
        }
    }

    fn note(&mut self, id: PortfolioId, before: Option<Arc<Row>>) {
        self.open.entry(id).or_insert(before);
    }

    /// The offset ends: changes from now on have another.
    pub(super) fn end_offset(&mut self, ranking: &Ranking) {
        if self.open.is_empty() {
            return;
        }
        let open = std::mem::take(&mut self.open);
        let weight = open.len().min(self.size);
        if self.log.weight() >= GENERATION_MAX {
            self.next_generation();
        }
        self.since_whole += weight;
        let before = if self.since_whole >= self.size {
            self.since_whole = 0;
            let past = PastTop::of(None, open, self.size);
            Before::Whole(past.merged(ranking.rows().take(self.size), self.size).collect())
        } else {
            Before::Of(open.into_iter().collect())
        };
        self.log.add(Change { offset: self.at, before }, weight);
    }

    pub(super) fn next_generation(&mut self) {
        if let Some(newest) = self.log.next().first() {
            self.floor = newest.offset;
        }
    }

    pub(super) fn reaches(&self, after: Offset) -> bool {
        after >= self.floor
    }

    pub(super) fn at(&self, after: Offset) -> Option<PastTop> {
        if !self.reaches(after) {
            return None;
        }
        let (mut whole, mut changes) = (None, Vec::new());
        for change in self.log.iter().take_while(|change| change.offset > after) {
            match &change.before {
                Before::Whole(top) => {
                    whole = Some(Arc::clone(top));
                    changes.clear();
                }
                Before::Of(rows) => changes.push(rows),
            }
        }
        // Newest first: what was before the oldest of them is what was then.
        let before = changes.into_iter().flat_map(|rows| rows.iter().cloned()).collect();
        Some(PastTop::of(whole, before, self.size))
    }
}

impl PastTop {
    fn of(
        whole: Option<Arc<[Arc<Row>]>>,
        before: BTreeMap<PortfolioId, Option<Arc<Row>>>,
        size: usize,
    ) -> PastTop {
        let changed = before.keys().copied().collect();
        let mut before: Vec<Arc<Row>> = before.into_values().flatten().collect();
        before.sort_unstable_by_key(|row| row.rank_key());
        PastTop { size, whole, changed, before }
    }

    /// The first `limit` rows, as many as the top has at most, given the board of now.
    pub(crate) fn rows(&self, now: &Board, limit: usize) -> Vec<Arc<Row>> {
        match &self.whole {
            Some(whole) => self.merged(whole.iter().cloned(), limit).collect(),
            None => self.merged(now.rows(0, self.size).map(|(_, row)| row), limit).collect(),
        }
    }

    /// The first rows of then, given those of which these are the difference.
    fn merged<'a>(
        &'a self,
        others: impl Iterator<Item = Arc<Row>> + 'a,
        limit: usize,
    ) -> impl Iterator<Item = Arc<Row>> + 'a {
        let mut others = others.filter(|row| !self.changed.contains(&row.id)).peekable();
        let mut before = self.before.iter().cloned().peekable();
        let next = move || match (others.peek(), before.peek()) {
            (Some(other), Some(row)) if other.rank_key() < row.rank_key() => others.next(),
            (_, Some(_)) => before.next(),
            (_, None) => others.next(),
        };
        std::iter::from_fn(next).take(limit)
    }
}
