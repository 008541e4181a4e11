//! Settings bound what is remembered of the pipeline, each from its record on.

mod support;

use hub_core::event::{Event, RejectedInput, Stage};
use hub_core::settings::PipelineSettings;
use hub_core::{Offset, Outcome, Rejection, Settings};
use hub_rttm::State;
use support::{Fixture, at, dlq_event, queue_metric, trade_event, trade_id};

fn settings(pipeline: PipelineSettings) -> Event {
    Event::Settings(Settings { pipeline, ..Settings::default() })
}

/// Five of everything, then what `change` makes of the bounds.
fn configured(change: impl Fn(&mut PipelineSettings)) -> Fixture {
    let mut hub = Fixture::new();
    fill(&mut hub);
    let mut bounds = PipelineSettings::default();
    change(&mut bounds);
    hub.send(settings(bounds));
    hub
}

fn fill(hub: &mut Fixture) {
    for n in 0..5 {
        hub.millis = at(n.into()).millis();
        for stage in Stage::ALL {
            hub.send(trade_event(n, *stage, Some(at(i64::from(n)))));
        }
        let reason = ["a", "b", "c", "d", "e"][n as usize];
        hub.send(dlq_event(None, Stage::Enriched, reason, Some(at(i64::from(n)))));
        hub.send(queue_metric(n, 1, Some(at(i64::from(n)))));
        hub.send(rejected());
    }
}

fn rejected() -> Event {
    RejectedInput::new("prices", Rejection::of("price", "is wrong"), b"{}").into()
}

fn trades(state: &State) -> Vec<u32> {
    (0..10).filter(|n| state.trade(trade_id(*n)).is_some()).collect()
}

#[test]
fn trades_are_kept_by_number_and_bytes() {
    let mut hub = configured(|bounds| bounds.trades_kept = 2);
    assert_eq!(trades(&hub.state()), [3, 4], "at once, the newest");
    hub.send(trade_event(7, Stage::Received, None));
    assert_eq!(trades(&hub.state()), [4, 7], "and from then on");

    let mut hub = configured(|bounds| bounds.trades_bytes = 1500);
    let few = trades(&hub.state());
    assert!((1..5).contains(&few.len()) && few.ends_with(&[4]), "{few:?}");
    hub.send(trade_event(7, Stage::Received, None));
    assert!(trades(&hub.state()).len() <= few.len() + 1 && trades(&hub.state()).ends_with(&[7]));
}

#[test]
fn events_of_a_trade_are_kept_by_number() {
    let mut hub = configured(|bounds| bounds.trade_events_kept = 2);
    let events = |hub: &mut Fixture, n| {
        let state = hub.state();
        state.trade(trade_id(n)).unwrap().entries().iter().map(|entry| entry.stage).collect::<Vec<_>>()
    };
    assert_eq!(events(&mut hub, 4), [Stage::Received, Stage::Validated]);
    for stage in Stage::ALL {
        hub.send(trade_event(7, *stage, None));
    }
    assert_eq!(events(&mut hub, 7), [Stage::Received, Stage::Validated]);
}

#[test]
fn an_event_whose_identity_was_forgotten_counts_again() {
    let again = |hub: &mut Fixture, n| hub.send(trade_event(n, Stage::Committed, Some(at(i64::from(n)))));
    let mut hub = configured(|_| {});
    assert_eq!(again(&mut hub, 0), Outcome::Duplicate);
    let mut hub = configured(|bounds| bounds.event_ids_kept = 1);
    assert_eq!((again(&mut hub, 4), again(&mut hub, 0)), (Outcome::Duplicate, Outcome::Accepted));
    assert_eq!(again(&mut hub, 4), Outcome::Accepted, "0 took its place");
}

#[test]
fn dead_letters_are_kept_by_number() {
    let mut hub = configured(|bounds| bounds.dead_letters_kept = 2);
    assert_eq!(hub.state().letter_count(), 2);
    hub.send(rejected());
    let newest = hub.offset;
    let state = hub.state();
    let kept: Vec<Offset> = state.letters_before(Offset(u64::MAX)).map(|letter| letter.offset).collect();
    assert_eq!((kept.len(), kept[0]), (2, Offset(newest)));
    assert_eq!(state.numbers().dead_letters, 11, "all are counted");
}

#[test]
fn dead_letters_beyond_their_classes_are_counted_with_their_stage() {
    let mut hub = configured(|bounds| bounds.dead_letter_classes = 2);
    let classes = |hub: &mut Fixture| {
        let state = hub.state();
        state
            .dead_letter_classes(10)
            .into_iter()
            .map(|class| (class.key.origin.as_str(), class.key.reason.clone(), class.count))
            .collect::<Vec<_>>()
    };
    let own = |reason: &str, count| ("ENRICHED", reason.to_owned(), count);
    let hub_own = ("INGEST", "price: is wrong".to_owned(), 5);
    assert_eq!(classes(&mut hub), [hub_own.clone(), own("*", 4), own("e", 1)]);
    hub.send(dlq_event(None, Stage::Enriched, "f", None));
    assert_eq!(classes(&mut hub), [own("*", 5), hub_own, own("e", 1)]);
    assert_eq!(hub.state().numbers().dead_letters, 11);
}

#[test]
fn queues_are_kept_by_number() {
    let mut hub = configured(|bounds| bounds.queues_kept = 2);
    let partitions = |hub: &mut Fixture| {
        let state = hub.state();
        state.queues(10).iter().map(|(key, _)| key.partition).collect::<Vec<_>>()
    };
    assert_eq!(partitions(&mut hub), [3, 4], "those that were heard of last");
    hub.send(queue_metric(9, 1, None));
    assert_eq!(partitions(&mut hub), [4, 9]);
}

#[test]
fn cleared_alerts_are_kept_by_number() {
    let mut hub = Fixture::new();
    hub.send(settings(PipelineSettings::default()));
    for _ in 0..3 {
        hub.send(queue_metric(0, 9000, None));
        hub.pass(2000);
        hub.send(queue_metric(0, 0, None));
        hub.pass(70_000);
    }
    assert_eq!(hub.state().alerts().cleared.len(), 3);
    hub.send(settings(PipelineSettings { cleared_alerts_kept: 1, ..PipelineSettings::default() }));
    let state = hub.state();
    let board = state.alerts();
    assert_eq!((board.cleared.len(), board.version.0), (1, hub.offset), "which those who look on are told");
}
