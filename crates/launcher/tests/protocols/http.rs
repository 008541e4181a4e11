//! What every port answers over HTTP.

use std::collections::BTreeMap;
use std::net::SocketAddr;

use hub_testkit::http::{self, HttpConnection, Response};
use hub_testkit::{Socket, wait};
use serde_json::{Value, json};

use crate::support::{
    PATIENCE, POSITIONS, address, analysis, buy, hub, ingest, metric, problem, publish, subscriber, uuid,
};

const PAGE: &str = "http://localhost:4200";

fn preflight(addr: SocketAddr, path: &str, origin: &str, method: &str, headers: &str) -> Response {
    let headers = [
        ("Origin", origin),
        ("Access-Control-Request-Method", method),
        ("Access-Control-Request-Headers", headers),
    ];
    http::options(addr, path, &headers).unwrap()
}

#[test]
fn a_preflight_of_an_allowed_page_is_answered_with_what_it_may_do() {
    let hub = hub(&[]);
    let addr = address(&hub);
    for path in ["/api/analysis/all", "/api/ingest/prices", "/api/publish/topic/relay/x"] {
        for method in ["GET", "POST", "PATCH", "DELETE"] {
            let answer = preflight(addr, path, PAGE, method, "authorization, content-type");
            assert!((200..300).contains(&answer.status), "{method} {path}: {}", answer.status);
            assert_eq!(answer.header("access-control-allow-origin"), Some(PAGE));
            for allowed in ["GET", "POST", "PATCH", "DELETE"] {
                assert!(answer.headers.has_token("access-control-allow-methods", allowed), "{allowed}");
            }
            for allowed in ["Authorization", "Content-Type"] {
                assert!(answer.headers.has_token("access-control-allow-headers", allowed), "{allowed}");
            }
        }
    }
    let answer = http::request(addr, "GET", "/api/analysis/all", &[("Origin", PAGE)], b"").unwrap();
    assert_eq!((answer.status, answer.header("access-control-allow-origin")), (200, Some(PAGE)));
    assert!(answer.headers.has_token("vary", "Origin"), "caches keep pages apart");
}

#[test]
fn a_past_position_is_answered_as_it_was_or_is_gone() {
    let hub = hub(&[("ANALYTICS__FLUSHES_KEPT_MS", "300")]);
    let addr = address(&hub);
    let mut follows = subscriber(addr, &[("rows", POSITIONS)]);
    ingest(addr, "transactions", &json!([buy(1, &uuid(1), "ACME", 1)]));
    let message = follows.next_message("rows").unwrap();
    let position = message.header("resume").unwrap().to_owned();
    let past = format!("/api/analysis/all?at={position}");
    let before = http::get(addr, &past).unwrap();
    assert_eq!((before.status, before.text().unwrap()), (200, analysis(addr).as_str()));
    assert_eq!(before.header("x-position"), Some(&*position));
    let mut next = 2;
    let gone = wait::until(PATIENCE, "the position to be gone", || {
        // Log time passes as records come.
        ingest(addr, "transactions", &json!([buy(next, &uuid(1), "ACME", 1)]));
        next += 1;
        let answer = http::get(addr, &past).unwrap();
        if answer.status == 200 {
            assert_eq!(answer.text().unwrap(), before.text().unwrap());
        }
        (answer.status != 200).then_some(answer)
    });
    let reason = problem(&gone.unwrap(), 410);
    assert!(reason.starts_with(&format!("at: no flush at {position} is kept: ")), "{reason}");
    assert!(reason.contains("300 ms (analytics.flushes_kept_ms)"), "{reason}");
    assert_ne!(analysis(addr), before.text().unwrap());
    let (epoch, _) = position.split_once('-').unwrap();
    for (never, why) in [
        (format!("{epoch}-99999999"), "is yet to come: "),
        ("00000000000000ff-1".to_owned(), "is of another log: "),
    ] {
        let answer = http::get(addr, &format!("/api/analysis/all?at={never}")).unwrap();
        let reason = problem(&answer, 410);
        assert!(reason.starts_with(&format!("at: {never} {why}")), "{reason}");
    }
    let answer = http::get(addr, "/api/analysis/all?at=yesterday").unwrap();
    assert!(problem(&answer, 400).starts_with("at: "));
}

