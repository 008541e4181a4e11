//! What is worked out with an old price says so, from the moment on at which it is old, and until there is a newer one.

mod support;

use hub_core::{Outcome, Timestamp};
use hub_fanout::DryRun;
use support::rest::get;
use support::{Fixture, all_changed, buy, elements, keys, portfolio, quote, text};

/// As configured by default.
const STALE_MILLIS: i64 = 60_000;

/// What the only mark says of its freshness.
fn tail(hub: &mut Fixture) -> String {
    let mark = hub.mark().unwrap();
    let (_, tail) = mark.split_once(r#""portfolio_id":"00000000-0000-0000-0000-000000000001""#).unwrap();
    tail.to_owned()
}

fn stale(symbols: &str, as_of: Timestamp) -> String {
    format!(r#","stale":[{symbols}],"asOf":"{as_of}"}}"#)
}

/// One who watches, and holds two symbols that were priced a second apart.
fn hub() -> (Fixture, Timestamp) {
    let mut hub = Fixture::watched();
    hub.buy(1, "MSFT", "1", "10");
    hub.buy(2, "AAPL", "1", "10");
    let first = hub.now();
    hub.price("MSFT", "11");
    hub.millis += 1000;
    hub.price("AAPL", "12");
    hub.publish();
    (hub, first)
}

#[test]
fn a_mark_is_stale_when_its_oldest_price_is_so_old_and_not_a_millisecond_before() {
    let (mut hub, first) = hub();
    hub.pass(STALE_MILLIS - 1001);
    assert!(keys(&hub.publish()[1].changed).is_empty());
    assert_eq!(tail(&mut hub), "}");

    let before = hub.offset;
    hub.pass(1);
    let [positions, marks] = hub.publish();
    assert_eq!(keys(&marks.changed), [0], "by time alone");
    assert!(keys(&positions.changed).is_empty(), "a position has no price");
    assert_eq!(all_changed(&*marks.view, before), [0], "whoever resumes hears of it too");
    assert_eq!(tail(&mut hub), stale(r#""MSFT""#, first));

    hub.pass(1000);
    assert_eq!(keys(&hub.publish()[1].changed), [0]);
    assert_eq!(tail(&mut hub), stale(r#""AAPL","MSFT""#, first));
}

#[test]
fn a_night_is_one_update_for_each_price() {
    let (mut hub, first) = hub();
    let mut updates = 0;
    for _ in 0..8 * 3600 {
        hub.pass(1000);
        updates += keys(&hub.publish()[1].changed).len();
    }
    assert_eq!(updates, 2);
    assert_eq!(tail(&mut hub), stale(r#""AAPL","MSFT""#, first));
}

#[test]
fn a_downtime_is_one_update_for_all() {
    let (mut hub, first) = hub();
    hub.pass(8 * 3_600_000);
    assert_eq!(keys(&hub.publish()[1].changed), [0]);
    assert_eq!(tail(&mut hub), stale(r#""AAPL","MSFT""#, first));
    hub.pass(1);
    assert!(keys(&hub.publish()[1].changed).is_empty());
}

#[test]
fn the_next_price_makes_it_fresh_if_it_is_another_and_if_it_is_the_same() {
    for price in ["11", "17"] {
        let (mut hub, _) = hub();
        hub.pass(STALE_MILLIS - 1000);
        hub.publish();
        let before = hub.offset;
        assert_eq!(hub.price("MSFT", price), Outcome::Accepted);
        let [_, marks] = hub.publish();
        assert_eq!((keys(&marks.changed), all_changed(&*marks.view, before)), (&[0][..], vec![0]), "{price}");
        assert_eq!(tail(&mut hub), "}");
        hub.pass(STALE_MILLIS);
        assert!(tail(&mut hub).contains("MSFT"), "and again it grows old");
    }
}

#[test]
fn a_price_that_is_confirmed_in_time_changes_nothing() {
    let (mut hub, _) = hub();
    for _ in 0..10 {
        hub.pass(STALE_MILLIS / 2);
        hub.price("MSFT", "11");
        hub.price("AAPL", "12");
        assert!(keys(&hub.publish()[1].changed).is_empty());
    }
    assert_eq!(tail(&mut hub), "}");
}

#[test]
fn a_price_that_comes_late_is_stale_at_once_and_a_newer_one_of_those_too() {
    let mut hub = Fixture::watched();
    hub.buy(1, "MSFT", "1", "10");
    let start = hub.now();
    hub.millis += 10 * STALE_MILLIS;
    for (after, changes) in [(0, 1), (5, 1), (5, 0), (9 * STALE_MILLIS, 1)] {
        let time = start.plus_millis(after);
        assert_eq!(hub.send(quote("MSFT", "11", Some(time))), Outcome::Accepted);
        assert_eq!(keys(&hub.publish()[1].changed).len(), changes, "{after}");
        assert_eq!(tail(&mut hub), stale(r#""MSFT""#, time));
    }
    // One that has a millisecond left is fresh for that.
    hub.send(quote("MSFT", "11", Some(start.plus_millis(9 * STALE_MILLIS + 1))));
    assert_eq!(tail(&mut hub), "}");
    hub.pass(1);
    assert!(tail(&mut hub).contains("MSFT"));
}

#[test]
fn what_is_closed_is_not_stale_nor_what_has_no_price() {
    let (mut hub, _) = hub();
    buy(&mut hub, 3, 1, "NONE", "1", "1");
    hub.sell(4, "MSFT", "1", "11", None);
    hub.pass(STALE_MILLIS - 1000);
    hub.publish();
    assert_eq!(tail(&mut hub), r#","unpriced":["NONE"]}"#);
    hub.pass(1000);
    assert!(tail(&mut hub).starts_with(r#","unpriced":["NONE"],"stale":["AAPL"],"#));
}

#[test]
fn nobody_is_told_of_what_he_does_not_hold() {
    let (mut hub, _) = hub();
    buy(&mut hub, 3, 2, "AAPL", "1", "10");
    hub.publish();
    hub.pass(STALE_MILLIS - 1000);
    assert_eq!(keys(&hub.publish()[1].changed), [0], "the other holds nothing that is stale");
    hub.pass(1000);
    assert_eq!(keys(&hub.publish()[1].changed), [0, 1]);
}

#[test]
fn other_settings_hold_from_their_record_on() {
    let (mut hub, first) = hub();
    hub.millis += 4000;
    hub.stale_after(5000);
    assert_eq!(keys(&hub.publish()[1].changed), [0]);
    assert_eq!(tail(&mut hub), stale(r#""MSFT""#, first));
    hub.pass(1000);
    assert_eq!(tail(&mut hub), stale(r#""AAPL","MSFT""#, first));
    hub.publish();
    hub.stale_after(6500);
    assert_eq!(keys(&hub.publish()[1].changed), [0]);
    assert_eq!(tail(&mut hub), "}");
    hub.pass(500);
    assert_eq!(tail(&mut hub), stale(r#""MSFT""#, first), "what became fresh is awaited again");
    hub.stale_after(0);
    hub.pass(100 * 3_600_000);
    assert_eq!(tail(&mut hub), "}", "0 is never");
    hub.stale_after(60_000);
    assert_eq!(tail(&mut hub), stale(r#""AAPL","MSFT""#, first));
}

#[test]
fn rest_and_topics_say_the_same_and_tags_change_by_time_alone() {
    let (mut hub, first) = hub();
    let ask = |hub: &mut Fixture, uri| {
        hub.settle();
        let answer = get(&hub.reads, uri);
        (answer.tag.clone().unwrap(), answer.json())
    };
    let uris = ["/api/prices", "/api/unrealized"];
    let fresh = uris.map(|uri| ask(&mut hub, uri));
    hub.pass(STALE_MILLIS - 1001);
    assert_eq!(uris.map(|uri| ask(&mut hub, uri)), fresh);
    hub.pass(1);
    let [(prices_tag, prices), (marks_tag, marks)] = uris.map(|uri| ask(&mut hub, uri));
    assert!(prices_tag != fresh[0].0 && marks_tag != fresh[1].0);
    let (first, second) = (first.to_string(), first.plus_millis(1000).to_string());
    let price = |symbol: &str, price: u8, time: &str| serde_json::json!({"symbol": symbol, "price": price, "timestamp": time});
    let mut old = price("MSFT", 11, &first);
    old["stale"] = true.into();
    old["asOf"] = first.into();
    assert_eq!(prices, serde_json::json!([old, price("AAPL", 12, &second)]));
    assert_eq!(
        marks.to_string(),
        serde_json::json!([serde_json::from_str::<serde_json::Value>(&hub.mark().unwrap()).unwrap()])
            .to_string()
    );
}

#[test]
fn who_replays_or_is_restored_goes_on_alike() {
    let (mut hub, _) = hub();
    hub.pass(STALE_MILLIS - 1000);
    let mut restored = Fixture::new();
    restored.restore(&hub.walk()).unwrap();
    for hub in [&mut hub, &mut restored] {
        hub.publish();
        hub.pass(999);
        assert!(all_changed(&*hub.publish()[1].view, hub.offset - 1).is_empty(), "what was stale stays so");
        hub.pass(1);
        assert_eq!(all_changed(&*hub.publish()[1].view, hub.offset - 1), [0]);
    }
    assert_eq!(restored.walk(), hub.walk());
    assert_eq!(elements(&*restored.publish()[1].view), elements(&*hub.publish()[1].view));
}

#[test]
fn in_a_fork_prices_grow_old_with_what_it_takes_in() {
    let (mut hub, first) = hub();
    hub.settle();
    let mut fork = hub.reads.fork(hub.reads.settled());
    let mark = |fork: &hub_analytics::AnalyticsFork| text(fork.mark(portfolio(1)).unwrap().unwrap());
    let now = hub.now().plus_millis(STALE_MILLIS);
    assert!(!mark(&fork).contains("stale"));
    DryRun::of(vec![&mut fork]).unwrap().apply(now, quote("AAPL", "12", None)).unwrap();
    assert!(mark(&fork).ends_with(&stale(r#""MSFT""#, first)), "{}", mark(&fork));
    DryRun::of(vec![&mut fork]).unwrap().apply(now, quote("MSFT", "12", None)).unwrap();
    assert!(!mark(&fork).contains("stale"));
    assert_eq!(tail(&mut hub), "}", "nobody else sees it");
}
