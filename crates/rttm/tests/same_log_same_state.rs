//! However the log is cut into batches, whether ticks fill the time between
//! its records, and however often it is replayed: the same is shown.

mod support;

use hub_core::{Event, Offset, Record, Timestamp};
use proptest::prelude::*;
use support::Fixture;
use support::script::{bounded_history, history};

/// Everything that is shown and is not named by an offset.
fn shown(hub: &mut Fixture) -> Vec<String> {
    let state = hub.state();
    let mut shown = hub.told();
    let cleared = state.alerts().cleared.iter();
    shown.extend(cleared.map(|(_, alert)| format!("{} {:?}", alert.message(), alert.cleared_at)));
    shown
}

/// Each trade's events and the dead letters, which are named by their records.
fn kept(hub: &mut Fixture) -> Vec<String> {
    let state = hub.state();
    let trades = (0..20).map(|n| format!("{:?}", state.trade(support::trade_id(n))));
    trades.chain(state.letters_before(Offset(u64::MAX)).map(|letter| format!("{letter:?}"))).collect()
}

/// With a tick at each second in which nothing else was written.
fn with_ticks(records: &[Record]) -> Vec<Record> {
    let (mut all, mut second) = (Vec::<Record>::new(), None);
    let mut push = |at, event| all.push(Record { offset: Offset(all.len() as u64 + 1), at, event });
    for record in records {
        let until = record.at.second();
        for second in second.map_or(until, |last| last + 1)..until {
            push(Timestamp::from_millis(second * 1000).unwrap(), Event::Tick);
        }
        push(record.at, record.event.clone());
        second = Some(until);
    }
    all
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(12))]

    #[test]
    fn ticks_load_or_a_night_make_no_difference(records in prop_oneof![history(80), bounded_history(80)]) {
        let (mut with, mut without) = (Fixture::new(), Fixture::new());
        for record in &with_ticks(&records) {
            with.apply(record);
        }
        for record in &records {
            without.apply(record);
        }
        prop_assert_eq!(shown(&mut with), shown(&mut without));
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(24))]

    #[test]
    fn batches_and_readers_leave_no_trace(records in history(200), settled in prop::collection::vec(any::<bool>(), 200)) {
        let (mut watched, mut replayed) = (Fixture::new(), Fixture::new());
        for (record, settle) in records.iter().zip(settled) {
            let outcome = watched.apply(record);
            prop_assert_eq!(&outcome, &replayed.apply(record));
            if settle {
                watched.flush();
            }
        }
        prop_assert_eq!(shown(&mut watched), shown(&mut replayed));
        let letters = |hub: &mut Fixture| {
            let state = hub.state();
            state.letters_before(Offset(u64::MAX)).map(|letter| letter.as_ref().clone()).collect::<Vec<_>>()
        };
        prop_assert_eq!(letters(&mut watched), letters(&mut replayed));
        let versions = |hub: &mut Fixture| {
            let board = hub.state().alerts().clone();
            (board.version, board.cleared.clone())
        };
        prop_assert_eq!(versions(&mut watched), versions(&mut replayed));
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(24))]

    /// The log is read again after a crash, by whatever batches, and what its settings said then holds then.
    #[test]
    fn bounds_that_change_in_the_middle_are_replayed(records in bounded_history(200), settled in prop::collection::vec(any::<bool>(), 200)) {
        let (mut watched, mut replayed) = (Fixture::new(), Fixture::new());
        for (record, settle) in records.iter().zip(settled) {
            let event = Event::decode(&record.event.encode().unwrap()).unwrap();
            let outcome = watched.apply(record);
            prop_assert_eq!(&outcome, &replayed.apply(&Record { event, ..record.clone() }));
            if settle {
                watched.flush();
            }
        }
        prop_assert_eq!(shown(&mut watched), shown(&mut replayed));
        prop_assert_eq!(kept(&mut watched), kept(&mut replayed));
    }
}

#[test]
fn a_snapshot_does_not_change() {
    let mut hub = Fixture::new();
    hub.send(support::dlq_event(Some(1), hub_core::event::Stage::Enriched, "a", None));
    let before = hub.state();
    hub.send(support::dlq_event(Some(1), hub_core::event::Stage::Enriched, "a", None));
    hub.pass(25 * 3_600_000);
    assert_eq!(before.dead_letter_classes(9)[0].count, 1);
    assert_eq!(before.trade(support::trade_id(1)).unwrap().entries().len(), 1);
    assert_eq!(hub.state().numbers().dead_letters, 0);
}
