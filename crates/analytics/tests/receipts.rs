//! Receipts: what a position and a portfolio's P&L are made of, as JSON that clients rely on.
//!
//! That they are right is for `tests/python/test_receipts.py` to say, which works all of them out by itself.

mod support;

use hub_core::event::Trade;
use hub_core::{Event, Offset, Position, TransactionId};
use hub_server::testing::ServiceOnLog;
use serde_json::{Value, json};
use support::on_log::{get, get_unless, start};
use support::{portfolio, quote, trade};

/// V1: two purchases, two sales, each of which names its lots; and a price before the last sale and one after it.
async fn vector(hub: &ServiceOnLog) {
    let buy = |id, quantity, price: &str| {
        trade(id, 1, "AAPL", quantity, Trade::Buy { price: price.parse().unwrap() })
    };
    let sell = |id, quantity, price: &str, lot: &str| {
        let lot_price = Some(lot.parse().unwrap());
        trade(id, 1, "AAPL", quantity, Trade::Sell { price: price.parse().unwrap(), lot_price })
    };
    let events: [Event; 6] = [
        buy(1, "100", "10"),
        buy(2, "50", "12"),
        sell(3, "100", "15", "10"),
        quote("AAPL", "14", None),
        sell(4, "20", "15", "12"),
        quote("AAPL", "16", None),
    ];
    for event in events {
        hub.take_in(event).await;
    }
}

fn at(hub: &ServiceOnLog, offset: u64) -> String {
    Position { epoch: hub.chassis.log.epoch(), offset: Offset(offset) }.to_string()
}

fn uri(of: u8, symbol: &str) -> String {
    format!("/api/explain/position/{}/{symbol}", portfolio(of))
}

/// The same without times, each of which has microseconds.
fn without_times(mut value: Value) -> Value {
    match &mut value {
        Value::Object(members) => {
            for name in ["at", "timestamp", "boughtAt"] {
                let time = members.remove(name);
                assert!(time.is_none_or(|time| time.as_str().is_some_and(|time| time.len() == 27)), "{name}");
            }
            members.values_mut().for_each(|member| *member = without_times(member.take()));
        }
        Value::Array(elements) => elements.iter_mut().for_each(|it| *it = without_times(it.take())),
        _ => {}
    }
    value
}

#[actix_web::test]
async fn a_position_has_its_lots_its_transactions_and_its_price() {
    let directory = tempfile::tempdir().unwrap();
    let hub = start(directory.path()).await;
    vector(&hub).await;
    let id = |n: u8| TransactionId::from_bytes([n; 16]).to_string();
    let (of, position) = (portfolio(1).to_string(), |offset| at(&hub, offset));
    let bought = |n: u8, quantity: u32, price: u32, at: u64| {
        json!({"transactionId": id(n), "portfolioId": of, "symbol": "AAPL", "side": "BUY", "quantity": quantity,
            "price": price, "position": position(at), "realizedPnl": 0})
    };
    let sold = |n: u8, quantity: u32, lot: (u8, u32), at: u64| {
        let (cost, gain) = (quantity * lot.1, quantity * (15 - lot.1));
        json!({"transactionId": id(n), "portfolioId": of, "symbol": "AAPL", "side": "SELL", "quantity": quantity,
            "price": 15, "lotPrice": lot.1, "position": position(at), "realizedPnl": gain,
            "lots": [{"transactionId": id(lot.0), "position": position(lot.0.into()), "price": lot.1,
                "quantity": quantity, "cost": cost, "gain": gain}]})
    };
    let transactions =
        [bought(1, 100, 10, 1), bought(2, 50, 12, 2), sold(3, 100, (1, 10), 3), sold(4, 20, (2, 12), 5)];
    let now = get(&hub, &uri(1, "aapl")).await;
    assert_eq!(now.position, Some(position(6)));
    let expected = json!({"portfolioId": of, "symbol": "AAPL", "position": position(6), "holdings": 30,
        "totalInvested": 360, "realizedPnl": 560, "unrealizedPnl": 120, "price": 16,
        "tick": {"price": 16, "position": position(6)},
        "lots": [{"transactionId": id(2), "position": position(2), "price": 12, "bought": 50, "quantity": 30}],
        "transactions": transactions});
    assert_eq!(without_times(now.json()), expected);
    let past = get(&hub, &format!("{}?at={}", uri(1, "AAPL"), position(4))).await;
    assert_eq!(past.position, Some(position(4)));
    let expected = json!({"portfolioId": of, "symbol": "AAPL", "position": position(4), "holdings": 50,
        "totalInvested": 600, "realizedPnl": 500, "unrealizedPnl": 100, "price": 14,
        "tick": {"price": 14, "position": position(4)},
        "lots": [{"transactionId": id(2), "position": position(2), "price": 12, "bought": 50, "quantity": 50}],
        "transactions": transactions[..3]});
    assert_eq!(without_times(past.json()), expected);
    let unpriced = get(&hub, &format!("{}?at={}", uri(1, "AAPL"), position(1))).await.json();
    assert_eq!([&unpriced["unrealizedPnl"], &unpriced["price"], &unpriced["tick"]], [&Value::Null; 3]);
    hub.stop();
}

