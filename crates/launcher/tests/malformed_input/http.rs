//! HTTP: an error is a problem (RFC 9457) that names the fault.

use std::net::SocketAddr;

use hub_testkit::Error;
use hub_testkit::http::{self, HttpConnection, Response};
use serde_json::{Value, json};

use crate::support::bystander::Bystander;
use crate::support::{PATIENCE, address, analysis, buy, hub, metric, problem, uuid};

const JSON: (&str, &str) = ("Content-Type", "application/json");
const NDJSON: (&str, &str) = ("Content-Type", "application/x-ndjson");
const PRICES: &str = "/api/ingest/prices";
/// `limits.message_bytes` here.
const MESSAGE_BYTES: usize = 16_384;
const SMALL_MESSAGES: (&str, &str) = ("LIMITS__MESSAGE_BYTES", "16384");

fn post(addr: SocketAddr, path: &str, headers: &[(&str, &str)], body: &[u8]) -> Response {
    http::request(addr, "POST", path, headers, body).unwrap()
}

/// The answer to bytes that may be no request.
fn raw(addr: SocketAddr, bytes: &[u8]) -> Response {
    let mut connection = HttpConnection::connect(addr, PATIENCE).unwrap();
    connection.send_raw(bytes).unwrap();
    connection.receive().unwrap()
}

fn statuses(answer: &Value) -> Vec<&str> {
    answer["results"].as_array().unwrap().iter().map(|result| result["status"].as_str().unwrap()).collect()
}

