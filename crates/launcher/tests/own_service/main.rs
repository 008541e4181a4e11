//! A service beside the hub's own touches nothing of theirs, and whatever comes from data about
//! services has it, too: its port, the gateway, the banner, the hints of a 404.

#[path = "../support/inside.rs"]
mod inside;
mod tally;

use std::net::SocketAddr;

use hub_testkit::http::{get, post_json};
use hub_testkit::stomp::{Carrier, StompClient, StompOptions};
use hub_testkit::ws::{WsClient, WsOptions};
use inside::{Inside, with_hub};
use pms_hub::config::Config;
use pms_hub::wiring::{Wiring, services};
use serde_json::{Value, json};

/// Has `test` ask a hub with one service more.
fn with_own_service(test: impl FnOnce(Inside) + Send + 'static) {
    let wire = |wiring: &mut Wiring, config: &Config| {
        let mut services = services(wiring, config)?;
        services.push(tally::service(&mut wiring.catalog));
        Ok(services)
    };
    with_hub(wire, test);
}

fn price(at: SocketAddr, price: u32) {
    let answer = post_json(at, "/api/ingest/prices", &json!({"symbol": "AAPL", "price": price})).unwrap();
    assert_eq!(answer.status, 200);
}

fn prices(table: &Value) -> u64 {
    table["prices"].as_u64().unwrap_or(0)
}

#[test]
fn its_call_answers_at_its_port_and_at_the_gateway() {
    with_own_service(|hub| {
        (1..=3).for_each(|n| price(hub.address("tally"), n));
        for port in ["tally", "gateway"] {
            let table = get(hub.address(port), "/api/tally?kind=prices").unwrap();
            assert_eq!(table.json().unwrap(), json!({"prices": 3}), "{port}");
            assert_eq!(get(hub.address(port), "/api/tally?sort=1").unwrap().status, 400);
            assert_eq!(post_json(hub.address(port), "/api/tally", &json!({})).unwrap().status, 405);
        }
        let elsewhere = get(hub.address("rttm"), "/api/tally").unwrap();
        let detail = elsewhere.json().unwrap()["detail"].as_str().unwrap().to_owned();
        assert_eq!(elsewhere.status, 404);
        assert!(detail.contains("tally has it, on port"), "{detail}");
        assert!(hub.banner.contains("/api/tally") && hub.banner.contains("/ws/tally"), "{}", hub.banner);
    });
}

#[test]
fn its_socket_sends_what_there_is_and_then_what_changes() {
    with_own_service(|hub| {
        price(hub.address("analytics"), 1);
        let mut socket =
            WsClient::connect(hub.address("gateway"), "/ws/tally", &WsOptions::default()).unwrap();
        let mut next = || loop {
            let message = socket.next_json().unwrap();
            if message["data"]["kind"] == "prices" {
                assert_eq!(message["type"], "tally");
                return message["data"]["count"].as_u64().unwrap();
            }
        };
        assert_eq!(next(), 1);
        price(hub.address("analytics"), 2);
        assert_eq!(next(), 2);
    });
}

#[test]
fn its_topic_and_its_feed_are_subscribed_to_as_the_others_are() {
    with_own_service(|hub| {
        let carrier = Carrier::tcp(hub.address("analytics"), hub_testkit::DEFAULT_DEADLINE).unwrap();
        let mut client = StompClient::connect(carrier, &StompOptions::default()).unwrap();
        client.subscribe("rows", "/topic/tally", &[("receipt", "rows")]).unwrap();
        client.subscribe("tens", "/topic/tally/tens", &[("receipt", "tens")]).unwrap();
        client.await_receipt("tens").unwrap();
        (1..=20).for_each(|n| price(hub.address("tally"), n));
        let tens = [10, 20].map(|count| json!({"kind": "prices", "count": count}));
        for expected in tens {
            assert_eq!(client.next_message("tens").unwrap().json().unwrap(), expected);
        }
        let last = |client: &mut StompClient| loop {
            let row = client.next_message("rows").unwrap().json().unwrap();
            if row["kind"] == "prices" && row["count"] == 20 {
                break;
            }
        };
        last(&mut client);
        let table = get(hub.address("tally"), "/api/tally").unwrap().json().unwrap();
        assert_eq!(prices(&table), 20);
    });
}
