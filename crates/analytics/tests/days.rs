//! Days end when log time passes their ends; what portfolios were worth then, and the risk that follows, are those of a
//! model that works everything out anew.

mod support;

use std::collections::BTreeMap;

use hub_core::event::{RiskMetrics, Upstream, Valuation};
use hub_core::settings::Close;
use hub_core::{Date, Derived, Event, Offset, Outcome, PortfolioId, Record, Settings, Timestamp};
use hub_fanout::testing::Told;
use proptest::prelude::*;
use proptest::strategy::ValueTree as _;
use support::days::Days;
use support::rest::get;
use support::script::history;
use support::{Fixture, START_MILLIS, portfolio};

/// The last metrics that were handed on of each portfolio.
type Handed = BTreeMap<PortfolioId, RiskMetrics>;

fn take(told: Told, days: &mut Days, now: Timestamp, handed: &mut Handed) {
    for (_, at, Derived::Risk(metrics)) in told.derived {
        assert!(at <= now);
        days.pass(at);
        days.check(&metrics);
        handed.insert(metrics.portfolio_id, metrics);
    }
}

fn compare(hub: &mut Fixture, days: &Days) {
    hub.settle();
    let state = hub.reads.settled();
    for id in Days::ids() {
        assert_eq!(state.worths(id).collect::<Vec<_>>(), days.days(id));
    }
}

/// Until every portfolio has had a turn since the last day ended, and the next one has not.
fn quiet(hub: &mut Fixture, days: &mut Days, handed: &mut Handed) {
    let mut now = hub.now();
    loop {
        let turn = now.plus_millis(31_000);
        let next = days.ahead.first().map(|close| close.at).filter(|next| *next <= turn);
        now = next.unwrap_or(turn);
        let record = Record { offset: Offset(hub.offset + 1), at: now, event: Event::Tick };
        let told = hub.tell(&record);
        take(told, days, now, handed);
        days.apply(&record);
        if next.is_none() {
            return;
        }
    }
}

/// Records of portfolios that are computed here: of one that is relayed no day is derived.
fn computed(records: &[Record]) -> impl Iterator<Item = &Record> {
    records.iter().filter(|record| match &record.event {
        Event::Upstream(fact) => matches!(**fact, Upstream::Valuation(_)),
        _ => true,
    })
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn days_are_those_of_a_plain_model(records in history(300)) {
        let (mut hub, mut days, mut handed) = (Fixture::new(), Days::default(), Handed::new());
        for record in computed(&records) {
            let told = hub.tell(record);
            take(told, &mut days, record.at, &mut handed);
            days.apply(record);
            if record.offset.0 % 16 == 0 {
                compare(&mut hub, &days);
            }
        }
        quiet(&mut hub, &mut days, &mut handed);
        compare(&mut hub, &days);
        for id in Days::ids().filter(|id| days.risk(*id).is_some()) {
            days.check(handed.get(&id).expect("a risk that was handed on"));
        }
    }
}

/// The random histories reach what they are meant to reach.
#[test]
fn the_histories_are_worth_their_while() {
    let mut runner = proptest::test_runner::TestRunner::deterministic();
    let (mut handed, mut days) = (0, 0);
    for _ in 0..30 {
        let mut hub = Fixture::new();
        for record in computed(&history(300).new_tree(&mut runner).unwrap().current()) {
            handed += hub.tell(record).derived.len();
        }
        hub.settle();
        days += Days::ids().map(|id| hub.reads.settled().worths(id).count()).sum::<usize>();
    }
    assert!(handed > 500 && days > 3_000, "{handed} metrics, {days} days");
}

const DAY_MILLIS: i64 = 24 * 60 * 60 * 1000;

/// 2026-02-07, on which the tests' log time begins.
fn today() -> Date {
    "2026-02-07".parse().unwrap()
}

/// Days of UTC, from that of the tests on.
fn days_of_utc(hub: &mut Fixture) {
    let first = START_MILLIS - START_MILLIS % DAY_MILLIS + DAY_MILLIS;
    let close = |n: i32| Close {
        date: today().plus_days(n).unwrap(),
        at: Timestamp::from_millis(first + i64::from(n) * DAY_MILLIS).unwrap(),
    };
    hub.send(Event::Settings(Settings { closes: (0..500).map(close).collect(), ..Settings::default() }));
}

fn say(hub: &mut Fixture, days_ago: i32, value: &str) -> Outcome {
    let date = today().plus_days(-days_ago).unwrap();
    let valuation = Valuation { portfolio_id: portfolio(1), date, portfolio_value: value.parse().unwrap() };
    hub.send(Upstream::Valuation(valuation).into())
}

fn worths(hub: &mut Fixture) -> Vec<String> {
    hub.settle();
    hub.reads.settled().worths(portfolio(1)).map(|(date, value)| format!("{date} {value}")).collect()
}

/// V2, V3 and V4 by way of what was said and what is held.
fn handed_on(values: impl Fn(i32) -> String) -> Vec<RiskMetrics> {
    let mut hub = Fixture::new();
    days_of_utc(&mut hub);
    for day in 0..29 {
        say(&mut hub, 29 - day, &values(day));
    }
    hub.buy(1, "A", "1", "10");
    hub.price("A", &values(29));
    hub.pass(31_000);
    hub.derived().into_iter().map(|(_, _, Derived::Risk(metrics))| metrics).collect()
}

fn figures(of: &[RiskMetrics]) -> [String; 3] {
    let [metrics] = of else { panic!("{of:?}") };
    [metrics.avg_rate_of_return, metrics.sharpe_ratio, metrics.sortino_ratio].map(|ratio| ratio.to_string())
}

