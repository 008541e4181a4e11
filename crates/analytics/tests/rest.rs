//! REST: shapes, sums beside plain ones, and errors as problems.

mod support;

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use actix_web::http::StatusCode;
use hub_core::dto::PositionRow;
use hub_core::event::{PortfolioInfo, SymbolInfo, Trade};
use hub_core::{Event, PortfolioId, Record};
use proptest::prelude::*;
use serde_json::{Value, json};
use support::rest::{get, get_all};
use support::script::{PORTFOLIOS, history};
use support::{Fixture, buy, portfolio, quote, trade};

fn ok(hub: &Fixture, uri: &str) -> Value {
    let answer = get(&hub.reads, uri);
    assert_eq!((answer.status, &*answer.content_type), (StatusCode::OK, "application/json"), "{uri}");
    assert_eq!(answer.position, Some(hub.position().to_string()));
    answer.json()
}

fn problem(hub: &Fixture, uri: &str) -> (u16, String) {
    let answer = get(&hub.reads, uri);
    assert_eq!(answer.content_type, "application/problem+json", "{uri}");
    let body = answer.json();
    assert_eq!(body["status"], answer.status.as_u16());
    (answer.status.as_u16(), body["detail"].as_str().unwrap().to_owned())
}

fn classify(hub: &mut Fixture, symbol: &str, sector: &str) {
    hub.send(Event::Symbol(SymbolInfo { symbol: symbol.parse().unwrap(), sector: sector.into() }));
}

/// Two portfolios with two sectors and a symbol that has none.
fn hub() -> Fixture {
    let mut hub = Fixture::new();
    classify(&mut hub, "AAPL", "Technology");
    classify(&mut hub, "MSFT", "Technology");
    classify(&mut hub, "XOM", "Energy & Oil");
    classify(&mut hub, "IDLE", "Nobody's");
    buy(&mut hub, 1, 1, "AAPL", "10", "15");
    buy(&mut hub, 2, 2, "AAPL", "2", "25");
    buy(&mut hub, 3, 1, "MSFT", "1", "100");
    buy(&mut hub, 4, 1, "XOM", "4", "50");
    buy(&mut hub, 5, 2, "NEW", "1", "100");
    hub.send(trade(6, 1, "XOM", "2", Trade::Sell { price: "60".parse().unwrap(), lot_price: None }));
    hub.settle();
    hub
}

/// A row as the hub writes it, of these holdings, cost and earnings.
fn sector(name: &str, percentage: &str, [holdings, invested, realized]: [u32; 3]) -> Value {
    let percentage: Value = serde_json::from_str(percentage).unwrap();
    json!({"sector": name, "percentage": percentage, "totalHoldings": holdings, "totalInvested": invested, "realizedPnl": realized})
}

fn symbol(name: &str, percentage: &str, [holdings, invested, realized]: [u32; 3]) -> Value {
    let percentage: Value = serde_json::from_str(percentage).unwrap();
    json!({"symbol": name, "percentage": percentage, "holdings": holdings, "totalInvested": invested, "realizedPnl": realized})
}

#[test]
fn sectors_have_their_shares_and_add_up() {
    let hub = hub();
    assert_eq!(
        ok(&hub, "/api/sectors/overall"),
        json!([
            sector("Energy & Oil", "20", [2, 100, 20]),
            sector("Technology", "60", [13, 300, 0]),
            sector("Unclassified", "20", [1, 100, 0]),
        ])
    );
    let second = format!("/api/sectors/portfolio-wise/{}", portfolio(2));
    assert_eq!(
        ok(&hub, &second),
        json!([sector("Technology", "33.33", [2, 50, 0]), sector("Unclassified", "66.67", [1, 100, 0])])
    );
    let unknown = format!("/api/sectors/portfolio-wise/{}", portfolio(9));
    assert_eq!(ok(&hub, &unknown), json!([]), "which never held anything");
}

