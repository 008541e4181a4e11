//! Rows that differ from those of a board.

use std::iter;
use std::sync::Arc;

use crate::board::{Board, Ranked};
use crate::entry::RankKey;
use crate::row::Row;

/// Rows that a board has no longer, and others that have come, given the same board each time.
///
/// All of them are told by their places on the board, by how many of its rows are before them: these do not change,
/// however many come and go.
#[derive(Default)]
pub(super) struct Difference {
    /// Places of rows that have gone, in order.
    gone: Vec<usize>,
    /// Rows that have come, in order.
    come: Vec<Come>,
}

struct Come {
    /// Rows of the board that are before it, whether they have gone or not.
    before: usize,
    row: Arc<Row>,
}

impl Difference {
    /// A row of the board goes.
    pub(super) fn leave(&mut self, board: &Board, rank_key: RankKey) {
        let place = board.before(rank_key);
        let index = self.gone_before(place);
        debug_assert_ne!(self.gone.get(index), Some(&place), "what goes was there");
        self.gone.insert(index, place);
    }

    /// A row comes that the board does not have.
    pub(super) fn come(&mut self, board: &Board, row: Arc<Row>) {
        let before = board.before(row.rank_key());
        self.come.insert(self.come_before(before, row.rank_key()), Come { before, row });
    }

    /// A row that had come goes again.
    pub(super) fn take_back(&mut self, board: &Board, rank_key: RankKey) {
        let index = self.come_before(board.before(rank_key), rank_key);
        debug_assert_eq!(self.come[index].row.rank_key(), rank_key, "what is taken back has come");
        self.come.remove(index);
    }

    /// The number of rows that there are.
    pub(super) fn len(&self, board: &Board) -> usize {
        board.len() - self.gone.len() + self.come.len()
    }

    /// The number of rows that rank before this key.
    pub(super) fn before(&self, board: &Board, rank_key: RankKey) -> usize {
        let before = board.before(rank_key);
        before - self.gone_before(before) + self.come_before(before, rank_key)
    }

    /// The rows in order, the first `skip` left out.
    pub(super) fn rows<'a>(&'a self, board: &'a Board, skip: usize) -> impl Iterator<Item = Ranked> + 'a {
        let rank_of = |index: usize| {
            let before = self.come[index].before;
            before - self.gone_before(before) + index
        };
        let come_before = first(self.come.len(), |index| rank_of(index) < skip);
        let stay_before = skip - come_before;
        let gone_before = first(self.gone.len(), |index| self.gone[index] - index <= stay_before);
        let has_gone = |place: usize| self.gone.binary_search(&place).is_ok();
        let stay = board.rows(stay_before.saturating_add(gone_before), usize::MAX);
        let mut stay =
            stay.map(|(rank, row)| (rank - 1, row)).filter(move |(place, _)| !has_gone(*place)).peekable();
        let mut come = self.come[come_before..].iter().peekable();
        let rows = iter::from_fn(move || {
            let comes_next = come.next_if(|come| stay.peek().is_none_or(|(place, _)| come.before <= *place));
            comes_next.map(|come| Arc::clone(&come.row)).or_else(|| Some(stay.next()?.1))
        });
        rows.zip(skip.saturating_add(1)..).map(|(row, rank)| (rank, row))
    }

    /// The number of rows before this place that have gone.
    fn gone_before(&self, place: usize) -> usize {
        self.gone.partition_point(|gone| *gone < place)
    }

    /// The number of rows that have come before a key, which has so many of the board's before it.
    fn come_before(&self, before: usize, rank_key: RankKey) -> usize {
        // Most are told apart without a look at their rows.
        let order = |come: &Come| come.before.cmp(&before).then_with(|| come.row.rank_key().cmp(&rank_key));
        self.come.partition_point(|come| order(come).is_lt())
    }
}

/// The first of so many indices that is not before what is looked for: all that are come first.
fn first(count: usize, is_before: impl Fn(usize) -> bool) -> usize {
    let (mut low, mut high) = (0, count);
    while low < high {
        let middle = low.midpoint(high);
        if is_before(middle) {
            low = middle + 1;
        } else {
            high = middle;
        }
    }
    low
}

#[cfg(test)]
mod tests {
    use hub_core::{Offset, PortfolioId, Ratio, Timestamp};
    use proptest::prelude::*;

    use super::*;
    use crate::entry::{Entry, Ingested, Metrics};
    use crate::ranking::Ranking;

    fn row(id: u64, score: i128) -> Arc<Row> {
        let nothing = Metrics { avg_return: Ratio::ZERO, sharpe: Ratio::ZERO, sortino: Ratio::ZERO };
        Arc::new(Row::new(Entry {
            id: PortfolioId::from_bytes(u128::from(id).to_be_bytes()),
            name: None,
            metrics: nothing,
            score: Ratio::from_units(score),
            attained: Offset(0),
            updated_at: Timestamp::default(),
            ingested: Ingested::default(),
        }))
    }

    /// Of a board of many: which rows go, and which come and, some of them, go again.
    fn changes() -> impl Strategy<Value = Vec<(prop::sample::Index, i128)>> {
        prop::collection::vec((any::<prop::sample::Index>(), -5..25_i128), 0..120)
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(64))]

        #[test]
        fn rows_and_ranks_are_those_of_a_sorted_list(
            scores in prop::collection::vec(0..20_i128, 0..200), changes in changes(),
        ) {
            let mut ranking = Ranking::default();
            let mut model: Vec<Arc<Row>> = scores.iter().zip(0..).map(|(score, id)| row(id, *score)).collect();
            for row in &model {
                ranking.set(None, Arc::clone(row));
            }
            let board = ranking.board();
            let (mut difference, mut come) = (Difference::default(), Vec::new());
            for (number, (index, score)) in changes.into_iter().enumerate() {
                if number % 3 < 2 && !model.is_empty() {
                    let gone = model.swap_remove(index.index(model.len()));
                    if come.contains(&gone.id) {
                        difference.take_back(&board, gone.rank_key());
                    } else {
                        difference.leave(&board, gone.rank_key());
                    }
                }
                if number % 3 != 0 {
                    let row = row(1_000 + number as u64, score);
                    come.push(row.id);
                    difference.come(&board, Arc::clone(&row));
                    model.push(row);
                }
            }
            model.sort_unstable_by_key(|row| row.rank_key());
            prop_assert_eq!(difference.len(&board), model.len());
            for (index, row) in model.iter().enumerate() {
                prop_assert_eq!(difference.before(&board, row.rank_key()), index);
            }
            let ranked: Vec<Ranked> = model.into_iter().enumerate().map(|(index, row)| (index + 1, row)).collect();
            for skip in 0..=ranked.len() + 2 {
                let rest = ranked.get(skip..).unwrap_or_default();
                prop_assert!(difference.rows(&board, skip).eq(rest.iter().cloned()), "from {}", skip);
            }
        }
    }
}
