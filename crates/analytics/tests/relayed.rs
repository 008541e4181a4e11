//! A portfolio is computed from transactions or relayed from upstream, and never a little of both.

mod support;

use std::collections::BTreeMap;

use hub_core::dto::{PositionRow, UnrealizedPnl};
use hub_core::event::{Trade, Upstream, Valuation};
use hub_core::settings::Close;
use hub_core::{Date, Event, Outcome, PortfolioId, Settings, Timestamp};
use serde_json::json;
use support::rest::get;
use support::{Fixture, all_changed, buy, elements, field, keys, portfolio, text, trade};

fn position(of: u8, symbol: &str, holdings: &str, invested: &str, realized: &str) -> Event {
    let row = PositionRow {
        portfolio_id: portfolio(of),
        symbol: symbol.parse().unwrap(),
        holdings: holdings.parse().unwrap(),
        total_invested: invested.parse().unwrap(),
        realized_pnl: realized.parse().unwrap(),
        created_at: None,
        updated_at: None,
    };
    Upstream::Position(row).into()
}

fn unrealized(of: u8, amounts: &[(&str, &str)], overall: &str) -> UnrealizedPnl {
    let amounts = amounts.iter().map(|(symbol, amount)| (symbol.parse().unwrap(), amount.parse().unwrap()));
    UnrealizedPnl {
        portfolio_id: portfolio(of),
        symbols: amounts.collect::<BTreeMap<_, _>>(),
        overall: overall.parse().unwrap(),
        unpriced: vec![],
        stale: vec![],
        as_of: None,
    }
}

fn mark(of: u8, amounts: &[(&str, &str)], overall: &str) -> Event {
    Upstream::UnrealizedPnl(unrealized(of, amounts, overall)).into()
}

fn pnl(hub: &mut Fixture, id: PortfolioId) -> Option<String> {
    hub.settle();
    hub.reads.settled().pnl(id).unwrap().map(|pnl| pnl.amount.to_string())
}

fn reason(outcome: &Outcome) -> &str {
    match outcome {
        Outcome::Rejected(rejection) => &rejection.reason,
        other => panic!("{other:?}"),
    }
}

