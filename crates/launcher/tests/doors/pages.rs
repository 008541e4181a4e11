//! What pages of other origins may ask and read.

use std::net::SocketAddr;

use hub_testkit::http::{self, Response};

use crate::SMALL;
use crate::support::{address, hub, problem};

const PAGE: &str = "http://localhost:4200";
const FOREIGN: &str = "https://evil.example";

fn preflight(addr: SocketAddr, path: &str, method: &str, headers: &str) -> Response {
    let asked = [
        ("Origin", PAGE),
        ("Access-Control-Request-Method", method),
        ("Access-Control-Request-Headers", headers),
    ];
    http::options(addr, path, &asked).unwrap()
}

#[test]
fn whatever_headers_an_allowed_page_asks_for_it_may_send() {
    let hub = hub(&[]);
    let addr = address(&hub);
    for (method, path) in [
        ("GET", "/api/analysis/all"),
        ("POST", "/api/ingest/prices"),
        ("POST", "/api/publish/topic/relay/x"),
        ("GET", "/ws/info"),
        ("POST", "/ws/0/preflight/xhr"),
        ("POST", "/ws/0/preflight/xhr_send"),
        ("GET", "/health"),
    ] {
        for headers in ["traceparent", "sentry-trace, baggage", "stomp-kind, content-type, authorization"] {
            let answer = preflight(addr, path, method, headers);
            assert!((200..300).contains(&answer.status), "{path} {headers}: {answer:?}");
            assert_eq!(answer.header("access-control-allow-origin"), Some(PAGE), "{path}");
            assert_eq!(answer.header("access-control-allow-credentials"), Some("true"), "{path}");
            for header in headers.split(", ") {
                let allowed = answer.headers.has_token("access-control-allow-headers", header);
                assert!(allowed, "{path} {header}: {answer:?}");
            }
            assert!(!answer.headers.has_token("access-control-allow-headers", "*"), "with credentials");
        }
    }
}

#[test]
fn an_allowed_page_reads_what_it_needs_beside_the_body() {
    let hub = hub(&[]);
    let headers = [("Origin", PAGE), ("traceparent", "00-1-1-01")];
    let answer = http::request(address(&hub), "GET", "/api/analysis/all", &headers, b"").unwrap();
    assert_eq!(answer.status, 200);
    for header in ["Link", "X-Position", "ETag", "Retry-After", "WWW-Authenticate"] {
        assert!(answer.headers.has_token("access-control-expose-headers", header), "{header}");
    }
}

#[test]
fn an_allowed_page_reads_why_it_was_refused_and_a_foreign_one_reads_nothing() {
    let hub = hub(&SMALL);
    let addr = address(&hub);
    let large = "1".repeat(5000);
    let gzip = [("Content-Encoding", "gzip")];
    let elsewhere = [("Host", "pms.example.com")];
    for (method, path, more, body, status) in [
        ("GET", "/nowhere", &[][..], "", 404),
        ("GET", "/health", &elsewhere, "", 421),
        ("GET", "/ws/positions", &[], "", 426),
        ("PUT", "/api/ingest/prices", &[], "[]", 405),
        ("POST", "/api/ingest/dreams", &[], "[]", 404),
        ("POST", "/api/ingest/prices", &[], "{", 400),
        ("POST", "/api/ingest/prices", &[], &large, 413),
        ("POST", "/api/ingest/prices", &gzip, "[]", 415),
        ("POST", "/api/publish/topic/position-update", &[], "x", 403),
    ] {
        let headers = [&[("Origin", PAGE)][..], more].concat();
        let answer = http::request(addr, method, path, &headers, body.as_bytes()).unwrap();
        assert!(!problem(&answer, status).is_empty(), "{method} {path}");
        assert_eq!(answer.header("access-control-allow-origin"), Some(PAGE), "{method} {path}");
        let headers = [&[("Origin", FOREIGN)][..], more].concat();
        let answer = http::request(addr, method, path, &headers, body.as_bytes()).unwrap();
        let detail = problem(&answer, 403);
        assert_eq!(detail, format!("Origin not allowed: {FOREIGN} is not in server.allowed_origins"));
        let told = answer.headers.all("access-control-allow-origin").count();
        assert_eq!(told, 0, "{method} {path}");
    }
}
