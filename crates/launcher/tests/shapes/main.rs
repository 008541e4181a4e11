//! What the services send has the shapes that they say it has.

mod check;
#[path = "../support/described.rs"]
mod described;
#[path = "../support/inside.rs"]
mod inside;

use std::net::SocketAddr;

use check::faults;
use described::described;
use hub_core::schema::Schema;
use hub_server::http::every_port;
use hub_server::rest::{Content, Route};
use hub_testkit::http::{get, post_json};
use hub_testkit::stomp::{Carrier, StompClient, StompOptions};
use hub_testkit::ws::{WsClient, WsOptions};
use hub_testkit::{DEFAULT_DEADLINE, wait};
use inside::{Inside, with_hub};
use pms_hub::wiring::services;
use serde_json::{Value, json};

const PORTFOLIO: &str = "550e8400-e29b-41d4-a716-446655440001";
const TRADE: &str = "550e8400-e29b-41d4-a716-446655440010";

fn is_shaped(what: &str, value: &Value, schema: fn() -> Schema) {
    let found = faults(value, schema().as_value());
    assert!(found.is_empty(), "{what}: {found:#?}\n{value:#}");
}

/// Posts what has to be answered with this status and in the shape that the call says it has.
fn command(at: SocketAddr, path: &str, status: u16, body: &Value) {
    let is_asked = |route: &Route| {
        let (own, asked): (Vec<_>, Vec<_>) = (route.path.split('/').collect(), path.split('/').collect());
        let fits = own.iter().zip(&asked).all(|(own, asked)| own.starts_with('{') || own == asked);
        route.method == "POST" && own.len() == asked.len() && fits
    };
    let routes = described().1.into_iter().flat_map(|service| service.routes).chain(every_port());
    let route = routes.into_iter().find(is_asked).unwrap();
    let Some(Content::Json(takes)) = route.body else { panic!("{path} takes no JSON") };
    let Content::Json(gives) = route.answer else { panic!("{path} gives no JSON") };
    is_shaped(path, body, takes);
    let answer = post_json(at, path, body).unwrap();
    assert_eq!(answer.status, status, "{path}: {}", answer.text().unwrap());
    is_shaped(path, &answer.json().unwrap(), gives);
}

fn ingest(at: SocketAddr, kind: &str, item: &Value) {
    command(at, &format!("/api/ingest/{kind}"), 200, item);
}

fn transaction(n: u8, side: &str, symbol: &str) -> Value {
    let id = format!("550e8400-e29b-41d4-a716-4466554401{n:02x}");
    json!({"transactionId": id, "portfolioId": PORTFOLIO, "symbol": symbol, "side": side, "quantity": 2, "price": 10})
}

/// Something of everything.
fn fill(hub: &Inside) {
    let at = hub.address("gateway");
    ingest(at, "portfolios", &json!({"portfolioId": PORTFOLIO, "name": "Growth"}));
    ingest(
        at,
        "risk",
        &json!({"portfolioId": PORTFOLIO, "avgRateOfReturn": 0.5, "sharpeRatio": 2, "sortinoRatio": 1}),
    );
    ingest(
        at,
        "transactions",
        &json!([transaction(1, "BUY", "AAPL"), transaction(2, "BUY", "XYZ"), transaction(3, "SELL", "AAPL")]),
    );
    ingest(
        at,
        "valuations",
        &json!({"portfolioId": PORTFOLIO, "date": "2026-02-07", "portfolioValue": 125_000.5}),
    );
    ingest(at, "prices", &json!({"symbol": "AAPL", "price": 11}));
    ingest(at, "symbols", &json!({"symbol": "AAPL", "sector": "Technology"}));
    for (stage, kind) in [("RECEIVED", "TRADE_RECEIVED"), ("COMMITTED", "TRADE_COMMITTED")] {
        ingest(
            at,
            "trade-events",
            &json!({"tradeId": TRADE, "serviceName": "capture", "eventType": kind, "eventStage": stage, "eventStatus": "SUCCESS"}),
        );
    }
    ingest(
        at,
        "queue-metrics",
        &json!({"serviceName": "capture", "topicName": "trades", "partitionId": 0, "producedOffset": 9, "consumedOffset": 2, "consumerGroup": "g"}),
    );
    ingest(
        at,
        "dlq-events",
        &json!({"tradeId": TRADE, "serviceName": "enricher", "topicName": "dlq", "originalTopic": "trades", "reason": "closed", "eventStage": "ENRICHED"}),
    );
    for _ in 0..6 {
        ingest(
            at,
            "error-events",
            &json!({"serviceName": "enricher", "errorType": "TIMEOUT", "errorMessage": "late", "eventStage": "ENRICHED"}),
        );
    }
    // An alert is raised when the second is over, which the next record shows.
    let raised = || {
        ingest(at, "prices", &json!({"symbol": "AAPL", "price": 11}));
        get(at, "/api/rttm/alerts").ok()?.json().ok()?.get(0).cloned()
    };
    wait::until(DEFAULT_DEADLINE, "an alert", raised).unwrap();
    assert_eq!(
        post_json(at, "/api/ingest/prices", &json!({"symbol": "AAPL", "price": -1})).unwrap().status,
        422
    );
    let made =
        post_json(at, "/api/auto-trader/sessions", &json!({"name": "Morning", "initialCapital": 1000}));
    assert_eq!(made.unwrap().status, 201);
    for _ in 0..2 {
        command(
            at,
            "/api/auto-trader/sessions/1/trades",
            201,
            &json!({"symbol": "AAPL", "quantity": 1, "stopLoss": 5}),
        );
    }
    command(at, "/api/auto-trader/trades/1/close", 200, &json!({}));
    command(at, "/api/auto-trader/sessions", 201, &json!({"initialCapital": 1000}));
    command(at, "/api/auto-trader/sessions/2/stop", 200, &json!({}));
}

