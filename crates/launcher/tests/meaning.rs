//! A number is exact, and a symbol one and the same, whichever door it comes by.

mod support;

use std::net::SocketAddr;

use hub_testkit::http;
use hub_testkit::process::HubProcess;
use hub_testkit::ws::{WsClient, WsOptions};
use serde_json::{Value, json};

use support::{PATIENCE, address, analysis, hub, ingest, stomp, uuid};

const FOLD: (&str, &str) = ("SYMBOLS__FOLD_CASE", "true");

fn transaction(id: u64, symbol: &str, side: &str, quantity: &str, price: &str) -> Value {
    json!({"transactionId": uuid(id), "portfolioId": uuid(1), "symbol": symbol, "side": side,
           "quantity": quantity, "price": price})
}

/// Posts items as they are written.
fn post(addr: SocketAddr, content_type: &str, body: &str) -> Value {
    let headers = [("Content-Type", content_type)];
    let answer = http::request(addr, "POST", "/api/ingest/transactions", &headers, body.as_bytes()).unwrap();
    answer.json().unwrap()
}

/// Sends items over STOMP; they are taken in.
fn send(addr: SocketAddr, kind: &str, items: &Value) {
    let mut client = stomp(addr);
    client.send(&format!("/app/{kind}"), &[("receipt", "r")], items.to_string().as_bytes()).unwrap();
    client.await_receipt("r").unwrap();
}

/// Has the auto-trader do something; its answer.
fn trade(hub: &HubProcess, path: &str, body: &Value) -> (u16, String) {
    let addr = hub.addr("auto-trader").unwrap();
    let answer = http::post_json(addr, &format!("/api/auto-trader{path}"), body).unwrap();
    (answer.status, answer.text().unwrap().to_owned())
}

