//! REST of the auto-trader: answered after its records are durable and
//! applied.

mod hub;

use actix_web::http::Method;
use futures_util::future::join_all;
use hub::Hub;
use hub_core::Event;
use hub_core::event::PriceQuote;
use serde_json::{Value, json};
use tempfile::TempDir;

async fn start() -> (TempDir, Hub) {
    let directory = tempfile::tempdir().unwrap();
    let hub = Hub::start(directory.path()).await;
    (directory, hub)
}

fn price(symbol: &str, price: &str) -> Event {
    Event::Price(PriceQuote {
        symbol: symbol.parse().unwrap(),
        price: price.parse().unwrap(),
        timestamp: None,
    })
}

/// The keys of an object, in their order.
fn keys(value: &Value) -> Vec<&str> {
    value.as_object().unwrap().keys().map(String::as_str).collect()
}

/// Takes out what the clock decides.
fn without_times(mut value: Value) -> Value {
    for name in ["createdAt", "stoppedAt", "openedAt", "closedAt"] {
        if let Some(time) = value.get_mut(name).filter(|time| !time.is_null()) {
            let text = time.as_str().unwrap();
            assert!(text.len() == 24 && text.ends_with('Z'), "{text}");
            *time = Value::from("then");
        }
    }
    value
}

#[actix_web::test]
async fn a_session_from_its_beginning_to_its_end() {
    let (_directory, hub) = start().await;
    assert_eq!(hub.get("/sessions").await, (200, json!([])));
    let (status, created) = hub.post("/sessions", r#"{"name":"Morning","initialCapital":50000}"#).await;
    let expected = json!({
        "sessionId": 1, "name": "Morning", "status": "ACTIVE", "initialCapital": 50000,
        "currentCapital": 50000, "availableCapital": 50000, "totalPnL": 0, "todayPnL": 0,
        "totalTrades": 0, "openTrades": 0, "closedTrades": 0, "winningTrades": 0, "losingTrades": 0,
        "winRate": 0, "createdAt": "then", "stoppedAt": null,
    });
    assert_eq!((status, without_times(created)), (201, expected));

    hub.take_in(price("BANKNIFTY", "195.25")).await;
    let body = r#"{"symbol":"BANKNIFTY","quantity":50,"stopLoss":"190","target":200}"#;
    let (status, opened) = hub.post("/sessions/1/trades", body).await;
    let mut expected = json!({
        "tradeId": 1, "sessionId": 1, "symbol": "BANKNIFTY", "side": "BUY", "quantity": 50,
        "status": "OPEN", "entryPrice": 195.25, "stopLoss": 190, "target": 200, "currentPrice": null,
        "unrealizedPnL": null, "exitPrice": null, "pnl": null, "pnlPercent": null, "exitReason": null,
        "openedAt": "then", "closedAt": null,
    });
    assert_eq!((status, without_times(opened)), (201, expected.clone()));

    hub.take_in(price("BANKNIFTY", "196.30")).await;
    let (_, trades) = hub.get("/sessions/1/trades").await;
    for (name, value) in [("currentPrice", 196.3), ("unrealizedPnL", 52.5), ("pnlPercent", 0.54)] {
        expected[name] = value.into();
    }
    assert_eq!(without_times(trades[0].clone()), expected);

    let (status, closed) = hub.post("/trades/1/close", "").await;
    assert_eq!((status, &closed["status"], &closed["pnl"]), (200, &json!("CLOSED"), &json!(52.5)));
    assert_eq!((&closed["exitReason"], &closed["exitPrice"]), (&json!("MANUAL"), &json!(196.3)));
    assert_eq!((&closed["unrealizedPnL"], &closed["pnlPercent"]), (&Value::Null, &json!(0.54)));
    assert_eq!(hub.get("/sessions/1/trades").await.1, json!([closed]));

    let (status, stopped) = hub.post("/sessions/1/stop", "{}").await;
    assert_eq!((status, &stopped["status"]), (200, &json!("STOPPED")));
    assert_eq!((&stopped["currentCapital"], &stopped["winRate"]), (&json!(50052.5), &json!(100)));
    assert_eq!(hub.get("/sessions/1").await.1, stopped);
    assert_eq!(hub.get("/sessions").await.1, json!([stopped]));
    hub.stop();
}

#[actix_web::test]
async fn what_can_not_be_done_is_said_why() {
    let (_directory, hub) = start().await;
    hub.post("/sessions", r#"{"initialCapital":"100"}"#).await;
    for (path, body, status, field) in [
        ("/sessions", "", 400, ""),
        ("/sessions", "{", 400, ""),
        ("/sessions", "[]", 400, ""),
        ("/sessions", r#"[{"initialCapital":1}]"#, 400, ""),
        ("/sessions", "5", 400, ""),
        ("/sessions", "{}", 422, "initialCapital"),
        ("/sessions", r#"{"initialCapital":0}"#, 422, "initialCapital"),
        ("/sessions/1/trades", "", 400, ""),
        ("/sessions/1/trades", r#"{"symbol":"X"}"#, 422, "quantity"),
        ("/sessions/1/trades", r#"{"symbol":"X","quantity":1}"#, 422, "entryPrice"),
        ("/sessions/1/trades", r#"{"symbol":"X","quantity":101,"entryPrice":1}"#, 422, "quantity"),
        ("/sessions/1/trades", r#"{"symbol":"X","quantity":1,"entryPrice":1,"stopLoss":2}"#, 422, "stopLoss"),
        ("/sessions/2/trades", r#"{"symbol":"X","quantity":1,"entryPrice":1}"#, 404, ""),
        ("/sessions/one/trades", r#"{"symbol":"X","quantity":1,"entryPrice":1}"#, 404, ""),
        ("/sessions/2/stop", "", 404, ""),
        ("/trades/1/close", "", 404, ""),
        ("/trades/-1/close", "", 404, ""),
        ("/trades/1/close", r#"{"price":"x"}"#, 422, "price"),
    ] {
        let (got, problem) = hub.post(path, body).await;
        assert_eq!(got, status, "{path} {body}: {problem}");
        assert_eq!(problem["field"].as_str().unwrap_or_default(), field, "{path} {body}: {problem}");
        assert!(!problem["detail"].as_str().unwrap().is_empty());
    }
    assert_eq!(hub.get("/sessions/2").await.0, 404);
    assert_eq!(hub.get("/sessions/x/trades").await.0, 404);
    assert_eq!(hub.send(Method::DELETE, "/sessions", None).await.0, 405);
    assert_eq!(hub.send(Method::GET, "/trades/1/close", None).await.0, 405);
    let form = Some(("application/x-www-form-urlencoded", "initialCapital=1"));
    assert_eq!(hub.send(Method::POST, "/sessions", form).await.0, 415);
    assert_eq!(hub.get("/sessions").await.1[0]["totalTrades"], 0, "and nothing was done");
    hub.stop();
}

#[actix_web::test]
async fn a_request_that_comes_again_is_answered_as_it_was_across_a_restart() {
    let (directory, mut hub) = start().await;
    let key = |last: char| format!("550e8400-e29b-41d4-a716-44665544000{last}");
    let requests = [
        ("/sessions", format!(r#"{{"initialCapital":1000,"requestId":"{}"}}"#, key('0')), 201),
        (
            "/sessions/1/trades",
            format!(r#"{{"symbol":"X","quantity":1,"entryPrice":10,"requestId":"{}"}}"#, key('1')),
            201,
        ),
        ("/trades/1/close", format!(r#"{{"price":12,"requestId":"{}"}}"#, key('2')), 200),
        ("/sessions/1/stop", format!(r#"{{"requestId":"{}"}}"#, key('3')), 200),
    ];
    let mut answers = vec![];
    for (path, body, status) in &requests {
        let (got, answer) = hub.post(path, body).await;
        assert_eq!(got, *status, "{answer}");
        answers.push(answer);
    }
    let before = (hub.get("/sessions").await, hub.get("/sessions/1/trades").await);
    for _ in 0..2 {
        for ((path, body, status), answer) in requests.iter().zip(&answers) {
            assert_eq!(hub.post(path, body).await, (*status, answer.clone()), "{path}");
        }
        assert_eq!((hub.get("/sessions").await, hub.get("/sessions/1/trades").await), before);
        hub.stop();
        hub = Hub::start(directory.path()).await;
        assert_eq!((hub.get("/sessions").await, hub.get("/sessions/1/trades").await), before);
    }
    let other = format!(r#"{{"initialCapital":1,"requestId":"{}"}}"#, key('0'));
    let (status, problem) = hub.post("/sessions", &other).await;
    assert_eq!((status, &problem["field"]), (422, &json!("requestId")));
    hub.stop();
}

#[actix_web::test]
async fn a_refused_body_is_logged_as_it_came_and_an_empty_one_is_not() {
    let (_directory, hub) = start().await;
    hub.post("/sessions", "").await;
    assert!(hub.chassis.log.read(hub_core::Offset::START, 9).unwrap().is_empty());
    let bodies = [r#"{"initialCapital":"much"}"#, "{", "5", r#"[{"initialCapital":1}]"#, "[", "null"];
    for body in bodies {
        hub.post("/sessions", body).await;
    }
    let records = hub.chassis.log.read(hub_core::Offset::START, 9).unwrap();
    assert_eq!(records.len(), bodies.len());
    for (record, body) in records.iter().zip(bodies) {
        let Event::Rejected(input) = &record.event else { panic!("{record:?}") };
        assert_eq!((input.kind.as_str(), &*input.raw), ("auto-trader", body.as_bytes()));
        assert_eq!((&*input.door, input.path.as_deref()), ("http", Some("/api/auto-trader/sessions")));
    }
    hub.stop();
}

#[actix_web::test]
async fn a_list_longer_than_a_chunk_is_whole() {
    let (_directory, hub) = start().await;
    let name = "é".repeat(200);
    let body = format!(r#"{{"name":"{name}","initialCapital":1}}"#);
    for _ in 0..200 {
        assert_eq!(hub.post("/sessions", &body).await.0, 201);
    }
    let (_, sessions) = hub.get("/sessions").await;
    let ids = sessions.as_array().unwrap().iter().map(|session| session["sessionId"].as_u64().unwrap());
    assert!(ids.eq(1..=200));
    assert_eq!(keys(&sessions[0]), keys(&hub.get("/sessions/1").await.1));
    hub.stop();
}

#[actix_web::test]
async fn nothing_is_taken_in_while_the_hub_stops() {
    let (_directory, hub) = start().await;
    hub.chassis.readiness.set_draining();
    assert_eq!(hub.post("/sessions", r#"{"initialCapital":1}"#).await.0, 503);
    assert_eq!(hub.get("/sessions").await, (200, json!([])));
    hub.stop();
}

#[actix_web::test]
async fn callers_at_the_same_time_share_the_capital_and_the_ids() {
    let (_directory, hub) = start().await;
    hub.post("/sessions", r#"{"initialCapital":1000}"#).await;
    let body = r#"{"symbol":"X","quantity":1,"entryPrice":100}"#;
    let answers = join_all((0..40).map(|_| hub.post("/sessions/1/trades", body))).await;
    let opened = answers.iter().filter(|(status, _)| *status == 201);
    let mut ids: Vec<u64> = opened.map(|(_, trade)| trade["tradeId"].as_u64().unwrap()).collect();
    ids.sort_unstable();
    assert_eq!(ids, (1..=10).collect::<Vec<_>>());
    assert!(
        answers
            .iter()
            .filter(|(status, _)| *status != 201)
            .all(|(status, problem)| { (*status, &problem["field"]) == (422, &json!("quantity")) })
    );
    hub.post("/trades/1/close", r#"{"price":100}"#).await;
    let key = "550e8400-e29b-41d4-a716-446655440000";
    let body = format!(r#"{{"symbol":"X","quantity":1,"entryPrice":50,"requestId":"{key}"}}"#);
    let answers = join_all((0..20).map(|_| hub.post("/sessions/1/trades", &body))).await;
    assert!(answers.iter().all(|(status, trade)| (*status, &trade["tradeId"]) == (201, &json!(11))));
    assert_eq!(hub.get("/sessions/1").await.1["totalTrades"], 11);
    hub.stop();
}