#[test]
fn a_sector_has_its_symbols_and_is_found_as_it_is_written() {
    let hub = hub();
    let technology = json!([symbol("AAPL", "66.67", [12, 200, 0]), symbol("MSFT", "33.33", [1, 100, 0])]);
    assert_eq!(ok(&hub, "/api/sectors/sector-wise/Technology"), technology);
    assert_eq!(
        ok(&hub, "/api/sectors/sector-wise/Energy%20%26%20Oil"),
        json!([symbol("XOM", "100", [2, 100, 20])])
    );
    assert_eq!(ok(&hub, "/api/sectors/sector-wise/Unclassified")[0]["symbol"], "NEW");
    assert_eq!(ok(&hub, "/api/sectors/sector-wise/Nobody's"), json!([]));
    let of_second =
        |sector: &str| format!("/api/sectors/portfolio-wise/{}/sector-wise/{sector}", portfolio(2));
    assert_eq!(ok(&hub, &of_second("Technology")), json!([symbol("AAPL", "100", [2, 50, 0])]));
    assert_eq!(ok(&hub, &of_second("Energy%20%26%20Oil")), json!([]), "which others hold");
    for uri in ["/api/sectors/sector-wise/technology".to_owned(), of_second("technology")] {
        assert_eq!(
            problem(&hub, &uri),
            (404, "sector: there is none called technology".into()),
            "its case counts"
        );
    }
    assert_eq!(
        ok(&hub, "/api/sectors/sector-catalog"),
        json!([
            {"sector": "Energy & Oil", "symbols": ["XOM"]}, {"sector": "Nobody's", "symbols": ["IDLE"]},
            {"sector": "Technology", "symbols": ["AAPL", "MSFT"]}, {"sector": "Unclassified", "symbols": ["NEW"]},
        ])
    );
}

#[test]
fn what_is_closed_has_no_share_and_keeps_what_it_earned() {
    let mut hub = Fixture::new();
    buy(&mut hub, 1, 1, "AAPL", "1", "10");
    hub.send(trade(2, 1, "AAPL", "1", Trade::Sell { price: "12".parse().unwrap(), lot_price: None }));
    hub.settle();
    let closed = json!([{"sector": "Unclassified", "percentage": null, "totalHoldings": 0, "totalInvested": 0, "realizedPnl": 2}]);
    assert_eq!(ok(&hub, "/api/sectors/overall"), closed);
}

#[test]
fn a_symbol_that_gets_its_sector_late_moves_as_of_then() {
    let mut hub = hub();
    let at = |hub: &Fixture| ok(hub, "/api/sectors/overall").as_array().unwrap().len();
    assert_eq!(at(&hub), 3);
    classify(&mut hub, "NEW", "Technology");
    hub.settle();
    assert_eq!(at(&hub), 2);
    assert_eq!(ok(&hub, "/api/sectors/overall")[1]["totalInvested"], 400);
}

#[test]
fn sums_that_money_does_not_hold_are_null_and_shares_are_still_right() {
    let mut hub = Fixture::new();
    for of in 1..=4 {
        buy(&mut hub, of, of, "BIG", "90000000000", "90000000000");
    }
    buy(&mut hub, 5, 5, "SMALL", "90000000000", "90000000000");
    classify(&mut hub, "BIG", "Big");
    hub.settle();
    let sectors = ok(&hub, "/api/sectors/overall");
    assert_eq!((&sectors[0]["totalInvested"], &sectors[0]["percentage"]), (&Value::Null, &json!(80)));
    assert_eq!(sectors[1]["percentage"], 20);
}

#[test]
fn portfolios_are_those_that_are_named_and_those_that_trade() {
    let mut hub = Fixture::new();
    hub.send(Event::Portfolio(PortfolioInfo {
        portfolio_id: portfolio(3),
        name: "Grow\"th".into(),
        phone_number: Some("+1".into()),
        address: None,
    }));
    buy(&mut hub, 1, 7, "AAPL", "1", "10");
    buy(&mut hub, 2, 3, "AAPL", "1", "10");
    hub.settle();
    let named = json!({"portfolioId": portfolio(3).to_string(), "name": "Grow\"th", "phoneNumber": "+1", "address": null});
    let traded =
        json!({"portfolioId": portfolio(7).to_string(), "name": null, "phoneNumber": null, "address": null});
    assert_eq!(ok(&hub, "/api/portfolio/all"), json!([named, traded]));
    assert_eq!(ok(&hub, &format!("/api/portfolio/{}", portfolio(3))), named);
    assert_eq!(ok(&hub, &format!("/api/portfolio/{}", portfolio(7))), traded);
    let unknown = portfolio(8);
    let nothing = format!("portfolioId: nothing is known of {unknown}");
    assert_eq!(problem(&hub, &format!("/api/portfolio/{unknown}")), (404, nothing));
}

