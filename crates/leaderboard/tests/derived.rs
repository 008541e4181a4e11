//! Risk that an earlier projection derived ranks as risk that was ingested,
//! and an ingested one keeps to what was ingested.

mod support;

use std::sync::{Arc, Mutex};

use hub_core::{Derived, Event, Offset, Outcome, Ratio, Record, Timestamp};
use hub_fanout::{Applied, FlushBuilder, Projection, Remembered, Step, WalkError, Walked, walk};
use hub_leaderboard::Dialect;
use support::{Hub, START_MILLIS, json, named, portfolio, risk};

/// Derives what it was given: at its time, or from the next record.
#[derive(Clone, Default)]
struct Analytics(Arc<Mutex<Vec<Planned>>>);

type Planned = (Option<i64>, Derived);

impl Analytics {
    fn derive(&self, at: Option<i64>, event: Event) {
        let Event::Risk(metrics) = event else { unreachable!("risk only") };
        self.0.lock().unwrap().push((at.map(|at| START_MILLIS + at), Derived::Risk(metrics)));
    }

    fn hand_on(&self, due: impl Fn(Option<i64>) -> bool, step: &mut Step) {
        let mut facts = self.0.lock().unwrap();
        facts.extract_if(.., |(at, _)| due(*at)).for_each(|(_, fact)| step.derive(fact));
    }
}

impl Projection for Analytics {
    fn next_boundary(&self) -> Option<Timestamp> {
        let next = self.0.lock().unwrap().iter().filter_map(|(at, _)| *at).min()?;
        Timestamp::from_millis(next)
    }

    fn advance(&mut self, now: Timestamp, _: Offset, step: &mut Step) {
        self.hand_on(|at| at.is_some_and(|at| at <= now.millis()), step);
    }

    fn apply(&mut self, _: &Record, step: &mut Step) {
        self.hand_on(|at| at.is_none(), step);
    }

    fn settle(&mut self, _: Applied) {}

    fn flush(&mut self, _: &mut FlushBuilder) {}

    fn remembered(&self) -> Remembered<'_> {
        Remembered::nothing("analytics/1")
    }

    fn restore(&mut self, from: Walked<'_, '_>) -> Result<(), WalkError> {
        walk::read(from)
    }
}

fn hub() -> (Hub, Analytics) {
    let analytics = Analytics::default();
    let before: Box<dyn Projection> = Box::new(analytics.clone());
    (Hub::after(Some(before), None, Dialect::Native), analytics)
}

/// Each ranked portfolio with its Sharpe ratio.
fn ranking(hub: &mut Hub) -> Vec<(u8, String)> {
    hub.settle();
    let state = hub.reads.settled();
    state.board().rows(0, 9).map(|(_, row)| (row.id.to_bytes()[15], row.metrics.sharpe.to_string())).collect()
}

fn ranked<const N: usize>(rows: [(u8, &str); N]) -> Vec<(u8, String)> {
    rows.into_iter().map(|(id, sharpe)| (id, sharpe.to_owned())).collect()
}

#[test]
fn what_is_derived_from_a_record_ranks_and_is_sent() {
    let (mut hub, analytics) = hub();
    hub.sharpe(1, "1");
    hub.flush();
    let (top, after) = (hub.follow("/ws/top").unwrap(), hub.offset);
    analytics.derive(None, risk(2, "0", "2", "0"));
    assert_eq!(hub.send(named(9, "Somebody else")), Outcome::Accepted);
    assert_eq!(ranking(&mut hub), ranked([(2, "2"), (1, "1")]));
    hub.flush();
    let message = json(&hub.changed(&*top, after).unwrap());
    assert_eq!(message["data"][0]["compositeScore"], 60);
}

#[test]
fn what_is_derived_at_a_boundary_is_of_that_time() {
    let (mut hub, analytics) = hub();
    hub.send(Event::Tick);
    analytics.derive(Some(30_000), risk(1, "0", "1", "0"));
    analytics.derive(Some(60_000), risk(2, "0", "1", "0"));
    hub.pass(3_600_000);
    hub.settle();
    let state = hub.reads.settled();
    let updated = |n| state.board().entry(portfolio(n)).unwrap().updated_at.millis() - START_MILLIS;
    assert_eq!((updated(1), updated(2)), (30_000, 60_000), "an hour later");
    assert_eq!(state.board().rank(portfolio(1)), Some(1), "who reached the score first");
}

#[test]
fn an_ingested_portfolio_keeps_to_what_was_ingested() {
    let (mut hub, analytics) = hub();
    analytics.derive(None, risk(1, "0", "5", "0"));
    hub.send(Event::Tick);
    assert_eq!(ranking(&mut hub), ranked([(1, "5")]), "nothing was ingested yet");
    hub.sharpe(1, "5");
    analytics.derive(None, risk(1, "0", "7", "0"));
    analytics.derive(Some(1000), risk(1, "0", "8", "0"));
    hub.pass(2000);
    assert_eq!(ranking(&mut hub), ranked([(1, "5")]), "though what was ingested changed nothing");
    hub.sharpe(1, "3");
    assert_eq!(ranking(&mut hub), ranked([(1, "3")]), "the last one ingested");
}

#[test]
fn who_keeps_to_what_was_ingested_does_so_after_a_restore() {
    let (mut before, derives_before) = hub();
    before.sharpe(1, "5");
    derives_before.derive(None, risk(2, "0", "4", "0"));
    before.name(3, "Not ranked yet");
    let (mut hub, analytics) = hub();
    hub.restore(&before.walk()).unwrap();
    assert_eq!(ranking(&mut hub), ranked([(1, "5"), (2, "4")]));
    for of in [1, 2, 3] {
        analytics.derive(None, risk(of, "0", "7", "0"));
    }
    hub.send(Event::Tick);
    assert_eq!(ranking(&mut hub), ranked([(2, "7"), (3, "7"), (1, "5")]));
    let name = hub.reads.settled().board().entry(portfolio(3)).unwrap().name.clone();
    assert_eq!(name.as_deref(), Some("Not ranked yet"));
}

#[test]
fn what_is_ingested_counts_over_what_the_same_record_led_to() {
    let (mut hub, analytics) = hub();
    analytics.derive(None, risk(1, "0", "9", "0"));
    assert_eq!(hub.sharpe(1, "2"), Outcome::Accepted);
    assert_eq!(ranking(&mut hub), ranked([(1, "2")]));
}

#[test]
fn metrics_without_a_score_change_nothing_whoever_brings_them() {
    let (mut hub, analytics) = hub();
    let Event::Risk(mut huge) = risk(1, "0", "0", "0") else { unreachable!() };
    huge.sharpe_ratio = Ratio::from_units(i128::MAX);
    assert!(matches!(hub.send(Event::Risk(huge.clone())), Outcome::Rejected(_)));
    analytics.derive(None, Event::Risk(huge));
    assert_eq!(hub.send(Event::Tick), Outcome::Accepted, "there is no record to reject");
    assert!(ranking(&mut hub).is_empty());
    analytics.derive(None, risk(1, "0", "1", "0"));
    hub.send(Event::Tick);
    assert_eq!(ranking(&mut hub), ranked([(1, "1")]), "what was refused was not ingested");
}
