//! Alerts from the log to the socket.

mod support;

use hub_core::event::{Event, Stage};
use hub_core::{AlertRules, Offset, Settings, Thresholds};
use hub_fanout::{Document, Occasion};
use serde_json::{Value, json};
use support::{Fixture, at, dlq_event, error_event, queue_metric, trade_event};

fn rows(document: &dyn Document, occasion: Occasion, hub: &Fixture) -> Option<Vec<Value>> {
    let composed = document.compose(occasion, hub.now());
    let message = composed.messages.into_iter().next()?;
    Some(serde_json::from_slice(&message).unwrap())
}

fn active(hub: &mut Fixture) -> Vec<String> {
    hub.state()
        .alerts()
        .active
        .iter()
        .map(|alert| format!("{} {}", alert.severity.as_str(), alert.message()))
        .collect()
}

/// Dead letters of the pipeline, now.
fn give_up(hub: &mut Fixture, count: usize) {
    for _ in 0..count {
        hub.send(dlq_event(None, Stage::Enriched, "no such account", None));
    }
}

#[actix_web::test]
async fn one_is_raised_at_the_next_second_shown_and_cleared_once() {
    let mut hub = Fixture::new();
    let alerts = hub.document("/ws/alerts", "");
    give_up(&mut hub, 60);
    hub.pass(999);
    assert!(active(&mut hub).is_empty(), "the second is not over");
    hub.pass(1);
    hub.flush();
    let raised = json!({"id": "DLQ_COUNT@1770460201", "severity": "CRITICAL", "message": "DLQ_COUNT: 60.00 vs 50.00",
        "timestamp": "2026-02-07T10:30:01.000Z", "source": "pipeline", "resolved": false, "timeAgo": "0s ago"});
    let since = Offset(hub.offset - 1);
    assert_eq!(rows(&*alerts, Occasion::Opened, &hub), Some(vec![raised.clone()]));
    assert_eq!(rows(&*alerts, Occasion::Changed { after: since }, &hub), Some(vec![raised]));
    assert_eq!(rows(&*alerts, Occasion::Changed { after: Offset(hub.offset) }, &hub), None, "nothing new");

    // The last dead letter leaves 300 s after its second, and 60 s later it clears.
    hub.pass(300_000 + 60_000 - 1);
    hub.flush();
    assert_eq!(rows(&*alerts, Occasion::Period, &hub).unwrap()[0]["timeAgo"], "5m ago");
    hub.pass(1);
    hub.flush();
    let after = Offset(hub.offset - 1);
    let cleared = rows(&*alerts, Occasion::Changed { after }, &hub).unwrap();
    assert_eq!((cleared.len(), &cleared[0]["resolved"]), (1, &json!(true)));
    assert_eq!(cleared[0]["id"], "DLQ_COUNT@1770460201");
    assert_eq!(rows(&*alerts, Occasion::Period, &hub), Some(vec![]), "once");
    assert_eq!(rows(&*alerts, Occasion::Opened, &hub), Some(vec![]));
    assert_eq!(hub.get("/api/rttm/alerts").await, (200, json!([])));
    let (_, resolved) = hub.get("/api/rttm/alerts?status=resolved").await;
    assert_eq!(
        (resolved[0]["id"].clone(), resolved.as_array().unwrap().len()),
        (cleared[0]["id"].clone(), 1)
    );
}

#[test]
fn a_clearing_is_not_shown_before_its_flush() {
    let mut hub = Fixture::new();
    let alerts = hub.document("/ws/alerts", "");
    give_up(&mut hub, 60);
    hub.pass(1000);
    hub.flush();
    let flushed = Offset(hub.offset);
    hub.pass(3_600_000);
    hub.state();
    let period = alerts.compose(Occasion::Period, hub.now());
    assert_eq!(period.upto, flushed, "settled, and not flushed");
    hub.flush();
    let changed = rows(&*alerts, Occasion::Changed { after: period.upto }, &hub).unwrap();
    assert_eq!(changed[0]["resolved"], json!(true));
}

