//! Members of what is sent, through the doors: one that nobody reads is named, one that would change money is refused.

mod support;

use std::net::SocketAddr;

use hub_testkit::http;
use hub_testkit::stomp::{Carrier, StompClient, StompOptions};
use hub_testkit::ws::{WsClient, WsOptions};
use pms_hub::log_file::{self, Shown};
use serde_json::{Value, json};

use support::{PATIENCE, address, analysis, buy, hub, subscriber, uuid};

const CARRIERS: [fn(SocketAddr) -> Carrier; 3] = [
    |addr| Carrier::websocket(addr, "/ws", &options()).unwrap(),
    |addr| Carrier::sockjs(addr, "/ws", &options()).unwrap(),
    |addr| Carrier::tcp(addr, PATIENCE).unwrap(),
];

fn options() -> WsOptions {
    WsOptions { deadline: PATIENCE, ..WsOptions::default() }
}

/// A BUY of 1 share with one member more.
fn buy_with(id: u64, name: &str, value: impl Into<Value>) -> Value {
    let mut item = buy(id, &uuid(1), "ACME", 1);
    item[name] = value.into();
    item
}

/// Status of the answer, and what became of each item.
fn post(addr: SocketAddr, kind: &str, items: &Value) -> (u16, Vec<Value>) {
    let answer = http::post_json(addr, &format!("/api/ingest/{kind}"), items).unwrap();
    let results = answer.json().unwrap()["results"].as_array().unwrap().clone();
    (answer.status, results)
}

#[test]
fn what_nobody_reads_of_a_fact_is_named_and_changes_nothing() {
    let hub = hub(&[]);
    let addr = address(&hub);
    let items = json!([
        buy(1, &uuid(1), "ACME", 1),
        buy_with(2, "fees", 1.5),
        buy_with(3, "qty", 1),
        buy_with(4, "qty", 100),
        {"currency": "EUR", "side": "BUY"},
    ]);
    let (status, results) = post(addr, "transactions", &items);
    assert_eq!(status, 207);
    let told: Vec<[&Value; 3]> =
        results.iter().map(|result| ["status", "ignored", "field"].map(|name| &result[name])).collect();
    let (null, accepted, rejected) = (json!(null), json!("accepted"), json!("rejected"));
    assert_eq!(
        told,
        [
            [&accepted, &null, &null],
            [&accepted, &json!(["fees"]), &null],
            [&accepted, &null, &null],
            [&rejected, &null, &json!("quantity")],
            [&rejected, &json!(["currency"]), &json!("transactionId")],
        ]
    );
    let rows: Value = serde_json::from_str(&analysis(addr)).unwrap();
    assert_eq!(rows[0]["holdings"], 3, "{rows}");
    let invalid =
        json!({"tradeId": "T-1", "side": "SHORT", "pricePerStock": 0.123_456_789_012_345_6, "desk": 7});
    let (status, results) = post(addr, "invalid-trades", &invalid);
    assert_eq!((status, &results[0]["ignored"]), (200, &json!(["desk"])));
}

#[test]
fn who_may_have_meant_something_else_is_told_so() {
    let hub = hub(&[]);
    let addr = address(&hub);
    let items = json!([
        buy(1, &uuid(1), "ACME", 1),
        buy(1, &uuid(1), "ACME", 1),
        buy(1, &uuid(1), "ACME", 2),
        {"transactionId": uuid(2), "portfolioId": uuid(1), "symbol": "Acme", "side": "SELL", "quantity": 1, "price": 1},
    ]);
    let (status, results) = post(addr, "transactions", &items);
    assert_eq!(status, 207);
    let told: Vec<(&Value, &Value)> =
        results.iter().map(|result| (&result["status"], &result["warnings"])).collect();
    let (accepted, duplicate, rejected) = (json!("accepted"), json!("duplicate"), json!("rejected"));
    let differs = json!(["transactionId: was applied before, with other content"]);
    let case = json!(["symbol: Acme differs only in case from ACME, which was known before"]);
    assert_eq!(
        told,
        [(&accepted, &Value::Null), (&duplicate, &Value::Null), (&duplicate, &differs), (&rejected, &case)]
    );
    let (status, results) = post(addr, "prices", &json!({"symbol": "acme", "price": 3}));
    assert_eq!((status, results[0]["warnings"].as_array().map(Vec::len)), (200, Some(1)));
}

