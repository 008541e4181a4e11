//! A hub on loopback answers to this machine's names (DNS rebinding).

use std::net::SocketAddr;

use hub_testkit::http;
use hub_testkit::process::HubProcess;
use hub_testkit::ws::{WsClient, WsOptions};

use crate::support::{hub, problem};
use crate::{all_answers, statuses};

const SERVICES: [&str; 5] = ["analytics", "leaderboard", "rttm", "auto-trader", "gateway"];

fn get(addr: SocketAddr, path: &str, host: &str) -> http::Response {
    http::request(addr, "GET", path, &[("Host", host)], b"").unwrap()
}

fn addresses(hub: &HubProcess) -> Vec<SocketAddr> {
    SERVICES.iter().map(|service| hub.addr(service).unwrap()).collect()
}

#[test]
fn a_foreign_host_reads_nothing_and_names_the_keys() {
    let hub = hub(&[]);
    for addr in addresses(&hub) {
        for path in ["/", "/health", "/metrics", "/nowhere", "/ws/0/x/eventsource", "/ws/info"] {
            for host in ["evil.example", "evil.example:8086", "localhost.evil.example", "10.0.0.1"] {
                let detail = problem(&get(addr, path, host), 421);
                for key in ["server.allowed_hosts", "server.allowed_origins", "gateway.public_url"] {
                    assert!(detail.starts_with(host) && detail.contains(key), "{detail}");
                }
            }
        }
    }
    let addr = hub.addr("analytics").unwrap();
    let foreign = WsOptions { headers: vec![("Host".into(), "evil.example".into())], ..WsOptions::default() };
    let refused = WsClient::connect(addr, "/ws/positions", &foreign).unwrap_err().to_string();
    assert!(refused.contains("421"), "{refused}");
}

#[test]
fn this_machine_s_names_are_not_foreign_whatever_the_port() {
    let hub = hub(&[]);
    for addr in addresses(&hub) {
        for host in
            ["localhost", "localhost:1", "a.localhost:80", "127.0.0.1", "127.1.2.3:9", "[::1]:7", "LOCALHOST"]
        {
            assert_eq!(get(addr, "/health", host).status, 200, "{host}");
        }
        assert_eq!(statuses(&all_answers(addr, b"GET /health HTTP/1.0\r\n\r\n")), [200], "no Host");
    }
}

#[test]
fn hosts_that_are_configured_are_not_foreign() {
    let hub = hub(&[
        ("SERVER__ALLOWED_ORIGINS", "https://pms.example.com,http://intra:*"),
        ("SERVER__ALLOWED_HOSTS", "hub.internal"),
        ("GATEWAY__PUBLIC_URL", "https://public.example.com:8443"),
    ]);
    for addr in addresses(&hub) {
        for host in
            ["pms.example.com", "intra:8080", "hub.internal:81", "public.example.com", "PMS.example.com"]
        {
            assert_eq!(get(addr, "/health", host).status, 200, "{host}");
        }
        for host in ["example.com", "x.pms.example.com", "hub.internal.evil.example"] {
            problem(&get(addr, "/health", host), 421);
        }
    }
}

#[test]
fn a_hub_that_others_can_reach_is_asked_by_whatever_name_they_know() {
    let env = [("AUTH__ALLOW_OPEN", "true"), ("RTTM__BIND", "0.0.0.0:0")];
    let hub = hub(&env);
    let port = hub.addr("rttm").unwrap().port();
    let addr = SocketAddr::from(([127, 0, 0, 1], port));
    assert_eq!(get(addr, "/health", "rttm.prod.example").status, 200);
    problem(&get(hub.addr("analytics").unwrap(), "/health", "rttm.prod.example"), 421);
}