/// The path of a call with its segments and what its query needs.
fn asked(hub: &Inside, path: &str) -> String {
    let query = match path {
        "/api/leaderboard/around" | "/pms/api/leaderboard/around" => format!("?portfolioId={PORTFOLIO}"),
        "/api/rttm/track-trade" => format!("?tradeId={TRADE}"),
        "/api/rttm/alerts" => "?status=ALL".to_owned(),
        _ => String::new(),
    };
    let id = if path.contains("dead-letters/{id}") {
        let letters = get(hub.address("rttm"), "/api/rttm/dead-letters").unwrap().json().unwrap();
        letters["deadLetters"][0]["id"].as_str().unwrap().to_owned()
    } else {
        "1".to_owned()
    };
    let path = path
        .replace("{portfolioId}", PORTFOLIO)
        .replace("{sector}", "Technology")
        .replace("{symbol}", "AAPL");
    format!("{}{query}", path.replace("{id}", &id))
}

#[test]
fn answers_of_rest_have_their_shapes() {
    with_hub(services, |hub| {
        fill(&hub);
        for service in described().1 {
            for route in service.routes {
                let (Content::Json(schema), true) = (route.answer, route.method == "GET") else { continue };
                let path = asked(&hub, route.path);
                let answer = get(hub.address(service.name), &path).unwrap();
                assert_eq!(answer.status, 200, "{path}");
                let body = answer.json().unwrap();
                assert!(body != json!([]), "{path} shows nothing");
                is_shaped(&path, &body, schema);
            }
        }
        let status = get(hub.address("gateway"), "/health").unwrap().json().unwrap();
        assert_eq!(status, json!({"status": "UP"}));
    });
}

/// What a socket has to be told before it sends anything.
fn wishes(path: &str) -> Vec<Value> {
    if path == "/ws/auto-trader" {
        let (session, prices) = (json!({"type": "subscribe_session", "sessionId": 1}), "subscribe_prices");
        return vec![session, json!({"type": prices, "symbols": ["AAPL"], "priceInterval": 100})];
    }
    Vec::new()
}

#[test]
fn messages_of_sockets_have_their_shapes() {
    with_hub(services, |hub| {
        fill(&hub);
        for service in described().1 {
            for socket in service.sockets {
                for path in socket.paths() {
                    let query = if path.ends_with("around") {
                        format!("?portfolioId={PORTFOLIO}")
                    } else {
                        String::new()
                    };
                    let (at, url) = (hub.address(service.name), format!("{path}{query}"));
                    let mut client = WsClient::connect(at, &url, &WsOptions::default()).unwrap();
                    let wishes = wishes(path);
                    for wish in &wishes {
                        client.send_json(wish).unwrap();
                    }
                    // Of a session the numbers, its open trade, and the price.
                    for _ in 0..=wishes.len() {
                        is_shaped(path, &client.next_json().unwrap(), socket.messages);
                    }
                }
            }
        }
    });
}

#[test]
fn elements_of_topics_have_their_shapes() {
    with_hub(services, |hub| {
        fill(&hub);
        let catalog = described().0.catalog;
        let topics = catalog.states().iter().map(|state| &state.topic);
        for topic in topics.chain(catalog.feeds().iter().map(|feed| &feed.topic)) {
            let carrier = Carrier::tcp(hub.address("analytics"), DEFAULT_DEADLINE).unwrap();
            let mut client = StompClient::connect(carrier, &StompOptions::default()).unwrap();
            client.subscribe("it", topic.name.as_str(), &[("batch", "true")]).unwrap();
            let message = client.next_message("it").unwrap().json().unwrap();
            for element in message.as_array().unwrap() {
                is_shaped(topic.name.as_str(), element, topic.element);
            }
        }
    });
}

#[test]
fn what_differs_from_its_schema_is_found() {
    let schema = json!({
        "type": "object",
        "properties": {
            "a": { "type": "integer", "minimum": 1 },
            "b": { "type": "array", "items": { "enum": ["x"] } },
            "c": { "oneOf": [{ "const": 1 }, { "type": "null" }] },
        },
        "required": ["a"],
    });
    assert_eq!(faults(&json!({"a": 1, "b": ["x", "x"], "c": null}), &schema), Vec::<String>::new());
    for wrong in [
        json!([]),
        json!({}),
        json!({"a": 0}),
        json!({"a": 1.5}),
        json!({"a": 1, "b": ["y"]}),
        json!({"a": 1, "c": 2}),
        json!({"a": 1, "d": 1}),
    ] {
        assert_eq!(faults(&wrong, &schema).len(), 1, "{wrong}");
    }
    assert_eq!(faults(&json!(1), &json!({ "if": {} })).len(), 1, "a keyword that is not understood");
}
