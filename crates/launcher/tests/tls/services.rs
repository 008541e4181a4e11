//! Every service, and everything that is spoken there.

use std::net::SocketAddr;
use std::sync::Arc;

use hub_testkit::Socket;
use hub_testkit::http;
use hub_testkit::stomp::{StompClient, StompOptions};
use hub_testkit::ws::{WsClient, WsOptions};
use rustls::ProtocolVersion;
use serde_json::json;

use super::handshake::{client_of, shake};
use super::hub::{SERVICES, TlsHub};
use super::pair::Pair;
use super::support::carriers::CARRIERS;
use super::support::{PATIENCE, POSITIONS, buy, ingest, subscribe, uuid};

/// Of each service a native socket, a REST path, and whether STOMP is there.
const WORLD: [(&str, &str, &str, bool); 8] = [
    ("analytics", "/ws/positions", "/api/analysis/all", true),
    ("leaderboard", "/ws/updates", "/api/leaderboard/top", false),
    ("rttm", "/ws/metrics", "/api/rttm/metrics", false),
    ("auto-trader", "/ws/auto-trader", "/api/auto-trader/sessions", false),
    ("gateway", "/ws/positions", "/api/analysis/all", true),
    ("gateway", "/ws/leaderboard/top", "/api/leaderboard/portfolios", true),
    ("gateway", "/ws/rttm/alerts", "/api/rttm/alerts", true),
    ("gateway", "/ws/auto-trader", "/api/auto-trader/sessions", true),
];

const CONNECT: &str = "CONNECT\naccept-version:1.2\nheart-beat:0,0\n\n\0";

#[test]
fn every_service_answers_https_and_wss() {
    let hub = TlsHub::start(&[]);
    for (service, socket, rest, _) in WORLD {
        let tunnel = hub.tunnel_to(service);
        for path in ["/health", "/ready", "/metrics", rest] {
            assert_eq!(http::get(tunnel.addr(), path).unwrap().status, 200, "{service} {path}");
        }
        let options = WsOptions { deadline: PATIENCE, ..WsOptions::default() };
        let mut ws = WsClient::connect(tunnel.addr(), socket, &options).unwrap();
        ws.send_json(&json!({"type": "ping"})).unwrap();
        while ws.next_json().unwrap()["type"] != "pong" {}
        ws.fence().unwrap();
    }
}

#[test]
fn stomp_is_carried_by_wss_by_sockjs_over_wss_and_by_tls_alone() {
    let hub = TlsHub::start(&[]);
    let mut quantity = 0;
    for (service, ..) in WORLD.into_iter().filter(|(.., stomp)| *stomp) {
        let tunnel = hub.tunnel_to(service);
        for (id, open) in (1..).zip(CARRIERS) {
            let mut client = StompClient::connect(open(tunnel.addr()), &StompOptions::default()).unwrap();
            let portfolio = uuid(quantity);
            subscribe(&mut client, "0", &format!("{POSITIONS}/{portfolio}"));
            quantity += 1;
            ingest(tunnel.addr(), "transactions", &buy(quantity, &portfolio, "ACME", id));
            assert_eq!(client.next_message("0").unwrap().json().unwrap()[0]["holdings"], id, "{service}");
        }
    }
}

#[test]
fn sockjs_polls_over_https() {
    let hub = TlsHub::start(&[]);
    for (service, base) in
        [("analytics", "/ws/000/polls"), ("analytics", "/000/polls-too"), ("gateway", "/ws/0/p")]
    {
        let tunnel = hub.tunnel_to(service);
        let post = |transport: &str, body: &str| {
            let path = format!("{base}/{transport}");
            let answer = http::request(tunnel.addr(), "POST", &path, &[], body.as_bytes()).unwrap();
            (answer.status, answer.text().unwrap().to_owned())
        };
        assert_eq!(post("xhr", ""), (200, "o\n".to_owned()), "{service}");
        assert_eq!(post("xhr_send", &json!([CONNECT]).to_string()), (204, String::new()));
        let (status, frame) = post("xhr", "");
        assert!(status == 200 && frame.starts_with("a[\"CONNECTED"), "{service}: {frame}");
    }
}

