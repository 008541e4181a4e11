//! Score, then who reached it first, then id (against BUG-L11).

mod support;

use hub_core::{Event, Outcome};
use support::{Hub, json, portfolio, risk};

fn order(hub: &mut Hub) -> Vec<u8> {
    hub.settle();
    hub.reads.settled().board().rows(0, 100).map(|(_, entry)| entry.id.to_bytes()[15]).collect()
}

#[test]
fn vector_v5_has_the_score_115() {
    let mut hub = Hub::new();
    assert_eq!(hub.send(risk(1, "0.5", "2.0", "1.5")), Outcome::Accepted);
    hub.flush();
    assert!(
        hub.connect("/ws/top").contains(r#""compositeScore":115,"avgReturn":0.5,"sharpe":2,"sortino":1.5,"#)
    );
}

#[test]
fn who_reached_a_score_first_stays_ahead_whatever_the_ids_say() {
    let mut hub = Hub::new();
    for id in [9, 1, 5] {
        hub.sharpe(id, "2");
    }
    assert_eq!(order(&mut hub), [9, 1, 5]);
    hub.sharpe(1, "3");
    assert_eq!(order(&mut hub), [1, 9, 5]);
    hub.sharpe(1, "2");
    assert_eq!(order(&mut hub), [9, 5, 1], "it came back to the score after the others had reached it");
}

#[test]
fn an_update_that_changes_nothing_keeps_place_and_time_and_is_accepted() {
    let mut hub = Hub::new();
    hub.sharpe(1, "2");
    hub.sharpe(2, "2");
    hub.flush();
    let (before, top) = (hub.connect("/ws/top"), hub.follow("/ws/top").unwrap());
    let after = hub.offset;
    hub.millis += 5000;
    assert_eq!(hub.send(risk(1, "0", "2.000", "-0")), Outcome::Accepted);
    hub.flush();
    assert_eq!(hub.changed(&*top, after), None);
    assert_eq!(hub.connect("/ws/top"), before);
}

#[test]
fn other_metrics_of_the_same_score_keep_the_place_and_are_shown() {
    let mut hub = Hub::new();
    hub.sharpe(1, "1");
    hub.sharpe(2, "1");
    hub.flush();
    let (top, after) = (hub.follow("/ws/top").unwrap(), hub.offset);
    hub.millis += 5000;
    hub.send(risk(1, "0.6", "0", "0"));
    assert_eq!(order(&mut hub), [1, 2]);
    hub.flush();
    let message = json(&hub.changed(&*top, after).unwrap());
    assert_eq!(message["data"][0]["avgReturn"], 0.6);
    assert_ne!(message["data"][0]["updatedAt"], message["data"][1]["updatedAt"]);
}

#[test]
fn scores_that_no_double_could_tell_apart_are_ranked() {
    let mut hub = Hub::new();
    hub.send(risk(1, "0", "100000", "0"));
    hub.send(risk(2, "0", "100000.000000000000000001", "0"));
    assert_eq!(order(&mut hub), [2, 1]);
}

#[test]
fn negative_scores_come_last_and_a_portfolio_that_was_never_measured_is_not_ranked() {
    let mut hub = Hub::new();
    hub.name(4, "Only a name");
    hub.sharpe(1, "-1");
    hub.sharpe(2, "0");
    hub.sharpe(3, "1");
    assert_eq!(order(&mut hub), [3, 2, 1]);
    assert!(hub.reads.settled().board().entry(portfolio(4)).is_none());
    hub.send(Event::Tick);
}

#[test]
fn metrics_beyond_all_bounds_are_refused_and_change_nothing() {
    let mut hub = Hub::new();
    let huge = hub_core::Ratio::from_units(i128::MAX);
    let Event::Risk(mut metrics) = risk(1, "0", "0", "0") else { unreachable!() };
    metrics.sharpe_ratio = huge;
    assert!(matches!(hub.send(Event::Risk(metrics)), Outcome::Rejected(_)));
    assert!(order(&mut hub).is_empty());
}
