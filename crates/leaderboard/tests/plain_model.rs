//! Whatever happens, the ranking is that of a plain sorted list.

mod support;

use hub_core::Offset;
use hub_leaderboard::{Board, Entry};
use proptest::prelude::*;
use support::model::{Model, Standing};
use support::script::{PORTFOLIOS, history};
use support::{Hub, portfolio};

fn standing(entry: &Entry) -> Standing {
    let metrics = [entry.metrics.avg_return, entry.metrics.sharpe, entry.metrics.sortino];
    Standing {
        id: entry.id,
        name: entry.name.as_deref().map(str::to_owned),
        metrics: metrics.map(hub_core::Ratio::units),
        score: entry.score.units(),
        updated_at: entry.updated_at,
        attained: entry.attained.0,
    }
}

fn check(board: &Board, model: &Model) {
    let expected = model.standings();
    assert_eq!(board.len(), expected.len());
    let rows: Vec<_> = board.rows(0, usize::MAX).collect();
    assert!(rows.iter().map(|(rank, _)| *rank).eq(1..=expected.len()));
    for ((_, entry), expected) in rows.iter().zip(&expected) {
        assert_eq!(&standing(entry), expected);
    }
    for id in (0..=PORTFOLIOS).map(portfolio) {
        let rank = expected.iter().position(|standing| standing.id == id).map(|index| index + 1);
        assert_eq!(board.rank(id), rank);
        for range in [0, 1, 3, 100, usize::MAX] {
            let around = board.around(id, range);
            assert_eq!(around.as_ref().map(|around| around.center), rank);
            let (Some(around), Some(rank)) = (around, rank) else { continue };
            let wanted = rows.iter().filter(|(other, _)| other.abs_diff(rank) <= range);
            assert!(around.rows.iter().eq(wanted), "{range} around {rank}");
        }
    }
    for skip in 0..=rows.len() + 1 {
        assert!(board.rows(skip, 3).eq(rows.iter().skip(skip).take(3).cloned()), "from {skip}");
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn the_ranking_is_a_sorted_list(records in history(150)) {
        let (mut hub, mut model) = (Hub::new(), Model::default());
        let mut snapshots = vec![];
        for record in &records {
            hub.apply(record);
            model.apply(record);
            hub.settle();
            snapshots.push((hub.reads.settled(), model.clone()));
        }
        // Compared once all has been applied: a snapshot never changes.
        for (state, model) in &snapshots {
            check(state.board(), model);
        }
    }

    #[test]
    fn the_top_of_any_offset_can_be_had_from_a_later_state_and_the_board_of_any_flush(
        records in history(150), cuts in prop::collection::vec(1..20_usize, 1..20),
    ) {
        let (mut hub, mut flushed) = (Hub::new(), vec![0]);
        let mut rest = records.as_slice();
        for cut in cuts {
            let (batch, others) = rest.split_at(cut.min(rest.len()));
            rest = others;
            for record in batch {
                hub.apply(record);
            }
            hub.flush();
            flushed.push(hub.offset as usize);
        }
        let state = hub.reads.flushed();
        for after in 0..=hub.offset as usize {
            let model = Model::of(&records[..after]);
            for limit in [1, 3, 1000] {
                let top = state.top_at(Offset(after as u64), limit).unwrap();
                let expected = model.standings().into_iter().take(limit);
                prop_assert!(top.iter().map(|row| standing(row)).eq(expected), "{} at {}", limit, after);
            }
            if flushed.contains(&after) && after > 0 {
                check(state.board_at(Offset(after as u64)).unwrap(), &model);
            }
        }
    }
}