#[test]
fn what_is_relayed_is_shown_as_it_is_and_moved_by_no_price() {
    let mut hub = Fixture::watched();
    hub.price("AAPL", "100");
    assert_eq!(hub.send(position(1, "AAPL", "150.5", "22500", "-1000.25")), Outcome::Accepted);
    assert!(
        hub.row(0).unwrap().contains(r#""holdings":150.5,"totalInvested":22500,"realizedPnl":-1000.25,"#)
    );
    assert_eq!(hub.mark(), None, "nobody said yet what it is worth");
    assert_eq!(pnl(&mut hub, portfolio(1)), None);

    assert_eq!(hub.send(mark(1, &[("AAPL", "2550"), ("MSFT", "-250.5")], "2299.5")), Outcome::Accepted);
    let said = r#"{"symbol":{"AAPL":2550,"MSFT":-250.5},"overallUnrealised_Pnl":2299.5,"portfolio_id":"00000000-0000-0000-0000-000000000001"}"#;
    assert_eq!(hub.mark().unwrap(), said);
    assert_eq!(pnl(&mut hub, portfolio(1)).unwrap(), "1299.25");
    hub.publish();
    hub.price("AAPL", "500");
    hub.pass(600_000);
    assert!(keys(&hub.publish()[1].changed).is_empty(), "neither by a price nor by its age");
    assert_eq!(hub.mark().unwrap(), said);
}

#[test]
fn the_last_one_wins_and_the_same_again_changes_nothing() {
    let mut hub = Fixture::watched();
    hub.send(position(1, "AAPL", "1", "10", "0"));
    hub.send(mark(1, &[("AAPL", "5")], "5"));
    hub.publish();
    hub.millis += 1000;
    for event in [position(1, "AAPL", "1", "10", "0"), mark(1, &[("AAPL", "5")], "5")] {
        assert_eq!(hub.send(event), Outcome::Accepted);
        assert!(hub.publish().iter().all(|topic| keys(&topic.changed).is_empty()));
    }
    let before = hub.offset;
    hub.send(position(1, "AAPL", "2", "20", "1"));
    hub.send(mark(1, &[("AAPL", "6")], "6"));
    let topics = hub.publish();
    assert!(topics.iter().all(|topic| all_changed(&*topic.view, before) == [0]));
    assert_eq!(elements(&*topics[0].view).len(), 1, "it is the same position");
    assert!(hub.mark().unwrap().contains(r#""AAPL":6"#));
    // What is closed upstream is there with zeros, and holds nothing that has to be worth something.
    hub.send(position(1, "AAPL", "0", "0", "7"));
    hub.send(position(2, "AAPL", "0", "0", "7"));
    assert!(hub.row(0).unwrap().contains(r#""holdings":0,"totalInvested":0,"realizedPnl":7,"#));
    assert_eq!(pnl(&mut hub, portfolio(2)).unwrap(), "7");
}

#[test]
fn the_first_fact_decides_and_the_other_sort_is_refused_by_name() {
    let mut hub = Fixture::new();
    buy(&mut hub, 1, 1, "AAPL", "1", "10");
    hub.send(position(2, "AAPL", "1", "10", "0"));
    hub.send(mark(3, &[], "0"));
    let rows = [hub.row(0), hub.row(1)];
    let purchase = |id, of| trade(id, of, "AAPL", "1", Trade::Buy { price: "10".parse().unwrap() });
    for (event, word) in [
        (position(1, "AAPL", "5", "50", "0"), "is computed from transactions here"),
        (position(1, "MSFT", "5", "50", "0"), "is computed from transactions here"),
        (mark(1, &[], "0"), "is computed from transactions here"),
        (purchase(2, 2), "is relayed from upstream here"),
        (purchase(3, 3), "is relayed from upstream here"),
    ] {
        let outcome = hub.send(event);
        assert_eq!(field(&outcome), Some("portfolioId"));
        assert!(reason(&outcome).starts_with(word), "{outcome:?}");
    }
    assert_eq!([hub.row(0), hub.row(1)], rows);
    assert_eq!(hub.row(2), None);
    assert_eq!(hub.send(purchase(3, 4)), Outcome::Accepted, "an id that was refused may come again");
    // One that was refused decides nothing.
    let sale = trade(9, 5, "AAPL", "1", Trade::Sell { price: "10".parse().unwrap(), lot_price: None });
    assert_eq!(field(&hub.send(sale)), Some("quantity"));
    assert_eq!(hub.send(position(5, "AAPL", "1", "10", "0")), Outcome::Accepted);
}

#[test]
fn sums_and_rest_have_both_sorts() {
    let mut hub = Fixture::new();
    buy(&mut hub, 1, 1, "AAPL", "1", "10");
    hub.send(position(2, "AAPL", "3", "30", "2"));
    hub.send(mark(2, &[("AAPL", "4")], "4"));
    hub.send(position(2, "MSFT", "1", "60", "0"));
    hub.settle();
    let overall = get(&hub.reads, "/api/sectors/overall").json();
    assert_eq!(
        overall,
        json!([{"sector": "Unclassified", "percentage": 100, "totalHoldings": 5, "totalInvested": 100, "realizedPnl": 2}])
    );
    let of_second = get(&hub.reads, &format!("/api/sectors/portfolio-wise/{}", portfolio(2))).json();
    assert_eq!(of_second[0]["totalInvested"], 90);
    assert_eq!(get(&hub.reads, "/api/analysis/all").json().as_array().map(Vec::len), Some(3));
    assert_eq!(get(&hub.reads, "/api/unrealized").json().as_array().map(Vec::len), Some(1));
    assert_eq!(get(&hub.reads, "/api/portfolio/all").json().as_array().map(Vec::len), Some(2));
}

#[test]
fn no_day_is_derived_of_it_and_those_that_upstream_tells_count() {
    let mut hub = Fixture::new();
    let day = |n: i32| Date::from_days(20_491 + n).unwrap();
    let close = |n: i32| Close { date: day(n), at: hub.now().plus_millis(1000 * (i64::from(n) + 1)) };
    let closes = (0..40).map(close).collect();
    hub.send(Event::Settings(Settings { closes, ..Settings::default() }));
    hub.price("AAPL", "100");
    buy(&mut hub, 1, 1, "AAPL", "1", "10");
    hub.send(position(2, "AAPL", "3", "30", "2"));
    hub.send(mark(3, &[], "0"));
    hub.pass(3000);
    let value = "7".parse().unwrap();
    hub.send(
        Upstream::Valuation(Valuation { portfolio_id: portfolio(2), date: day(0), portfolio_value: value })
            .into(),
    );
    hub.settle();
    let state = hub.reads.settled();
    let days =
        |n| state.worths(portfolio(n)).map(|(date, worth)| (date, worth.to_string())).collect::<Vec<_>>();
    assert_eq!(days(1).len(), 3);
    assert_eq!(days(2), [(day(0), "7".to_owned())]);
    assert_eq!(days(3), []);
}

#[test]
fn it_has_no_transactions_and_no_receipt() {
    let mut hub = Fixture::new();
    hub.send(position(2, "AAPL", "3", "30", "2"));
    hub.settle();
    for uri in
        [format!("/api/explain/pnl/{}", portfolio(2)), format!("/api/explain/position/{}/AAPL", portfolio(2))]
    {
        let answer = get(&hub.reads, &uri);
        assert_eq!(answer.status, 404, "{uri}");
        assert!(
            answer.json()["detail"].as_str().unwrap().contains("is relayed from upstream"),
            "{}",
            answer.text
        );
    }
}

#[test]
fn a_sum_that_is_none_is_shown_and_told() {
    let mut hub = Fixture::new();
    hub.send(mark(1, &[("AAPL", "1"), ("MSFT", "2")], "4"));
    assert!(hub.mark().unwrap().contains(r#""overallUnrealised_Pnl":4,"#));
    let warnings: Vec<String> = hub.warnings().iter().map(ToString::to_string).collect();
    assert_eq!(warnings, ["overallUnrealised_Pnl: is not the sum of its symbols"]);
    hub.send(mark(1, &[("AAPL", "1"), ("MSFT", "2")], "3"));
    assert!(hub.warnings().is_empty());
}

#[test]
fn what_upstream_does_not_know_is_told_beside_the_sum() {
    let mut hub = Fixture::watched();
    let as_of = Timestamp::from_millis(1_770_000_000_000);
    let (unpriced, stale) = (vec!["X".parse().unwrap()], vec!["AAPL".parse().unwrap()]);
    let said = UnrealizedPnl { unpriced, stale, as_of, ..unrealized(1, &[("AAPL", "1")], "1") };
    hub.send(Upstream::UnrealizedPnl(said).into());
    assert!(
        hub.mark()
            .unwrap()
            .ends_with(r#","unpriced":["X"],"stale":["AAPL"],"asOf":"2026-02-02T02:40:00.000Z"}"#)
    );
    hub.publish();
    hub.settle();
    let pnl = hub.reads.settled().pnl(portfolio(1)).unwrap().unwrap();
    assert_eq!((pnl.is_partial, pnl.stale_as_of), (true, as_of));
}

#[test]
fn times_are_upstream_s_where_it_tells_them() {
    let mut hub = Fixture::new();
    let told = |created: i64, updated: i64| {
        let Event::Upstream(fact) = position(1, "AAPL", "1", "10", "0") else { unreachable!() };
        let Upstream::Position(row) = *fact else { unreachable!() };
        let time = |millis| Timestamp::from_millis(millis);
        Event::from(Upstream::Position(PositionRow {
            created_at: time(created),
            updated_at: time(updated),
            ..row
        }))
    };
    hub.send(told(1_770_000_000_000, 1_770_000_060_000));
    let row = hub.row(0).unwrap();
    assert!(
        row.ends_with(r#""createdAt":"2026-02-02T02:40:00.000Z","updatedAt":"2026-02-02T02:41:00.000Z"}"#),
        "{row}"
    );
    let ahead = hub.now().plus_millis(300_001).millis();
    assert_eq!(field(&hub.send(told(ahead, 1_770_000_060_000))), Some("createdAt"));
    assert_eq!(field(&hub.send(told(1_770_000_000_000, ahead))), Some("updatedAt"));
    let shown = text(hub.publish()[0].view.element(0).unwrap().unwrap());
    assert_eq!(shown, row, "what was refused changed nothing");
}