#[test]
fn a_million_million_with_eight_places_is_exact_at_every_door() {
    let hub = hub(&[]);
    let addr = address(&hub);
    let many = "1000000000000.00000001";
    let item = |id, symbol| transaction(id, symbol, "BUY", many, "0.00000001").to_string();
    // As a JSON number, too.
    let number = item(1, "JSON").replace(&format!("\"{many}\""), many);
    assert_eq!(post(addr, "application/json", &number)["accepted"], 1);
    let lines = format!("{}\n{}\n", item(2, "LINES"), item(3, "LINES"));
    assert_eq!(post(addr, "application/x-ndjson", &lines)["accepted"], 2);
    send(addr, "transactions", &transaction(4, "STOMP", "BUY", many, "0.00000001"));
    let shown = |symbol: &str, held: &str, cost: &str| {
        let id = uuid(1);
        format!(
            r#"{{"id":{{"portfolioId":"{id}","symbol":"{symbol}"}},"holdings":{held},"totalInvested":{cost},"#
        )
    };
    let rows = analysis(addr);
    for row in [
        shown("JSON", many, "10000.0000000000000001"),
        shown("LINES", "2000000000000.00000002", "20000.0000000000000002"),
        shown("STOMP", many, "10000.0000000000000001"),
    ] {
        assert!(rows.contains(&row), "{row} in {rows}");
    }

    let (status, _) = trade(&hub, "/sessions", &json!({"initialCapital": "1000000000000000000000"}));
    assert_eq!(status, 201);
    let order = json!({"symbol": "JSON", "quantity": many, "entryPrice": "100"});
    let (status, opened) = trade(&hub, "/sessions/1/trades", &order);
    assert!(status == 201 && opened.contains(r#""quantity":1000000000000.00000001,"#), "{opened}");
    let (status, closed) = trade(&hub, "/trades/1/close", &json!({"price": "100.00000001"}));
    assert!(status == 200 && closed.contains(r#""pnl":10000.0000000000000001,"#), "{closed}");
}

#[test]
fn what_is_too_much_is_refused_by_name_at_every_door_and_nothing_of_it_applied() {
    let hub = hub(&[]);
    let addr = address(&hub);
    let dearest = "92233720368.54775807";
    for (id, quantity, price, field, reason) in [
        (1, "0.000000001", "1", "quantity", "must have at most 8 decimal places"),
        (2, "1000000000000000.00000001", "1", "quantity", "must be at most 10^15"),
        (3, "1000000000000", dearest, "quantity", "times the price is more than 1.7 * 10^22"),
        (4, "1", "92233720368.54775808", "price", "must be at most 92233720368.54775807"),
        (5, "1", "-0.00000001", "price", "must not be negative"),
    ] {
        let item = transaction(id, "ACME", "BUY", quantity, price);
        let result = post(addr, "application/json", &item.to_string())["results"][0].clone();
        let told = (&result["status"], &result["field"], &result["reason"]);
        assert_eq!(told, (&json!("rejected"), &json!(field), &json!(reason)), "{item}");
        let mut client = stomp(addr);
        client.send("/app/transactions", &[], item.to_string().as_bytes()).unwrap();
        let (error, _) = client.expect_error().unwrap();
        assert!(error.to_string().contains(field), "{error}");
    }
    assert_eq!(analysis(addr), "[]");

    trade(&hub, "/sessions", &json!({"initialCapital": "17000000000000000000000"}));
    let order = json!({"symbol": "ACME", "quantity": "1000000000000", "entryPrice": dearest});
    let (status, refused) = trade(&hub, "/sessions/1/trades", &order);
    assert!(status == 422 && refused.contains(r#""field":"quantity""#), "{refused}");
    let (status, refused) = trade(&hub, "/sessions", &json!({"initialCapital": "170141183460469231731688"}));
    assert!(status == 422 && refused.contains("must be at most 1.7 * 10^22"), "{refused}");
}

#[test]
fn free_shares_and_worthless_ones_are_told_as_they_were_traded() {
    let hub = hub(&[]);
    let addr = address(&hub);
    let mut client = support::subscriber(addr, &[("trades", support::TRANSACTIONS)]);
    ingest(addr, "transactions", &transaction(1, "ACME", "BUY", "2", "0"));
    send(addr, "transactions", &transaction(2, "ACME", "SELL", "2", "0.00"));
    for side in ["BUY", "SELL"] {
        let told = client.next_message("trades").unwrap().json().unwrap();
        assert_eq!(
            (&told["side"], &told["price"], &told["realizedPnl"]),
            (&json!(side), &json!(0), &json!(0))
        );
    }
    let refused =
        http::post_json(addr, "/api/ingest/prices", &json!({"symbol": "ACME", "price": 0})).unwrap();
    assert_eq!(refused.json().unwrap()["results"][0]["field"], "price");
}

#[test]
fn blanks_around_a_symbol_make_no_other_one_and_control_characters_none() {
    let hub = hub(&[]);
    let addr = address(&hub);
    ingest(addr, "transactions", &transaction(1, " ACME\n", "BUY", "1", "10"));
    send(addr, "transactions", &transaction(2, "ACME\u{a0}", "BUY", "2", "10"));
    ingest(addr, "transactions", &transaction(3, "acme", "BUY", "5", "10"));
    let refused = post(addr, "application/json", &transaction(4, "AC\u{0}ME", "BUY", "1", "10").to_string());
    assert_eq!(refused["results"][0]["field"], "symbol");
    let held = support::holdings(&serde_json::from_str(&analysis(addr)).unwrap());
    let of = |symbol: &str, held| ((uuid(1), symbol.to_owned()), held);
    assert!(held.into_iter().eq([of("ACME", 3), of("acme", 5)]), "case tells symbols apart");
}

#[test]
fn where_case_is_folded_every_door_folds_it_and_a_restart_changes_nothing() {
    let mut hub = hub(&[FOLD]);
    let addr = address(&hub);
    ingest(addr, "transactions", &transaction(1, "acme", "BUY", "1", "10"));
    send(addr, "transactions", &transaction(2, " Acme", "BUY", "2", "10"));
    send(addr, "prices", &json!({"symbol": "aCME", "price": 12}));
    ingest(addr, "symbols", &json!({"symbol": "acme", "sector": "Technology"}));
    trade(&hub, "/sessions", &json!({"initialCapital": 1000}));
    let (status, opened) = trade(&hub, "/sessions/1/trades", &json!({"symbol": "acmE", "quantity": 1}));
    assert!(
        status == 201 && opened.contains(r#""symbol":"ACME""#) && opened.contains(r#""entryPrice":12,"#),
        "{opened}"
    );

    let options = WsOptions { deadline: PATIENCE, ..WsOptions::default() };
    let mut ws = WsClient::connect(hub.addr("auto-trader").unwrap(), "/ws/auto-trader", &options).unwrap();
    ws.send_json(&json!({"type": "subscribe_prices", "symbols": ["acme"], "priceInterval": 100})).unwrap();
    let told = ws.next_json().unwrap();
    assert_eq!((&told["type"], &told["data"]["symbol"]), (&json!("price_update"), &json!("ACME")), "{told}");

    let held = |hub: &HubProcess| support::holdings(&serde_json::from_str(&analysis(address(hub))).unwrap());
    let all = held(&hub);
    assert_eq!(all.get(&(uuid(1), "ACME".to_owned())), Some(&3));
    assert_eq!(all.len(), 1);
    hub.kill_9().unwrap();
    hub.restart().unwrap();
    assert_eq!(held(&hub), all);
}
