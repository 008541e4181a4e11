//! However the log is cut into batches, and whoever looks meanwhile, the same
//! log tells the same events and shows the same state.

mod support;

use std::sync::Arc;

use hub_autotrader::Answer;
use hub_core::event::trading::SessionId;
use hub_core::{Event, Offset, Record, Timestamp};
use proptest::prelude::*;
use support::script::{SYMBOLS, history};
use support::{Fixture, compose, document};

/// Everything that can be seen from outside.
fn everything(hub: &Fixture) -> Vec<String> {
    let state = hub.reads.settled();
    let mut seen = vec![format!("{:?}", state.applied())];
    for session in state.sessions_from(SessionId(0)) {
        seen.push(format!("{session:?}"));
        seen.extend(hub.numbers(session.id.0));
    }
    let json = format!(r#"{{"symbols":{SYMBOLS:?}}}"#);
    let prices = document(hub.socket().command("subscribe_prices", &json).unwrap()).unwrap();
    seen.extend(compose(&*prices, hub_fanout::Occasion::Opened, hub.now()));
    seen.extend((0..=hub.offset).map(|offset| format!("{:?}", state.answer(Offset(offset)))));
    seen
}

fn run(records: &[Record], settle: impl Fn(usize) -> bool) -> (Fixture, Vec<String>) {
    let mut hub = Fixture::new();
    let mut told = vec![];
    let mut snapshots = vec![];
    for (place, record) in records.iter().enumerate() {
        told.push(format!("{:?}", hub.apply(record)));
        told.extend(hub.told.iter().map(|(session, json)| format!("{session} {json}")));
        if settle(place) {
            hub.settle();
            snapshots.push((hub.reads.settled(), everything(&hub)));
        }
    }
    // What was handed out does not change afterwards.
    for (state, seen) in snapshots {
        assert_eq!(format!("{:?}", state.applied()), seen[0]);
        let sessions = state.sessions_from(SessionId(0)).map(|session| format!("{session:?}"));
        for session in sessions {
            assert!(seen.contains(&session));
        }
    }
    hub.settle();
    (hub, told)
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn batches_and_readers_leave_no_trace(records in history(120), cuts in prop::collection::vec(any::<bool>(), 120)) {
        let (hub, told) = run(&records, |_| false);
        let (cut, told_in_batches) = run(&records, |place| cuts[place]);
        prop_assert_eq!(told, told_in_batches);
        prop_assert_eq!(everything(&hub), everything(&cut));
    }

    #[test]
    fn a_log_that_was_written_down_and_read_again_is_the_same(records in history(120)) {
        let reread = |record: &Record| {
            let event = Event::decode(&record.event.encode().unwrap()).unwrap();
            Record { event, ..record.clone() }
        };
        let copy: Vec<Record> = records.iter().map(reread).collect();
        let ((hub, told), (again, told_again)) = (run(&records, |_| false), run(&copy, |_| false));
        prop_assert_eq!(told, told_again);
        prop_assert_eq!(everything(&hub), everything(&again));
    }

    #[test]
    fn ticks_in_between_change_nothing(records in history(80)) {
        // The same events at the same times, with a tick before each one at
        // every midnight and every second that would have had one.
        let mut hub = Fixture::new();
        let mut with_ticks = Fixture::new();
        for record in &records {
            let at = record.at;
            let before = with_ticks.now();
            hub.apply(record);
            for millis in [at.millis() / 86_400_000 * 86_400_000, at.millis() / 1000 * 1000] {
                let at = Timestamp::from_millis(millis).unwrap();
                if at > before {
                    with_ticks.apply(&Record { offset: record.offset, at, event: Event::Tick });
                }
            }
            with_ticks.apply(record);
            prop_assert_eq!(&hub.told, &with_ticks.told);
        }
        hub.settle();
        with_ticks.settle();
        prop_assert_eq!(everything(&hub), everything(&with_ticks));
    }
}

#[test]
fn an_answer_is_what_the_command_led_to_then() {
    let mut hub = Fixture::new();
    hub.create("1000");
    hub.price("NIFTY", "100");
    hub.send(support::open(1, "BUY NIFTY 2 target 110"));
    let opened = hub.offset;
    hub.price("NIFTY", "110");
    let state = hub.reads.settled();
    let Answer::Trade(trade) = &state.answer(Offset(opened)).unwrap().answer else { panic!("no trade") };
    assert!(trade.exit.is_none(), "as it was");
    let now = state.session(SessionId(1)).unwrap().trades();
    assert!(now[0].exit.is_some() && !Arc::ptr_eq(trade, &now[0]));
    assert!(state.answer(Offset(2)).is_none(), "a price has no answer");
}
