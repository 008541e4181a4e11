//! What is one event and what are two.

mod support;

use hub_core::event::{Event, Stage};
use hub_core::{Outcome, TradeId};

use support::{Fixture, at, dlq_event, error_event, invalid_trade};

fn dead(edit: impl Fn(&mut hub_core::event::DlqEvent)) -> Event {
    let Event::DlqEvent(mut event) = dlq_event(Some(1), Stage::Enriched, "no account", Some(at(-500))) else {
        panic!("another kind")
    };
    edit(&mut event);
    Event::DlqEvent(event)
}

#[test]
fn dead_letters_of_one_trade_and_instant_are_told_apart_by_their_words() {
    let mut hub = Fixture::new();
    let events = [
        dead(|_| {}),
        dead(|event| event.reason = Some("no symbol".into())),
        dead(|event| event.reason = None),
        dead(|event| event.topic_name = Some("other.dlq".into())),
        dead(|event| event.original_topic = Some("other".into())),
        // The same letters in other fields.
        dead(|event| {
            event.topic_name = Some("trades.dlqtrades".into());
            event.original_topic = Some("".into());
        }),
    ];
    for event in &events {
        assert_eq!(hub.send(event.clone()), Outcome::Accepted, "{event:?}");
    }
    for event in events {
        assert_eq!(hub.send(event.clone()), Outcome::Duplicate, "{event:?}");
    }
    assert_eq!(hub.state().numbers().dead_letters, 6);
}

#[test]
fn errors_of_one_trade_and_instant_are_told_apart_by_their_words() {
    let mut hub = Fixture::new();
    let error = |message: Option<&str>| match error_event(Some(1), Stage::Enriched, Some(at(-500))) {
        Event::ErrorEvent(mut event) => {
            event.error_message = message.map(Into::into);
            Event::ErrorEvent(event)
        }
        other => panic!("{other:?}"),
    };
    for message in [Some("no answer"), Some("no answer at all"), None] {
        assert_eq!(hub.send(error(message)), Outcome::Accepted, "{message:?}");
        assert_eq!(hub.send(error(message)), Outcome::Duplicate, "{message:?}");
    }
}

#[test]
fn an_invalid_trade_counts_whatever_it_says_of_itself() {
    let mut hub = Fixture::new();
    let invalid = |id: &str, time: &str| match invalid_trade(1, None) {
        Event::InvalidTrade(mut trade) => {
            trade.trade_id = id.into();
            trade.timestamp = Some(time.into());
            Event::InvalidTrade(trade)
        }
        other => panic!("{other:?}"),
    };
    let uuid = "550e8400-e29b-41d4-a716-446655440000";
    let (time, ahead) = (at(-500).to_string(), at(3_600_000).to_string());
    for (id, time, again) in [
        ("T-1", &*time, Outcome::Duplicate),
        ("T-2", &time, Outcome::Duplicate),
        (uuid, &time, Outcome::Duplicate),
        (uuid, &ahead, Outcome::Duplicate),
        ("T-1", "yesterday", Outcome::Accepted),
        (uuid, "0", Outcome::Accepted),
    ] {
        assert_eq!(hub.send(invalid(id, time)), Outcome::Accepted, "{id} {time}");
        assert_eq!(hub.send(invalid(id, time)), again, "{id} {time}");
    }
    assert_eq!(hub.send(invalid(&uuid.to_uppercase(), &time)), Outcome::Duplicate, "one id in any case");
    let state = hub.state();
    assert_eq!(state.numbers().invalid, 8);
    let id: TradeId = uuid.parse().expect("a UUID");
    assert_eq!(state.trade(id).map(|trade| trade.entries().len()), Some(4), "it is tracked by its UUID");
}