#[test]
fn sockjs_streams_over_https() {
    let hub = TlsHub::start(&[]);
    for (transport, method) in [
        ("xhr_streaming", "POST"),
        ("eventsource", "GET"),
        ("htmlfile?c=heard", "GET"),
        ("jsonp?c=heard", "GET"),
    ] {
        let tunnel = hub.tunnel();
        let session = format!("/ws/001/{}", transport.split('?').next().unwrap());
        let ask = |method: &str| {
            let mut stream = Socket::connect(tunnel.addr(), PATIENCE).unwrap();
            let path = format!("{session}/{transport}");
            let request = format!("{method} {path} HTTP/1.1\r\nHost: localhost\r\nContent-Length: 0\r\n\r\n");
            stream.send(request.as_bytes()).unwrap();
            stream
        };
        let mut stream = ask(method);
        let opening = if transport.starts_with("eventsource") { "data: o\r\n" } else { "o" };
        read_until(&mut stream, "\r\n\r\n");
        read_until(&mut stream, opening);
        let send = format!("{session}/xhr_send");
        let body = json!([CONNECT]).to_string();
        assert_eq!(http::request(tunnel.addr(), "POST", &send, &[], body.as_bytes()).unwrap().status, 204);
        if transport.starts_with("jsonp") {
            stream = ask(method);
        }
        read_until(&mut stream, "CONNECTED");
    }
}

/// Reads up to and with `end`.
fn read_until(stream: &mut Socket, end: &str) {
    let mut seen = Vec::new();
    while !seen.ends_with(end.as_bytes()) {
        seen.extend(stream.receive(1).unwrap());
    }
}

#[test]
fn who_asks_over_tls_is_told_urls_of_tls() {
    let hub = TlsHub::start(&[]);
    let tunnel = hub.tunnel_to("gateway");
    let script = http::get(tunnel.addr(), "/env.js").unwrap();
    let [http, ws] = ["https", "wss"].map(|scheme| format!("\"{scheme}://{}\"", tunnel.addr()));
    for line in [format!("ANALYTICS_HTTP: {http}"), format!("RTTM_WS: {ws}")] {
        assert!(script.text().unwrap().contains(&line), "{line}: {}", script.text().unwrap());
    }
    let status = http::get(tunnel.addr(), "/status.json").unwrap().json().unwrap();
    assert!(status["services"].as_array().unwrap().iter().all(|service| service["tls"] == true), "{status}");

    // A page of the hub's own is a page of this machine.
    let origin = format!("https://localhost:{}", tunnel.addr().port());
    let headers = [("Origin", origin.as_str())];
    let info = http::request(tunnel.addr(), "GET", "/ws/info", &headers, b"").unwrap();
    assert_eq!((info.status, info.header("access-control-allow-origin")), (200, Some(origin.as_str())));
}

#[test]
fn tls_1_2_and_1_3_are_spoken_and_http_1_1_is_agreed_on() {
    let (files, pair) = (tempfile::tempdir().unwrap(), Pair::make());
    pair.write(files.path());
    let hub = TlsHub::at(files.path(), &[&pair], &[]);
    for (version, name) in [
        (&rustls::version::TLS12, ProtocolVersion::TLSv1_2),
        (&rustls::version::TLS13, ProtocolVersion::TLSv1_3),
    ] {
        let config = Arc::new(client_of(&[&pair], &[version]));
        for service in SERVICES {
            let shown = shake(hub.addr(service), &config).unwrap();
            assert_eq!((shown.version, shown.alpn.as_deref()), (name, Some(&b"http/1.1"[..])), "{service}");
        }
    }
    // Who has no ALPN gets on, too; who wants HTTP/2 and nothing else is told so.
    let asking = |addr: SocketAddr, protocols: &[&[u8]]| {
        let mut config = client_of(&[&pair], rustls::ALL_VERSIONS);
        config.alpn_protocols = protocols.iter().map(|protocol| protocol.to_vec()).collect();
        shake(addr, &Arc::new(config)).map(|shown| shown.alpn)
    };
    assert_eq!(asking(hub.addr("analytics"), &[]).unwrap(), None);
    let refused = asking(hub.addr("analytics"), &[b"h2"]).unwrap_err().to_string();
    assert!(refused.contains("NoApplicationProtocol"), "{refused}");
}