#[actix_web::test]
async fn a_portfolio_has_its_positions_and_their_sums() {
    let directory = tempfile::tempdir().unwrap();
    let hub = start(directory.path()).await;
    vector(&hub).await;
    hub.take_in(trade(5, 1, "A/B", "1", Trade::Buy { price: "7".parse().unwrap() })).await;
    let pnl = get(&hub, &format!("/api/explain/pnl/{}", portfolio(1))).await.json();
    let sums = ["realizedPnl", "unrealizedPnl", "totalPnl", "unpriced"].map(|name| pnl[name].clone());
    assert_eq!(sums, [json!(560), json!(120), json!(680), json!(["A/B"])]);
    let positions = pnl["positions"].as_array().unwrap();
    assert_eq!(positions.iter().map(|it| &it["symbol"]).collect::<Vec<_>>(), ["A/B", "AAPL"], "by symbol");
    assert_eq!(positions[0], get(&hub, &uri(1, "A%2FB")).await.json());
    let closed = Trade::Sell { price: "1".parse().unwrap(), lot_price: None };
    hub.take_in(trade(6, 1, "A/B", "1", closed)).await;
    let pnl = get(&hub, &format!("/api/explain/pnl/{}", portfolio(1))).await.json();
    assert_eq!((&pnl["unpriced"], &pnl["positions"][0]["unrealizedPnl"]), (&json!([]), &json!(0)), "closed");
    hub.stop();
}

#[actix_web::test]
async fn a_portfolio_without_a_risk_says_why() {
    let directory = tempfile::tempdir().unwrap();
    let hub = start(directory.path()).await;
    vector(&hub).await;
    let score = get(&hub, &format!("/api/explain/score/{}", portfolio(1))).await;
    assert_eq!(score.position, Some(at(&hub, 6)));
    let mut told = without_times(score.json());
    let reason = told["reason"].take();
    assert!(
        reason.as_str().is_some_and(|reason| reason.contains("30 s") || reason.contains("29 days")),
        "{reason}"
    );
    let none = Value::Null;
    let expected = json!({"portfolioId": portfolio(1).to_string(), "position": at(&hub, 6), "compositeScore": none,
        "avgReturn": none, "sharpe": none, "sortino": none, "source": none, "reason": none, "record": none,
        "turn": none, "values": []});
    assert_eq!(told, expected);
    hub.stop();
}

#[actix_web::test]
async fn a_poll_that_finds_nothing_new_is_told_so() {
    let directory = tempfile::tempdir().unwrap();
    let hub = start(directory.path()).await;
    vector(&hub).await;
    for path in [uri(1, "AAPL"), format!("/api/explain/pnl/{}", portfolio(1))] {
        let first = get(&hub, &path).await;
        let tag = first.tag.unwrap();
        hub.take_in(quote("MSFT", "1", None)).await;
        hub.take_in(trade(9, 2, "AAPL", "1", Trade::Buy { price: "1".parse().unwrap() })).await;
        assert_eq!(get_unless(&hub, &path, &tag).await.status, 304, "what others do is none of it");
        hub.take_in(quote("AAPL", "16", None)).await;
        let next = get_unless(&hub, &path, &tag).await;
        assert!(next.status == 200 && next.tag.as_ref() != Some(&tag), "the tick is another");
        let past = format!("{path}?at={}", at(&hub, 4));
        let tag = get(&hub, &past).await.tag.unwrap();
        hub.take_in(quote("AAPL", "17", None)).await;
        assert_eq!(get_unless(&hub, &past, &tag).await.status, 304, "the past is what it was");
        assert_ne!(get(&hub, &format!("{path}?at={}", at(&hub, 5))).await.tag.unwrap(), tag);
    }
    hub.stop();
}

#[actix_web::test]
async fn what_there_is_no_receipt_for_is_told_by_name() {
    let directory = tempfile::tempdir().unwrap();
    let hub = start(directory.path()).await;
    vector(&hub).await;
    hub.take_in(trade(8, 1, "LATE", "1", Trade::Buy { price: "1".parse().unwrap() })).await;
    let pnl = |of| format!("/api/explain/pnl/{}", portfolio(of));
    let score = |of| format!("/api/explain/score/{}", portfolio(of));
    for (path, status, says) in [
        (uri(1, "NONE"), 404, "symbol: "),
        (uri(1, "%0A"), 400, "symbol: "),
        (uri(9, "AAPL"), 404, "symbol: "),
        (format!("{}?at={}", uri(1, "LATE"), at(&hub, 6)), 404, "symbol: "),
        (format!("{}?at={}", uri(1, "AAPL"), at(&hub, 0)), 404, "symbol: "),
        ("/api/explain/position/x/AAPL".to_owned(), 400, "portfolioId: "),
        (pnl(9), 404, "portfolioId: "),
        ("/api/explain/pnl/x".to_owned(), 400, "portfolioId: "),
        (format!("{}?at=x", pnl(1)), 400, "at: "),
        (format!("{}?at={}", pnl(1), at(&hub, 999)), 410, "at: "),
        (format!("{}?at=0000000000000007-1", pnl(1)), 410, "at: "),
        (format!("{}?limit=1", pnl(1)), 400, "limit: is no parameter here"),
        (score(9), 404, "portfolioId: "),
        (format!("{}?at={}", score(1), at(&hub, 0)), 404, "portfolioId: "),
        ("/api/explain/score/x".to_owned(), 400, "portfolioId: "),
        (format!("{}?at=x", score(1)), 400, "at: "),
        (format!("{}?at={}", score(1), at(&hub, 999)), 410, "at: "),
    ] {
        let answer = get(&hub, &path).await;
        assert_eq!(answer.content_type, "application/problem+json", "{path}");
        let detail = answer.json()["detail"].as_str().unwrap().to_owned();
        assert!(answer.status == status && detail.starts_with(says), "{path}: {} {detail}", answer.status);
    }
    hub.stop();
}