#[test]
fn prices_are_the_last_ones_and_have_their_times() {
    let mut hub = Fixture::new();
    for (symbol, price) in [("MSFT", "1.5"), ("AAPL", "2"), ("MSFT", "3")] {
        hub.send(quote(symbol, price, None));
    }
    buy(&mut hub, 1, 1, "UNPRICED", "1", "10");
    hub.settle();
    let at = hub.now().to_string();
    let [msft, aapl] = [("MSFT", 3), ("AAPL", 2)]
        .map(|(symbol, price)| json!({"symbol": symbol, "price": price, "timestamp": at}));
    assert_eq!(ok(&hub, "/api/prices"), json!([msft, aapl]));
    assert_eq!(
        ok(&hub, "/api/prices?symbols=aapl,UNPRICED,NONE,MSFT"),
        json!([aapl, msft]),
        "in the case of the hub"
    );
    assert_eq!(ok(&hub, "/api/prices?symbols=NONE"), json!([]));
}

#[test]
fn unrealized_pnl_is_read_and_nothing_is_sent() {
    let mut hub = hub();
    hub.price("AAPL", "20");
    hub.settle();
    let mark = |of, symbols: Value, overall: i32, unpriced: Value| json!({"symbol": symbols, "overallUnrealised_Pnl": overall, "portfolio_id": portfolio(of).to_string(), "unpriced": unpriced});
    let marks = json!([
        mark(1, json!({"AAPL": 50}), 50, json!(["MSFT", "XOM"])),
        mark(2, json!({"AAPL": -10}), -10, json!(["NEW"]))
    ]);
    for path in ["/api/unrealized", "/api/analytics/initial-unrealized-pnl"] {
        assert_eq!(ok(&hub, path), marks);
    }
}

#[test]
fn who_polls_asks_for_the_newest_flush_and_for_it_again() {
    let mut hub = Fixture::keeping(Duration::from_secs(60), 1 << 20);
    buy(&mut hub, 1, 1, "AAPL", "10", "15");
    hub.publish();
    let flushed = hub.position().to_string();
    buy(&mut hub, 2, 1, "AAPL", "10", "15");
    hub.settle();
    let newest = get(&hub.reads, "/api/sectors/overall?at=flush");
    assert_eq!(
        (newest.position.as_ref(), newest.json()[0]["totalHoldings"].clone()),
        (Some(&flushed), json!(10))
    );
    hub.publish();
    let again = get(&hub.reads, &format!("/api/sectors/overall?at={flushed}"));
    assert_eq!((again.position, again.text), (Some(flushed), newest.text));
    assert_eq!(ok(&hub, "/api/sectors/overall?at=flush")[0]["totalHoldings"], 20);
}

#[test]
fn a_flush_that_has_expired_is_told_at_once() {
    let mut hub = Fixture::keeping(Duration::from_secs(60), 1);
    buy(&mut hub, 1, 1, "AAPL", "10", "15");
    hub.publish();
    for id in 2..9 {
        buy(&mut hub, id, 1, "AAPL", "10", "15");
        hub.settle();
    }
    for path in ["/api/sectors/overall", "/api/analysis/all"] {
        let (status, detail) = problem(&hub, &format!("{path}?at=flush"));
        assert!(status == 410 && detail.contains("limits.view_bytes"), "{path}: {status} {detail}");
        assert_eq!(get(&hub.reads, path).status, StatusCode::OK);
    }
}

#[test]
fn what_can_not_be_meant_is_told_by_name() {
    let hub = hub();
    for path in [
        "/api/portfolio/x",
        "/api/sectors/portfolio-wise/x",
        "/api/sectors/portfolio-wise/x/sector-wise/Energy",
    ] {
        let (status, detail) = problem(&hub, path);
        assert!(status == 400 && detail.starts_with("portfolioId: "), "{path}: {status} {detail}");
    }
    let (status, detail) = problem(&hub, "/api/prices?symbols=AAPL,A%0AB");
    assert!(status == 400 && detail.starts_with("symbols: "), "{detail}");
    for path in [
        "/api/sectors/overall",
        "/api/portfolio/all",
        "/api/unrealized",
        "/api/prices",
        "/api/sectors/sector-catalog",
    ] {
        let (status, detail) = problem(&hub, &format!("{path}?at=0000000000000007-1"));
        assert!(status == 410 && detail.starts_with("at: "), "{path}: {status} {detail}");
        assert_eq!(problem(&hub, &format!("{path}?at=x")).0, 400);
        assert_eq!(problem(&hub, &format!("{path}?from=1")).0, 400);
    }
}

