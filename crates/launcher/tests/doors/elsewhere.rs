//! What can't be served where it was asked names where it can.

use hub_testkit::http;
use hub_testkit::ws::{WsClient, WsOptions};

use crate::support::{hub, problem};

#[test]
fn a_path_of_another_service_names_its_port() {
    let hub = hub(&[]);
    let services = ["analytics", "leaderboard", "rttm", "auto-trader", "gateway"];
    for (owner, paths) in [
        ("analytics", &["/api/analysis/all", "/ws/positions"][..]),
        ("leaderboard", &["/api/leaderboard/top", "/ws/updates"]),
        ("rttm", &["/api/rttm/metrics", "/api/rttm/dead-letters/1", "/ws/alerts"]),
        ("auto-trader", &["/api/auto-trader/sessions", "/ws/auto-trader"]),
        ("gateway", &["/env.js"]),
    ] {
        let port = hub.addr(owner).unwrap().port();
        for asked in services.into_iter().filter(|service| *service != owner && *service != "gateway") {
            for path in paths {
                let detail = problem(&http::get(hub.addr(asked).unwrap(), path).unwrap(), 404);
                let hint = format!("there is nothing at {path}; {owner} has it, on port {port}");
                assert_eq!(detail, hint, "asked {asked}");
            }
        }
    }
    let addr = hub.addr("rttm").unwrap();
    let port = hub.addr("auto-trader").unwrap().port();
    let refused = WsClient::connect(addr, "/ws/auto-trader", &WsOptions::default()).unwrap_err().to_string();
    let hint = format!("there is no WebSocket at /ws/auto-trader; auto-trader has it, on port {port}");
    assert!(refused.contains(&hint), "{refused}");
}

#[test]
fn a_socket_s_path_without_an_upgrade_says_what_it_wants() {
    let hub = hub(&[]);
    for (service, path) in [
        ("analytics", "/ws/positions"),
        ("leaderboard", "/ws/around"),
        ("rttm", "/ws/rttm/metrics"),
        ("auto-trader", "/ws/auto-trader"),
        ("gateway", "/ws/alerts"),
    ] {
        let addr = hub.addr(service).unwrap();
        let answer = http::get(addr, path).unwrap();
        let detail = problem(&answer, 426);
        assert!(detail.starts_with(&format!("{path} is a WebSocket")), "{detail}");
        assert_eq!(answer.header("upgrade"), Some("websocket"), "{service}");
        let answer = http::request(addr, "POST", path, &[], b"").unwrap();
        problem(&answer, 405);
        assert_eq!(answer.header("allow"), Some("GET"), "{service}");
    }
}

#[test]
fn a_foreign_page_is_told_its_origin_and_the_key() {
    let hub = hub(&[]);
    let long = format!("https://{}.example", "a".repeat(200));
    for (service, path) in [("analytics", "/ws"), ("analytics", "/ws/positions"), ("rttm", "/ws/alerts")] {
        let addr = hub.addr(service).unwrap();
        for origin in ["https://evil.example", "null", &long] {
            let mut ws = WsClient::connect(addr, path, &WsOptions::from_origin(origin)).unwrap();
            let (code, text) = ws.expect_close().unwrap();
            let shown: String = origin.chars().take(64).collect();
            let told = format!("Origin not allowed: {shown} is not in server.allowed_origins");
            assert_eq!((code, text), (1008, told), "{path}");
        }
    }
}
