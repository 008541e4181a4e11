//! Whatever happens, the ranking is that of a plain sorted list.

mod support;

use hub_core::Offset;
use proptest::prelude::*;
use support::Hub;
use support::compared::{check, standing};
use support::model::Model;
use support::script::history;

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