#[test]
fn every_condition_has_its_production_threshold() {
    let mut hub = Fixture::new();
    hub.pass(5000);
    for n in 0..5 {
        hub.send(error_event(None, Stage::Enriched, None));
        hub.send(trade_event(n, Stage::Received, Some(at(0))));
        hub.send(trade_event(n, Stage::Validated, Some(at(1000))));
        hub.send(trade_event(n, Stage::Enriched, Some(at(1999))));
        hub.send(trade_event(n, Stage::Committed, Some(at(4999))));
    }
    hub.send(queue_metric(0, 999, None));
    hub.send(queue_metric(1, 5000, None));
    hub.pass(20_000);
    let mut messages = active(&mut hub);
    messages.sort();
    assert_eq!(
        messages,
        [
            // 3000 ms: the middle of its class, 2976 to 3007, is just below.
            "CRITICAL QUEUE_LAG: 5000.00 vs 5000.00",
            "HIGH ERROR_RATE: 5.00 vs 5.00",
            "HIGH LATENCY_P95 COMMITTED: 2991.50 vs 1000.00",
            "HIGH LATENCY_P95 VALIDATED: 1003.50 vs 1000.00",
            "HIGH LATENCY_P99 COMMITTED: 2991.50 vs 1000.00",
            "HIGH LATENCY_P99 VALIDATED: 1003.50 vs 1000.00",
        ]
    );
}

#[test]
fn throughput_counts_trades_and_is_at_most_medium_below_critical() {
    let mut hub = Fixture::new();
    let alerts = AlertRules { tps: Thresholds { warning: 5, critical: 10 }, ..AlertRules::default() };
    hub.send(Event::Settings(Settings { alerts, ..Settings::default() }));
    for n in 0..6 {
        for stage in Stage::ALL {
            hub.send(trade_event(n, *stage, None));
        }
    }
    hub.pass(1000);
    assert_eq!(active(&mut hub), ["MEDIUM TPS: 6.00 vs 5.00"]);
    let cards = hub.document("/ws/rttm/metrics", "").compose(Occasion::Opened, hub.now()).messages;
    let cards: Value = serde_json::from_slice(&cards[0]).unwrap();
    assert_eq!((&cards[0]["status"], &cards[1]["status"]), (&json!("healthy"), &json!("warning")));
}

#[test]
fn a_lag_that_stays_does_not_flap_and_one_that_is_not_reported_any_more_clears() {
    // BUG-R7.
    let mut hub = Fixture::new();
    for _ in 0..40 {
        hub.send(queue_metric(0, 1500, None));
        hub.pass(30_000);
    }
    let board = hub.state().alerts().clone();
    assert_eq!((board.active.len(), board.cleared.len()), (1, 0));
    assert_eq!(board.active[0].raised_at, at(1000));
    hub.pass(3_600_000);
    let board = hub.state().alerts().clone();
    assert_eq!((board.active.len(), board.cleared.len()), (0, 1));
}

#[test]
fn limits_and_order() {
    let mut hub = Fixture::new();
    hub.send(error_event(None, Stage::Enriched, None));
    (0..10).for_each(|_| drop(hub.send(error_event(None, Stage::Enriched, None))));
    hub.pass(5000);
    give_up(&mut hub, 10);
    hub.pass(5000);
    hub.flush();
    let ids = |limit| {
        let document = hub.document("/ws/rttm/alerts", &format!("limit={limit}"));
        let rows = rows(&*document, Occasion::Opened, &hub).unwrap();
        rows.iter().map(|row| row["message"].as_str().unwrap().to_owned()).collect::<Vec<_>>()
    };
    assert_eq!(ids("25"), ["DLQ_COUNT: 10.00 vs 10.00", "ERROR_RATE: 11.00 vs 5.00"]);
    assert_eq!(ids("1"), ["DLQ_COUNT: 10.00 vs 10.00"]);
}
