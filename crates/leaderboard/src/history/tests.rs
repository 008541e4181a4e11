//! What is remembered is what was, and for how long it is.

use hub_core::{PortfolioId, Ratio};
use proptest::prelude::*;

use super::*;
use crate::entry::{Entry, Ingested, Metrics};

const HORIZON: i64 = 1000;
const NOTHING: Metrics = Metrics { avg_return: Ratio::ZERO, sharpe: Ratio::ZERO, sortino: Ratio::ZERO };

fn at(millis: i64) -> Timestamp {
    Timestamp::from_millis(millis).unwrap()
}

/// A ranking and its history.
struct Ranked {
    ranking: Ranking,
    history: History,
}

impl Ranked {
    fn of(size: usize) -> Ranked {
        Ranked { ranking: Ranking::default(), history: History::of(Tops::of(size), HORIZON) }
    }

    fn new() -> Ranked {
        Ranked { ranking: Ranking::default(), history: History::new(HORIZON) }
    }

    fn advance(&mut self, millis: i64) {
        self.history.advance(at(millis), &self.ranking);
    }

    fn set(&mut self, offset: u64, id: u64, score: i128) {
        let entry = Entry {
            id: PortfolioId::from_bytes(u128::from(id).to_be_bytes()),
            name: None,
            metrics: NOTHING,
            score: Ratio::from_units(score),
            attained: Offset(offset),
            updated_at: at(0),
            ingested: Ingested::default(),
        };
        let row = Arc::new(Row::new(entry));
        self.history.begin(Offset(offset), &self.ranking);
        let found = self.ranking.find(row.id);
        self.ranking.set(found.as_ref(), Arc::clone(&row));
        let before = found.as_ref().and_then(|found| found.known.row());
        self.history.record(Offset(offset), before, &row, &self.ranking);
    }

    /// The state that readers are handed.
    fn settle(&mut self) -> (History, Board) {
        self.history.settle(&self.ranking);
        (self.history.clone(), self.ranking.board())
    }

    fn top(&self) -> Vec<Arc<Row>> {
        self.ranking.rows().collect()
    }
}

/// One offset: scores of portfolios, and whether the log is settled and flushed then.
type Step = (Vec<(u64, i128)>, bool, bool);

fn steps() -> impl Strategy<Value = Vec<Step>> {
    let sets = prop_oneof![
        4 => prop::collection::vec((0..14_u64, -3..4_i128), 0..3),
        1 => prop::collection::vec((0..14_u64, -3..4_i128), 10..40),
    ];
    prop::collection::vec((sets, any::<bool>(), any::<bool>()), 1..60)
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(256))]

    #[test]
    fn the_top_of_any_offset_and_the_board_of_any_flush_are_what_they_were(
        size in 1..9_usize, steps in steps(),
    ) {
        let mut ranked = Ranked::of(size);
        let (mut tops, mut flushes) = (vec![vec![]], vec![]);
        let mut states = vec![];
        for (offset, (sets, settled, flushed)) in (1..).zip(&steps) {
            for (id, score) in sets {
                ranked.set(offset, *id, *score);
            }
            tops.push(ranked.top());
            if *settled || *flushed {
                let (history, board) = ranked.settle();
                if *flushed {
                    ranked.history.keep(&board);
                    flushes.push(offset);
                }
                states.push((offset, history, board));
            }
        }
        for (now, history, board) in &states {
            for (after, then) in tops.iter().enumerate().take(*now as usize + 1) {
                let past = history.top_at(Offset(after as u64)).unwrap();
                for limit in 0..=size {
                    let expected: Vec<_> = then.iter().take(limit).cloned().collect();
                    prop_assert_eq!(past.rows(board, limit), expected, "{} at {} of {}", limit, after, now);
                }
                let past = history.board_at(Offset(after as u64), board);
                if flushes.contains(&(after as u64)) {
                    prop_assert!(past.is_some(), "the flush {} as of {}", after, now);
                }
                if let Some(past) = past {
                    prop_assert!(past.rows(0, usize::MAX).map(|(_, row)| row).eq(then.iter().cloned()));
                }
                let changed = tops[*now as usize] != *then;
                prop_assert!(history.changed(Offset(after as u64)) || !changed, "{} as of {}", after, now);
            }
        }
    }
}