/// Sums by sector of positions, as anybody would add them up.
fn expected(rows: &[PositionRow], sectors: &BTreeMap<String, String>, of: Option<PortfolioId>) -> Value {
    let mut sums: BTreeMap<&str, [i128; 3]> = BTreeMap::new();
    for row in rows.iter().filter(|row| of.is_none_or(|of| of == row.portfolio_id)) {
        let sector = sectors.get(row.symbol.as_str()).map_or("Unclassified", String::as_str);
        let sum = sums.entry(sector).or_default();
        let amounts = [row.holdings.units(), row.total_invested.units(), row.realized_pnl.units()];
        for (sum, amount) in sum.iter_mut().zip(amounts) {
            *sum = sum.checked_add(amount).expect("no history comes near it");
        }
    }
    let all: i128 = sums.values().map(|[_, invested, _]| invested).sum();
    let text = |units: i128, places: u32| {
        let digits = format!("{:0>width$}", units.unsigned_abs(), width = places as usize + 1);
        let (whole, rest) = digits.split_at(digits.len() - places as usize);
        let rest = rest.trim_end_matches('0');
        let sign = if units < 0 { "-" } else { "" };
        if rest.is_empty() { format!("{sign}{whole}") } else { format!("{sign}{whole}.{rest}") }
    };
    let rows: Vec<String> = sums
        .iter()
        .map(|(sector, [holdings, invested, realized])| {
            let share = (all > 0).then(|| (invested * 20_000 + all) / (2 * all));
            let share = share.map_or("null".into(), |share| text(share, 2));
            let [holdings, invested, realized] = [text(*holdings, 8), text(*invested, 16), text(*realized, 16)];
            format!(r#"{{"sector":"{sector}","percentage":{share},"totalHoldings":{holdings},"totalInvested":{invested},"realizedPnl":{realized}}}"#)
        })
        .collect();
    Value::String(format!("[{}]", rows.join(",")))
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn sectors_are_the_sums_of_the_positions(records in history(120)) {
        let records: Vec<Record> = records.into_iter().filter(is_small).collect();
        let mut hub = Fixture::new();
        let mut sectors = BTreeMap::new();
        for record in &records {
            if let Event::Symbol(info) = &record.event {
                sectors.insert(info.symbol.to_string(), info.sector.clone());
            }
            hub.apply(record);
        }
        hub.settle();
        let state = hub.reads.settled();
        let rows: Vec<_> = state.positions().map(|row| row.unwrap().position().clone()).collect();
        let mut asked = vec![(None, "/api/sectors/overall".to_owned())];
        asked.extend((0..PORTFOLIOS).map(portfolio).map(|id| (Some(id), format!("/api/sectors/portfolio-wise/{id}"))));
        let uris: Vec<&str> = asked.iter().map(|(_, uri)| uri.as_str()).collect();
        for ((of, _), answer) in asked.iter().zip(get_all(&hub.reads, &uris)) {
            prop_assert_eq!(Value::String(answer.text), expected(&rows, &sectors, *of));
        }
        let mut restored = Fixture::new();
        restored.restore(&hub.walk()).unwrap();
        restored.settle();
        for ((of, _), answer) in asked.iter().zip(get_all(&restored.reads, &uris)) {
            prop_assert_eq!(Value::String(answer.text), expected(&rows, &sectors, *of), "sums follow from positions");
        }
        let catalog = get(&hub.reads, "/api/sectors/sector-catalog").json();
        let named: BTreeSet<&str> = catalog.as_array().unwrap().iter().map(|of| of["sector"].as_str().unwrap()).collect();
        let held = rows.iter().map(|row| sectors.get(row.symbol.as_str()).map_or("Unclassified", String::as_str));
        let known = sectors.values().map(String::as_str);
        prop_assert_eq!(named, held.chain(known).collect::<BTreeSet<_>>());
    }
}

/// False of amounts whose sums only wide numbers hold; another test has those.
fn is_small(record: &Record) -> bool {
    match &record.event {
        Event::Transaction(event) => event.quantity.units() < 1 << 40,
        _ => true,
    }
}