#[test]
fn what_nobody_reads_is_kept_where_that_is_asked_for() {
    for (keeps, extras) in [("false", Value::Null), ("true", json!({"fees": 1.5, "note": {"a": [1, "\n"]}}))]
    {
        let hub = hub(&[("LOG__KEEP_UNKNOWN", keeps)]);
        let addr = address(&hub);
        let item = buy_with(1, "fees", 1.5).to_string();
        let item = item.replacen('{', "{\"note\":{\n\"a\":[1,\r\n\"\\n\"]},", 1);
        let answer = http::request(addr, "POST", "/api/ingest/transactions", &[], item.as_bytes()).unwrap();
        assert_eq!(answer.status, 200, "{:?}", answer.text());
        post(addr, "transactions", &json!({"symbol": "ACME", "fees": 2}));
        post(addr, "transactions", &buy(2, &uuid(1), "ACME", 1));
        let mut out = Vec::new();
        let path = hub.data_dir().join("hub.db");
        let shown = Shown { kind: Some("transactions".to_owned()), ..Shown::default() };
        log_file::show(&path, &shown, &mut out).unwrap();
        let lines = String::from_utf8(out).unwrap();
        let told: Vec<Value> = lines.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
        let kept: Vec<&Value> = told.iter().map(|record| &record["extras"]).collect();
        assert_eq!(kept, [&extras, &Value::Null, &Value::Null], "{lines}");
    }
}

#[test]
fn a_sender_over_stomp_may_say_more_and_may_not_contradict_itself() {
    let hub = hub(&[]);
    let addr = address(&hub);
    for (n, carrier) in (1..).zip(CARRIERS) {
        let connect = || StompClient::connect(carrier(addr), &StompOptions::default()).unwrap();
        let mut client = connect();
        let item = buy_with(n, "fees", 1.5).to_string();
        client.send("/app/transactions", &[("receipt", "r")], item.as_bytes()).unwrap();
        assert_eq!(client.next_frame().unwrap().command, "RECEIPT");
        let item = buy_with(100 + n, "qty", 100).to_string();
        client.send("/app/transactions", &[], item.as_bytes()).unwrap();
        let (error, _) = client.expect_error().unwrap();
        let text = error.text().unwrap();
        assert_eq!(
            text.trim_end(),
            "item 0: quantity: is given twice, as qty and quantity, with different values"
        );
    }
    let rows: Value = serde_json::from_str(&analysis(addr)).unwrap();
    assert_eq!(rows[0]["holdings"], 3, "{rows}");
}

#[test]
fn a_member_that_a_command_does_not_have_is_refused_by_name_and_nothing_is_done() {
    let hub = hub(&[]);
    let addr = hub.addr("auto-trader").unwrap();
    let sessions = "/api/auto-trader/sessions";
    let made = http::post_json(addr, sessions, &json!({"initialCapital": 1000})).unwrap();
    assert_eq!(made.status, 201);
    let trades = "/api/auto-trader/sessions/1/trades";
    let open = |name: &str, value: i64| {
        let mut body = json!({"symbol": "ACME", "quantity": 1, "entryPrice": 10});
        body[name] = value.into();
        http::post_json(addr, trades, &body).unwrap()
    };
    for name in ["trailingStop", "takeProfit", "stopLos", "leverage"] {
        let refused = open(name, 5);
        assert_eq!((refused.status, &refused.json().unwrap()["field"]), (422, &json!(name)));
    }
    let refused = open("qty", 1);
    assert_eq!((refused.status, &refused.json().unwrap()["field"]), (422, &json!("quantity")));
    assert_eq!(http::get(addr, trades).unwrap().json().unwrap(), json!([]), "nothing was opened");
    let opened = open("stoploss", 5);
    assert_eq!((opened.status, &opened.json().unwrap()["stopLoss"]), (201, &json!(5)), "which is stopLoss");
    for body in [json!({"quantity": 1}), json!({"price": 11, "qty": 1}), json!({"target": 3})] {
        let refused = http::post_json(addr, "/api/auto-trader/trades/1/close", &body).unwrap();
        assert_eq!(refused.status, 422, "{body}");
    }
    let rows = http::get(addr, trades).unwrap().json().unwrap();
    assert_eq!((rows.as_array().unwrap().len(), &rows[0]["status"]), (1, &json!("OPEN")), "{rows}");

    let mut ws = WsClient::connect(addr, "/ws/auto-trader", &options()).unwrap();
    ws.send_text(r#"{"type":"subscribe_session","sessionId":1,"trailingStop":5}"#).unwrap();
    let error = ws.next_json().unwrap();
    assert!(error["message"].as_str().unwrap().contains("trailingStop"), "{error}");
}

#[test]
fn a_transaction_leads_to_its_trade() {
    let hub = hub(&[]);
    let addr = address(&hub);
    let mut client = subscriber(addr, &[("feed", "/topic/transactions")]);
    let trade = uuid(77);
    post(addr, "transactions", &json!([buy_with(1, "trade_id", &*trade), buy(2, &uuid(1), "ACME", 1)]));
    let told = [(); 2].map(|()| client.next_message("feed").unwrap().json().unwrap());
    let ids = told.each_ref().map(|execution| &execution["tradeId"]);
    assert_eq!(ids, [&json!(trade), &Value::Null], "{told:?}");
}