#[test]
fn v2_v3_and_v4_are_handed_on() {
    let rising = handed_on(|day| (1000 + 10 * day).to_string());
    assert_eq!(figures(&rising), ["0.00881964", "13.302025421914032179", "13.302025421914032179"]);
    let mixed = handed_on(|day| {
        let step = |cents: i64, day| (cents * if day % 2 == 0 { 1010 } else { 995 } + 500) / 1000;
        let cents = (0..day).fold(10_000_000, step);
        format!("{}.{:02}", cents / 100, cents % 100)
    });
    assert_eq!(figures(&mixed), ["0.00275862", "0.361633721904123795", "0.551723448276551723"]);
    assert_eq!(figures(&handed_on(|_| "500".into())), ["0", "0", "0"]);
    // BUG-A5: neither a rate on nothing, nor a figure that is made up.
    assert_eq!(handed_on(|day| if day == 3 { "0".into() } else { "500".into() }), []);
}

#[test]
fn a_missing_price_makes_no_day_and_no_risk() {
    let mut hub = Fixture::new();
    days_of_utc(&mut hub);
    hub.buy(1, "A", "2", "10");
    hub.price("A", "11.5");
    hub.pass(DAY_MILLIS);
    assert_eq!(worths(&mut hub), ["2026-02-07 23"]);
    hub.buy(2, "UNPRICED", "1", "1");
    hub.pass(DAY_MILLIS);
    assert_eq!(worths(&mut hub), ["2026-02-07 23"], "BUG-A5");
    hub.sell(3, "UNPRICED", "1", "2", None);
    hub.sell(4, "A", "2", "12", None);
    hub.pass(DAY_MILLIS);
    assert_eq!(worths(&mut hub), ["2026-02-09 0", "2026-02-07 23"], "what is closed is worth 0");
}

/// BUG-A15: a day is there once, and what was said beats what follows, whichever came first.
#[test]
fn what_was_said_of_a_day_beats_what_follows() {
    let mut hub = Fixture::new();
    days_of_utc(&mut hub);
    hub.buy(1, "A", "2", "10");
    hub.price("A", "11");
    assert_eq!(say(&mut hub, 0, "7"), Outcome::Accepted);
    assert_eq!(worths(&mut hub), ["2026-02-07 7"], "before its end");
    hub.pass(2 * DAY_MILLIS);
    assert_eq!(worths(&mut hub), ["2026-02-08 22", "2026-02-07 7"]);
    say(&mut hub, -1, "8");
    say(&mut hub, 0, "9");
    assert_eq!(worths(&mut hub), ["2026-02-08 8", "2026-02-07 9"], "the last one counts");
}

#[test]
fn a_day_that_is_to_come_or_long_over_has_no_value() {
    let mut hub = Fixture::new();
    assert_eq!(say(&mut hub, -1, "1"), Outcome::Accepted, "somewhere it has begun");
    let Outcome::Rejected(why) = say(&mut hub, -2, "1") else { panic!("accepted") };
    assert_eq!((why.field.as_deref(), &*why.reason), (Some("date"), "lies ahead"));
    for days_ago in 0..399 {
        assert_eq!(say(&mut hub, days_ago, "1"), Outcome::Accepted);
    }
    assert_eq!(say(&mut hub, 399, "1"), Outcome::Stale, "400 are kept");
    assert_eq!(say(&mut hub, 398, "2"), Outcome::Accepted);
    assert_eq!(worths(&mut hub).len(), 400);
}

/// Down for a weekend: the days ended all the same, at what was known then.
#[test]
fn days_end_though_nothing_is_written() {
    let mut hub = Fixture::new();
    days_of_utc(&mut hub);
    hub.buy(1, "A", "2", "10");
    hub.price("A", "11");
    hub.millis += 3 * DAY_MILLIS;
    hub.price("A", "15");
    assert_eq!(worths(&mut hub), ["2026-02-09 22", "2026-02-08 22", "2026-02-07 22"]);
}

#[test]
fn history_is_told_newest_first() {
    let mut hub = Fixture::new();
    days_of_utc(&mut hub);
    hub.buy(1, "A", "2.5", "10");
    hub.price("A", "11.1");
    hub.pass(40 * DAY_MILLIS);
    say(&mut hub, -40, "125000.50");
    hub.settle();
    let path = format!("/api/portfolio_value/history/{}", portfolio(1));
    let answer = get(&hub.reads, &path);
    let days = answer.json();
    assert_eq!(days.as_array().unwrap().len(), 30);
    let (said, closed) = (&days[0], &days[1]);
    assert_eq!(said["date"], "2026-03-19");
    assert_eq!(closed["portfolioValue"].to_string(), "27.75");
    assert_eq!(closed["createdAt"], "2026-03-19T00:00:00.000Z");
    assert!(answer.text.contains(r#""portfolioValue":125000.5,"#), "{}", answer.text);
    let ids: std::collections::BTreeSet<_> =
        days.as_array().unwrap().iter().map(|day| day["id"].to_string()).collect();
    assert_eq!(ids.len(), 30);
    let more = |query: &str| get(&hub.reads, &format!("{path}?{query}"));
    assert_eq!(more("limit=400").json().as_array().unwrap().len(), 41);
    for (query, parameter) in [("limit=0", "limit"), ("limit=x", "limit")] {
        let refused = more(query);
        assert_eq!(refused.status, 400);
        assert!(refused.text.contains(parameter), "{}", refused.text);
    }
    assert_eq!(get(&hub.reads, &format!("/api/portfolio_value/history/{}", portfolio(9))).text, "[]");
    let refused = get(&hub.reads, "/api/portfolio_value/history/42");
    assert!(refused.status == 400 && refused.text.contains("portfolioId"), "{}", refused.text);
}
