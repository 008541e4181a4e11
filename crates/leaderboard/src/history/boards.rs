//! Boards that were flushed.

use hub_core::Offset;

use super::generations::Generations;
use crate::board::Board;

/// Changes between the boards of a generation, about. A board that is kept costs
/// what was edited since: two leaves and a row for each change of a portfolio, a
/// kilobyte or two, so some 20 MB at worst. Where more changed at once, the board
/// from before is kept until the next change.
pub(super) const CHANGES_MAX: usize = 1 << 12;

/// Boards of flushes.
#[derive(Clone, Default)]
pub(super) struct Boards {
    kept: Generations<Kept>,
    /// Changes since the newest one, and the offset of the first.
    changes: usize,
    first: Offset,
}

#[derive(Clone)]
struct Kept {
    board: Board,
    /// The first and the last change that it has and the one before has not.
    first: Offset,
    last: Offset,
}

impl Boards {
    /// A portfolio was ranked anew.
    pub(super) fn record(&mut self, offset: Offset) {
        if self.changes == 0 {
            self.first = offset;
        }
        self.changes += 1;
    }

    /// A board was flushed, whose last change is `last`.
    pub(super) fn keep(&mut self, board: &Board, last: Offset) {
        if self.changes == 0 && self.kept.iter().next().is_some() {
            return;
        }
        if self.kept.weight() >= CHANGES_MAX {
            self.next_generation();
        }
        self.kept.add(Kept { board: board.clone(), first: self.first, last }, self.changes);
        self.changes = 0;
    }

    /// The board that changed last at `after` or before it, if it had not changed
    /// again by then. There were changes after `after`.
    pub(super) fn at(&self, after: Offset) -> Option<&Board> {
        let mut changed_again = if self.changes > 0 { self.first } else { Offset(u64::MAX) };
        for kept in self.kept.iter() {
            if kept.last <= after {
                return (after < changed_again).then_some(&kept.board);
            }
            changed_again = kept.first;
        }
        None
    }

    pub(super) fn next_generation(&mut self) {
        let forgotten = self.kept.next();
        // The newest is what was before the next change, however late that comes.
        if self.kept.iter().next().is_none()
            && let Some(newest) = forgotten.first()
        {
            self.kept.add(newest.clone(), 0);
        }
    }
}