#[test]
fn a_change_is_remembered_for_a_horizon_and_not_for_more_than_two() {
    for changed_at in [0, 1, 500, 999, 1000, 1001] {
        for age in [0, 999, 1000, 1500, 1999, 2000, 2001, 100_000] {
            let mut ranked = Ranked::new();
            ranked.advance(changed_at);
            ranked.set(5, 1, 1);
            ranked.advance(changed_at + age);
            let known = ranked.history.reaches(Offset(4));
            assert!(known || age > HORIZON, "changed at {changed_at}, forgotten after {age}");
            assert!(!known || age < 2 * HORIZON, "changed at {changed_at}, remembered after {age}");
            assert!(ranked.history.reaches(Offset(5)), "nothing changed after it");
        }
    }
}

#[test]
fn it_does_not_matter_which_records_bring_the_time() {
    let run = |steps: &[i64]| {
        let mut ranked = Ranked::new();
        ranked.advance(10);
        ranked.set(1, 1, 1);
        ranked.advance(1010);
        ranked.set(2, 2, 1);
        for step in steps {
            ranked.advance(*step);
        }
        [0, 1, 2].map(|offset| ranked.history.reaches(Offset(offset)))
    };
    assert_eq!(run(&[2500]), run(&[1100, 1900, 2000, 2001, 2499, 2500]));
    assert_eq!(run(&[3500]), run(&[2000, 3000, 3500]));
    assert_eq!(run(&[2500]), [false, true, true]);
    assert_eq!(run(&[3500]), [false, false, true]);
}

#[test]
fn another_horizon_forgets_nothing_by_itself() {
    let mut ranked = Ranked::new();
    ranked.advance(500_000);
    ranked.set(1, 1, 1);
    for horizon in [10, 1_000_000, 0, -5, 600_000] {
        ranked.history.configure(horizon, at(500_000));
        ranked.advance(500_000);
        assert!(ranked.history.reaches(Offset::START), "{horizon}");
    }
    ranked.history.configure(10, at(500_000));
    ranked.advance(500_020);
    assert!(!ranked.history.reaches(Offset::START));
}

#[test]
fn memory_is_bounded_and_what_is_forgotten_is_known_to_be() {
    let mut ranked = Ranked::of(4);
    let changes = 3 * tops::GENERATION_MAX as u64;
    (1..=changes).for_each(|offset| ranked.set(offset, offset % 10, i128::from(offset)));
    let floor = (0..changes).find(|offset| ranked.history.reaches(Offset(*offset))).unwrap();
    assert!(0 < floor && floor < changes - tops::GENERATION_MAX as u64 / 3);
    let (history, board) = ranked.settle();
    assert!(history.top_at(Offset(floor - 1)).is_none());
    let ids = |offset| history.top_at(Offset(offset)).unwrap().rows(&board, 4);
    let expected = |offset: u64| (0..4).map(move |index| (offset - index) % 10);
    for offset in [floor, floor + 1, changes - 1, changes] {
        let ids = ids(offset);
        let ids = ids.iter().map(|row| u64::from(row.id.to_bytes()[15]));
        assert!(ids.eq(expected(offset)), "at {offset}");
    }
}

#[test]
fn a_pass_over_all_is_few_changes_of_the_top() {
    let mut ranked = Ranked::of(10);
    (0..5_000).for_each(|id| ranked.set(id + 1, id, i128::from(id)));
    let (_, before) = ranked.settle();
    ranked.history.keep(&before);
    // All at one offset, in the order that changes the top most often.
    (0..5_000).for_each(|id| ranked.set(6_000, id, i128::from(id) + 10_000));
    let (history, board) = ranked.settle();
    let top = history.top_at(Offset(5_500)).unwrap().rows(&board, 10);
    assert!(top.into_iter().eq(before.rows(0, 10).map(|(_, row)| row)));
    assert_eq!(history.board_at(Offset(5_500), &board).map(Board::len), Some(5_000));
    assert!(history.reaches(Offset(0)));
}

#[test]
fn boards_that_much_changed_since_are_let_go() {
    let mut ranked = Ranked::new();
    let mut flush = |offsets: std::ops::Range<u64>| {
        let last = offsets.end - 1;
        offsets.for_each(|offset| ranked.set(offset, offset % 100, i128::from(offset)));
        let (history, board) = ranked.settle();
        ranked.history.keep(&board);
        (history, board, Offset(last))
    };
    let (.., first) = flush(1..100);
    for round in 1..100 {
        let (history, board, now) = flush(round * 100..(round + 1) * 100);
        let changes = now.0 - first.0;
        let kept = history.board_at(first, &board).is_some();
        assert!(kept || changes > boards::CHANGES_MAX as u64, "let go after {changes} changes");
        assert!(!kept || changes < 2 * boards::CHANGES_MAX as u64 + 200, "kept after {changes}");
        assert!(history.board_at(Offset(now.0 - 100), &board).is_some(), "the flush before");
    }
}