#[test]
fn a_body_that_is_not_json_is_refused_whole_with_line_and_column_and_is_a_rejected_record() {
    let hub = hub(&[]);
    let addr = address(&hub);
    let mut bystander = Bystander::new(addr);
    let half = json!([{"symbol": "A", "price": 1}]).to_string();
    let deep = "[".repeat(20_000);
    let cases: [(&[u8], &str); 8] = [
        (b"", "the body is empty"),
        (b" \r\n\t", "the body is empty"),
        (b"{\n  \"symbol\": \"A\",\n  \"price\": oops\n}", "line 3 column"),
        (b"{\"symbol\":\"A\",\"price\":", "line 1 column"),
        (&half.as_bytes()[..half.len() - 1], "line 1 column"),
        (b"{} {}", "line 1 column"),
        (b"{\"symbol\":\"\xff\xfe\",\"price\":1}", "line 1 column"),
        (deep.as_bytes(), "line 1 column"),
    ];
    for (body, detail) in cases {
        let shown = body.get(..40).unwrap_or(body).escape_ascii().to_string();
        let answer = problem(&post(addr, PRICES, &[JSON], body), 400);
        assert!(answer.contains(detail), "{shown}: {answer}");
        bystander.assert_unharmed(&shown);
    }
    // When it was answered, it was counted; of an empty one there is nothing to keep.
    assert_eq!(metric(addr, r#"hub_ingest_total{kind="prices",status="rejected"}"#), 6);
}

#[test]
fn a_body_of_another_type_or_coding_is_answered_415() {
    let hub = hub(&[]);
    let addr = address(&hub);
    let mut bystander = Bystander::new(addr);
    let price = br#"{"symbol":"A","price":1}"#;
    for content_type in ["text/plain", "application/x-www-form-urlencoded", "application/jsonx", "json", ""] {
        let answer = problem(&post(addr, PRICES, &[("Content-Type", content_type)], price), 415);
        assert!(answer.contains(&format!("{content_type:?}")), "{answer}");
    }
    for coding in ["gzip", "br", "deflate, gzip"] {
        let answer = problem(&post(addr, PRICES, &[JSON, ("Content-Encoding", coding)], price), 415);
        assert!(answer.contains("Content-Encoding"), "{answer}");
    }
    for content_type in ["application/json", "Application/JSON; charset=utf-8", "application/x-ndjson"] {
        assert_eq!(
            post(addr, PRICES, &[("Content-Type", content_type)], price).status,
            200,
            "{content_type}"
        );
    }
    bystander.assert_unharmed("415");
}

#[test]
fn a_body_beyond_the_limit_is_answered_413_however_its_length_is_told() {
    let hub = hub(&[SMALL_MESSAGES]);
    let addr = address(&hub);
    let mut bystander = Bystander::new(addr);
    let too_large = "the body is larger than limits.message_bytes (16384 bytes)";
    for path in [PRICES, "/api/publish/topic/relay/x"] {
        // Of what is declared, not a byte is awaited.
        for length in ["16385", "8589934592", "18446744073709551615"] {
            let head = format!(
                "POST {path} HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\nContent-Length: {length}\r\n\r\n"
            );
            assert_eq!(problem(&raw(addr, head.as_bytes()), 413), too_large, "{path} {length}");
        }
        let chunk = format!("4001\r\n{}\r\n", " ".repeat(MESSAGE_BYTES + 1));
        let head = format!(
            "POST {path} HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\nTransfer-Encoding: chunked\r\n\r\n"
        );
        assert_eq!(problem(&raw(addr, (head + &chunk).as_bytes()), 413), too_large, "{path} chunked");
        // Who sends all of it before it reads gets to know as well.
        let answer = http::request(addr, "POST", path, &[JSON], &vec![b' '; 8 << 20]).unwrap();
        assert_eq!(problem(&answer, 413), too_large, "{path} in full");
        bystander.assert_unharmed(path);
    }
    let mut fits = br#"{"symbol":"A","price":1}"#.to_vec();
    fits.resize(MESSAGE_BYTES, b' ');
    assert_eq!(post(addr, PRICES, &[JSON], &fits).status, 200, "the limit itself fits");
}

#[test]
fn more_items_than_one_request_may_hold_are_refused_whole() {
    let hub = hub(&[("LIMITS__INGEST_ITEMS", "3")]);
    let addr = address(&hub);
    let items: Vec<Value> = (1..=4).map(|i| buy(i, &uuid(1), "A", 1)).collect();
    let lines = items.iter().map(Value::to_string).collect::<Vec<_>>().join("\n");
    let array = json!(items).to_string();
    for (kind, body) in [(JSON, array), (NDJSON, lines)] {
        let answer = post(addr, "/api/ingest/transactions", &[kind], body.as_bytes());
        assert_eq!(problem(&answer, 413), "the body holds more than limits.ingest_items (3) items");
    }
    assert_eq!(analysis(addr), "[]");
    let fits = json!(items[..3]).to_string();
    assert_eq!(post(addr, "/api/ingest/transactions", &[JSON], fits.as_bytes()).status, 200);
}

#[test]
fn an_unknown_path_kind_or_destination_is_named() {
    let hub = hub(&[]);
    let addr = address(&hub);
    let publish = |destination: &str| format!("/api/publish/{destination}");
    let cases = [
        ("/nothing/here".to_owned(), 404, "there is nothing at /nothing/here"),
        (
            "/api/ingest/orders".to_owned(),
            404,
            "there is no kind \"orders\" to ingest; there are transactions,",
        ),
        ("/api/ingest/Prices".to_owned(), 404, "there is no kind \"Prices\""),
        (
            publish("topic/nowhere"),
            404,
            "there is no destination /topic/nowhere: it is no topic, and none of relay.destinations",
        ),
        (publish("topic/position-update"), 403, "/topic/position-update is computed by the hub"),
        (publish("topic/unrealised-pnl"), 403, "/topic/unrealised-pnl is computed by the hub"),
        (publish("topic/position-update/x"), 403, "/topic/position-update/x is computed by the hub"),
        (publish("topic//x"), 400, "without blanks or empty segments"),
        (publish(""), 400, "without blanks or empty segments"),
    ];
    for (path, status, detail) in cases {
        let answer = problem(&post(addr, &path, &[JSON], b"{}"), status);
        assert!(answer.contains(detail), "{path}: {answer}");
    }
    let own = [("Stomp-Message-Id", "1")];
    let answer = problem(&post(addr, &publish("topic/relay/x"), &own, b"x"), 400);
    assert_eq!(answer, "header Stomp-message-id is the hub's own to set");
}

#[test]
fn a_method_that_a_path_does_not_have_is_answered_405_with_those_it_has() {
    let hub = hub(&[]);
    let addr = address(&hub);
    let cases = [
        ("GET", PRICES, "POST"),
        ("DELETE", PRICES, "POST"),
        ("GET", "/api/publish/topic/relay/x", "POST"),
        ("POST", "/", "GET"),
        ("POST", "/health", "GET"),
        ("POST", "/ready", "GET"),
        ("POST", "/metrics", "GET"),
        ("POST", "/api/analysis/all", "GET"),
    ];
    let mut wrong = Vec::new();
    for (method, path, allowed) in cases {
        let answer = http::request(addr, method, path, &[], b"").unwrap();
        let is_allowed = answer.headers.has_token("allow", allowed);
        if (answer.status, is_allowed) == (405, true) {
            problem(&answer, 405);
        } else {
            wrong.push(format!("{method} {path}: {}, Allow: {:?}", answer.status, answer.header("allow")));
        }
    }
    // RFC 9110, section 15.5.6: the server MUST say which methods there are.
    assert!(wrong.is_empty(), "{wrong:#?}");
}

#[test]
fn each_line_of_ndjson_is_judged_on_its_own() {
    let hub = hub(&[]);
    let addr = address(&hub);
    let lines = b"{\"symbol\":\"A\",\"price\":1}\n\n{\"symbol\":\"A\",\r\n  {\"symbol\":\"B\",\"price\":\"2.5\"} \r\n\xff\nnull";
    let answer = post(addr, PRICES, &[NDJSON], lines);
    assert_eq!(answer.status, 207);
    let answer = answer.json().unwrap();
    assert_eq!((&answer["accepted"], &answer["rejected"]), (&json!(2), &json!(3)));
    assert_eq!(statuses(&answer), ["accepted", "rejected", "accepted", "rejected", "rejected"]);
    let reasons: Vec<_> = [1, 3, 4].map(|i| answer["results"][i]["reason"].as_str().unwrap()).into();
    for (reason, start) in reasons.iter().zip(["is not JSON: EOF", "is not JSON: ", "must be a JSON object"])
    {
        assert!(reason.starts_with(start), "{reason}");
        assert_eq!(start.starts_with("is not JSON"), reason.contains(" at column "), "{reason}");
        assert!(!reason.contains("line 1"), "it is the line of an item: {reason}");
    }

    let answer = post(addr, PRICES, &[NDJSON], b"{\n}{\n");
    assert_eq!((answer.status, &answer.json().unwrap()["rejected"]), (422, &json!(2)));
    let answer = post(addr, PRICES, &[NDJSON], b"\n\n");
    assert_eq!((answer.status, &answer.json().unwrap()["results"]), (200, &json!([])));
}

#[test]
fn an_empty_array_is_nothing_to_do() {
    let hub = hub(&[]);
    let answer = post(address(&hub), PRICES, &[JSON], b" [ ] ");
    assert_eq!(answer.status, 200);
    let nothing = json!({"accepted": 0, "duplicates": 0, "stale": 0, "rejected": 0, "results": []});
    assert_eq!(answer.json().unwrap(), nothing);
}

#[test]
fn each_item_that_breaks_a_rule_is_rejected_with_its_field_and_the_others_count() {
    let hub = hub(&[]);
    let addr = address(&hub);
    let with = |field: &str, value: Value| {
        let mut item = buy(1, &uuid(1), "A", 1);
        item[field] = value;
        item
    };
    let items = [
        (buy(2, &uuid(1), "A", 1), None),
        (with("transactionId", json!("not-a-uuid")), Some("transactionId")),
        (with("portfolioId", json!(7)), Some("portfolioId")),
        (with("symbol", json!("")), Some("symbol")),
        (with("symbol", json!("S".repeat(33))), Some("symbol")),
        (with("side", json!("HOLD")), Some("side")),
        (with("quantity", json!(0)), Some("quantity")),
        (with("quantity", json!("1e30")), Some("quantity")),
        (with("quantity", json!("0.000000001")), Some("quantity")),
        (with("quantity", json!("1000000000000000.00000001")), Some("quantity")),
        (with("buyPrice", json!("NaN")), Some("buyPrice")),
        (with("buyPrice", json!(-1)), Some("buyPrice")),
        (with("timestamp", json!("yesterday")), Some("timestamp")),
        (with("timestamp", json!("2999-01-01T00:00:00Z")), Some("timestamp")),
        (json!("a string"), Some("")),
        (json!([]), Some("")),
        (buy(3, &uuid(1), "A", 2), None),
    ];
    let body: Vec<&Value> = items.iter().map(|(item, _)| item).collect();
    let answer = post(addr, "/api/ingest/transactions", &[JSON], json!(body).to_string().as_bytes());
    assert_eq!(answer.status, 207);
    let answer = answer.json().unwrap();
    for (index, (item, field)) in items.iter().enumerate() {
        let result = &answer["results"][index];
        assert_eq!(result["status"], if field.is_some() { "rejected" } else { "accepted" }, "{item}");
        assert_eq!(
            result["field"].as_str().unwrap_or_default(),
            field.unwrap_or_default(),
            "{item}: {result}"
        );
        assert_eq!(result["reason"].is_string(), field.is_some(), "{item}: {result}");
    }
    assert_eq!((&answer["accepted"], &answer["rejected"]), (&json!(2), &json!(15)));
    let rows: Value = serde_json::from_str(&analysis(addr)).unwrap();
    assert_eq!((rows.as_array().unwrap().len(), &rows[0]["holdings"]), (1, &json!(3)));
}

#[test]
fn bytes_that_are_no_request_are_answered_by_a_client_error_and_the_end() {
    let hub = hub(&[]);
    let addr = address(&hub);
    let mut bystander = Bystander::new(addr);
    let flood = "X: y\r\n".repeat(5_000);
    let cases = [
        ("garbage", "blah blah blah\r\n\r\n".to_owned()),
        ("binary", "\0\u{1}\u{2}\u{3}\r\n\r\n".to_owned()),
        ("a version of the future", "GET / HTTP/3.0\r\nHost: localhost\r\n\r\n".to_owned()),
        ("a header without a name", "GET / HTTP/1.1\r\nHost: localhost\r\n: y\r\n\r\n".to_owned()),
        ("a flood of headers", format!("GET / HTTP/1.1\r\nHost: localhost\r\n{flood}\r\n")),
        ("a header that is too long", format!("GET / HTTP/1.1\r\nX: {}\r\n\r\n", "y".repeat(1 << 20))),
        ("a length that is no number", "POST / HTTP/1.1\r\nHost: localhost\r\nContent-Length: x\r\n\r\n".to_owned()),
        ("a negative length", "POST / HTTP/1.1\r\nHost: localhost\r\nContent-Length: -1\r\n\r\n".to_owned()),
        (
            "two lengths",
            "POST / HTTP/1.1\r\nHost: localhost\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\nxx".to_owned(),
        ),
        (
            "length and chunks",
            "POST / HTTP/1.1\r\nHost: localhost\r\nContent-Length: 1\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n"
                .to_owned(),
        ),
    ];
    for (name, bytes) in cases {
        let mut connection = HttpConnection::connect(addr, PATIENCE).unwrap();
        // The hub may have said all it has to say before it has read everything.
        let _ = connection.send_raw(bytes.as_bytes());
        let answer = connection.receive().unwrap_or_else(|error| panic!("{name}: {error}"));
        assert!((400..500).contains(&answer.status), "{name}: {}", answer.status);
        // It does not read on, so that the end may be a reset.
        let end = connection.into_socket().receive_to_end();
        assert!(matches!(end, Ok(_) | Err(Error::Io { .. })), "{name}: {end:?}");
        bystander.assert_unharmed(name);
    }
}

#[test]
fn an_upgrade_to_something_else_than_a_websocket_is_passed_over() {
    let hub = hub(&[]);
    // As Java's client does with every first request (RFC 9110, section 7.8: a server may ignore it).
    let headers = [
        ("Connection", "Upgrade, HTTP2-Settings"),
        ("Upgrade", "h2c"),
        ("HTTP2-Settings", "AAEAAEAAAAIAAAABAAMAAABkAAQBAAAAAAUAAEAA"),
        JSON,
    ];
    let answer = post(address(&hub), PRICES, &headers, br#"{"symbol":"A","price":1}"#);
    assert_eq!((answer.status, &answer.json().unwrap()["accepted"]), (200, &json!(1)));
}