#[test]
fn what_the_past_keeps_in_memory_is_told() {
    let hub = hub(&[]);
    let addr = address(&hub);
    let kept = |what: &str| metric(addr, &format!(r#"hub_view_bytes{{service="analytics",what="{what}"}}"#));
    assert_eq!(["rows", "flushes"].map(kept), [0, 0]);
    let mut id = 0;
    for what in ["flushes", "rows"] {
        wait::until(PATIENCE, what, || {
            // A flush that is kept has the price and the row as they were.
            id += 1;
            ingest(addr, "prices", &json!([{"symbol": "ACME", "price": id}]));
            ingest(addr, "transactions", &json!([buy(id, &uuid(1), "ACME", 1)]));
            (kept(what) > 0).then_some(())
        })
        .unwrap();
    }
    let text = http::get(addr, "/metrics").unwrap().text().unwrap().to_owned();
    let views: Vec<&str> = text.lines().filter(|line| line.starts_with("hub_view")).collect();
    assert!(
        views.iter().all(|line| line.contains(r#"{service="analytics","#)),
        "no other has a bound: {views:?}"
    );
    assert_eq!(views.iter().filter(|line| line.ends_with("} 0")).count(), 2, "none expired: {views:?}");
}

#[test]
fn no_past_position_is_answered_where_none_is_kept() {
    let hub = hub(&[("ANALYTICS__FLUSHES_KEPT_MS", "0")]);
    let addr = address(&hub);
    let newest = http::get(addr, "/api/analysis/all").unwrap();
    let position = newest.header("x-position").unwrap();
    let answer = http::get(addr, &format!("/api/analysis/all?at={position}")).unwrap();
    let reason = problem(&answer, 410);
    assert_eq!(reason, "at: no flush is kept here (analytics.flushes_kept_ms is 0)");
}

#[test]
fn a_client_of_http_1_0_is_answered_without_chunks_to_the_end_of_the_connection() {
    let hub = hub(&[]);
    let addr = address(&hub);
    // More than is sent in one piece.
    let trades = (1..=1_000).map(|n| buy(n, &uuid(n), "ACME", n)).collect();
    ingest(addr, "transactions", &trades);
    let mut socket = Socket::connect(addr, PATIENCE).unwrap();
    socket.send(b"GET /api/analysis/all HTTP/1.0\r\nConnection: keep-alive\r\n\r\n").unwrap();
    let answer = String::from_utf8(socket.receive_to_end().unwrap()).unwrap();
    let (head, body) = answer.split_once("\r\n\r\n").unwrap();
    assert!(head.starts_with("HTTP/1.0 200 "), "{head}");
    assert!(!head.to_ascii_lowercase().contains("transfer-encoding"), "{head}");
    assert_eq!(body, analysis(addr));
}

#[test]
fn a_page_from_elsewhere_is_allowed_nothing() {
    let hub = hub(&[]);
    let addr = address(&hub);
    let allowed = "access-control-allow-origin";
    for origin in ["https://evil.example", "null", "http://localhost:4200.evil.example"] {
        assert_eq!(
            preflight(addr, "/api/ingest/prices", origin, "POST", "content-type").header(allowed),
            None
        );
        let answer = http::request(addr, "GET", "/api/analysis/all", &[("Origin", origin)], b"").unwrap();
        assert_eq!(answer.header(allowed), None, "{origin}");
        // Of a form's POST a browser hides only the answer: that it is sent is for the hub to prevent.
        let price = br#"{"symbol":"ACME","price":1}"#;
        for path in ["/api/ingest/prices", "/api/publish/topic/relay/x"] {
            let headers = [("Origin", origin), ("Content-Type", "application/json")];
            let answer = http::request(addr, "POST", path, &headers, price).unwrap();
            let told = format!("Origin not allowed: {origin} is not in server.allowed_origins");
            assert_eq!(problem(&answer, 403), told, "{path}");
        }
    }
    assert_eq!(metric(addr, r#"hub_ingest_total{kind="prices",status="accepted"}"#), 0);
    let put = preflight(addr, "/api/ingest/prices", PAGE, "PUT", "content-type");
    assert!(!(200..300).contains(&put.status), "PUT is not offered: {}", put.status);
}

#[test]
fn a_preflight_that_is_refused_is_told_why_as_every_other_error() {
    let hub = hub(&[]);
    let answer =
        preflight(address(&hub), "/api/ingest/prices", "https://evil.example", "POST", "content-type");
    problem(&answer, answer.status);
}

#[test]
fn the_configured_origins_are_the_ones_that_are_allowed() {
    let hub = hub(&[("SERVER__ALLOWED_ORIGINS", "https://pms.example.com,http://intra:*")]);
    let addr = address(&hub);
    let allowed = "access-control-allow-origin";
    for origin in ["https://pms.example.com", "http://intra:8080"] {
        let answer = preflight(addr, "/api/analysis/all", origin, "GET", "authorization");
        assert_eq!(answer.header(allowed), Some(origin));
    }
    assert_eq!(preflight(addr, "/api/analysis/all", PAGE, "GET", "authorization").header(allowed), None);
}

#[test]
fn whoever_asks_is_told_that_the_hub_lives_and_is_ready() {
    let hub = hub(&[]);
    let addr = address(&hub);
    let up = json!({"status": "UP"});
    for path in
        ["/health", "/ready", "/actuator/health", "/actuator/health/liveness", "/actuator/health/readiness"]
    {
        let answer = http::get(addr, path).unwrap();
        assert_eq!((answer.status, answer.json().unwrap()), (200, up.clone()), "{path}");
        assert_eq!(answer.header("content-type"), Some("application/json"), "{path}");
    }
    // curl -I http://localhost:8086
    for path in ["/", "/health"] {
        let answer = http::request(addr, "HEAD", path, &[], b"").unwrap();
        assert_eq!((answer.status, answer.body.len()), (200, 0), "{path}");
    }
    assert_eq!(http::get(addr, "/").unwrap().status, 200);
}

/// Name with labels, value.
fn samples(text: &str) -> BTreeMap<&str, &str> {
    let (body, end) = text.rsplit_once("# EOF").expect("the end of the metrics");
    assert_eq!(end.trim(), "");
    let lines = body.lines().filter(|line| !line.starts_with("# "));
    lines
        .map(|line| {
            let (name, value) = line.rsplit_once(' ').unwrap_or_else(|| panic!("no sample: {line}"));
            assert!(value.parse::<f64>().is_ok(), "no number: {line}");
            (name, value)
        })
        .collect()
}

#[test]
fn metrics_count_what_happens_under_names_of_the_hub_s_own() {
    let hub = hub(&[]);
    let addr = address(&hub);
    let mut client = subscriber(addr, &[("0", POSITIONS), ("1", "/topic/relay/x")]);
    ingest(addr, "transactions", &json!([buy(1, &uuid(1), "A", 1), buy(2, &uuid(1), "A", 1)]));
    ingest(addr, "transactions", &buy(1, &uuid(1), "A", 1));
    client.next_message("0").unwrap();
    publish(addr, "/topic/relay/x", &[], b"x");
    client.next_message("1").unwrap();

    let answer = http::get(addr, "/metrics").unwrap();
    assert_eq!(answer.status, 200);
    assert!(
        answer.header("content-type").unwrap().starts_with("application/openmetrics-text; version=1.0.0")
    );
    let text = answer.text().unwrap().to_owned();
    let samples = samples(&text);
    assert!(samples.keys().all(|name| name.starts_with("hub_")), "{text}");
    assert!(!text.contains(&uuid(1)), "never a label per portfolio");
    let exact = [
        (r#"hub_connections{service="analytics",transport="websocket"}"#, "1"),
        ("hub_connection_attempts_total", "1"),
        (r#"hub_ingest_total{kind="transactions",status="accepted"}"#, "2"),
        (r#"hub_ingest_total{kind="transactions",status="duplicate"}"#, "1"),
        // CONNECT, two SUBSCRIBEs.
        ("hub_messages_received_total", "3"),
        ("hub_conflated_total", "0"),
        ("hub_outbox_bytes", "0"),
        ("hub_connection_seconds_count", "0"),
    ];
    for (name, wanted) in exact {
        assert_eq!(samples.get(name), Some(&wanted), "{name}");
    }
    // A flush is delivered by the one shard that has the subscriber.
    let least = [
        ("hub_messages_sent_total", 2),
        ("hub_delivery_seconds_count", 1),
        ("hub_log_commit_seconds_count", 2),
    ];
    for (name, least) in least {
        let count = samples.get(name).and_then(|count| count.parse::<u64>().ok());
        assert!(count >= Some(least), "{name}: {count:?}");
    }
}

#[test]
fn a_connection_serves_one_request_after_another_and_several_at_once() {
    let hub = hub(&[]);
    let addr = address(&hub);
    let mut connection = HttpConnection::connect(addr, PATIENCE).unwrap();
    for i in 1..=3 {
        let answer = connection.post_json("/api/ingest/transactions", &buy(i, &uuid(1), "A", 1)).unwrap();
        assert_eq!(answer.json().unwrap()["accepted"], 1);
        // Who was told so reads it.
        let rows: Value = serde_json::from_str(&analysis(addr)).unwrap();
        assert_eq!(rows[0]["holdings"], i);
    }
    // An error is no reason to hang up.
    assert_eq!(connection.post_json("/api/ingest/transactions", &json!("x")).unwrap().status, 422);
    for path in ["/health", "/ready", "/api/analysis/all"] {
        connection.send("GET", path, &[], b"").unwrap();
    }
    let answers = [(); 3].map(|()| connection.receive().unwrap());
    assert!(answers.iter().all(|answer| answer.status == 200));
    assert_eq!(answers[2].json().unwrap()[0]["holdings"], 3);
}
