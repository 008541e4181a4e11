//! `localhost` is every loopback address, whichever way a client resolves it.

use std::net::{Ipv6Addr, SocketAddr, TcpListener};
use std::path::Path;
use std::process::Command;

use hub_testkit::http;
use hub_testkit::process::HubProcess;
use hub_testkit::stomp::{Carrier, StompClient, StompOptions};

use crate::support::{CONFIG, PATIENCE};

const BINARY: &str = env!("CARGO_BIN_EXE_pms-hub");

/// Services and their sections.
const SERVICES: [(&str, &str); 5] = [
    ("analytics", "ANALYTICS"),
    ("leaderboard", "LEADERBOARD"),
    ("rttm", "RTTM"),
    ("auto-trader", "AUTOTRADER"),
    ("gateway", "GATEWAY"),
];

fn localhost() -> HubProcess {
    let config = CONFIG.replace("127.0.0.1:0", "localhost:0");
    HubProcess::spawn(Path::new(BINARY), &config, &[], &[]).unwrap()
}

/// The addresses that `localhost` may lead to on this machine.
fn ways(hub: &HubProcess, service: &str) -> Vec<SocketAddr> {
    let v4 = hub.addr(service).unwrap();
    let v6 = SocketAddr::from((Ipv6Addr::LOCALHOST, v4.port()));
    let has_v6 = TcpListener::bind((Ipv6Addr::LOCALHOST, 0)).is_ok();
    if has_v6 { vec![v4, v6] } else { vec![v4] }
}

#[test]
fn every_service_answers_at_every_address_that_localhost_leads_to() {
    let hub = localhost();
    for (service, _) in SERVICES {
        for address in ways(&hub, service) {
            assert_eq!(http::get(address, "/ready").unwrap().status, 200, "{service} at {address}");
        }
        let line = format!("http://localhost:{}", hub.addr(service).unwrap().port());
        assert!(hub.stdout().iter().any(|said| said.ends_with(&line)), "{service}: {:?}", hub.stdout());
    }
    for address in ways(&hub, "analytics") {
        let carrier = Carrier::tcp(address, PATIENCE).unwrap();
        StompClient::connect(carrier, &StompOptions::default()).unwrap();
    }
}

#[test]
fn a_hub_on_localhost_is_found_healthy() {
    let hub = localhost();
    let check = |port_of: &dyn Fn(u16) -> u16| {
        let mut command = Command::new(BINARY);
        command.arg("healthcheck");
        for (service, section) in SERVICES {
            let port = port_of(hub.addr(service).unwrap().port());
            command.env(format!("PMS_HUB__{section}__BIND"), format!("localhost:{port}"));
        }
        command.output().unwrap()
    };
    let healthy = check(&|port| port);
    assert!(healthy.status.success(), "{healthy:?}");
    let free = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
    let gateway = hub.addr("gateway").unwrap().port();
    let unhealthy = check(&|port| if port == gateway { free } else { port });
    let said = String::from_utf8(unhealthy.stderr).unwrap();
    assert_eq!(unhealthy.status.code(), Some(1), "{said}");
    assert!(said.starts_with(&format!("pms-hub: gateway at 127.0.0.1:{free}: ")), "{said}");
}
