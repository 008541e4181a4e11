//! A service beside the hub's own touches nothing of theirs, and whatever comes from data about
//! services has it, too: its port, the gateway, the banner, the hints of a 404.

mod tally;

use std::net::SocketAddr;

use hub_testkit::http::{get, post_json};
use hub_testkit::stomp::{Carrier, StompClient, StompOptions};
use hub_testkit::ws::{WsClient, WsOptions};
use pms_hub::config::Config;
use pms_hub::hub::Hub;
use pms_hub::{banner, wiring};
use serde_json::{Value, json};

/// A hub on free ports whose log is in this directory.
fn config(directory: &std::path::Path) -> Config {
    let log = directory.join("hub.db").display().to_string();
    let sections = ["ANALYTICS", "LEADERBOARD", "RTTM", "AUTOTRADER", "GATEWAY"];
    let binds = sections.map(|section| (format!("PMS_HUB__{section}__BIND"), "127.0.0.1:0".to_owned()));
    let more =
        [("PMS_HUB__LOG__PATH".to_owned(), log), ("PMS_HUB__SERVER__FLUSH_MS".to_owned(), "5".to_owned())];
    Config::load(None, binds.into_iter().chain(more)).unwrap()
}

/// Has `test` ask a hub with one service more; it is given the banner, and who listens where.
fn with_own_service(test: impl FnOnce(String, &dyn Fn(&str) -> SocketAddr) + Send + 'static) {
    let directory = tempfile::tempdir().unwrap();
    let config = config(directory.path());
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    runtime.block_on(async {
        let hub = Hub::serving(&config, |wiring, config| {
            let mut services = wiring::services(wiring, config)?;
            services.push(tally::service(&mut wiring.catalog));
            Ok(services)
        });
        let hub = hub.await.unwrap();
        let banner = banner::text(hub.services());
        let addresses = hub.addresses().to_vec();
        let address = move |name: &str| addresses.iter().find(|own| own.name == name).unwrap().bound[0];
        tokio::task::spawn_blocking(move || test(banner, &address)).await.unwrap();
        hub.stop().await.unwrap();
    });
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
    with_own_service(|banner, address| {
        (1..=3).for_each(|n| price(address("tally"), n));
        for port in ["tally", "gateway"] {
            let table = get(address(port), "/api/tally?kind=prices").unwrap();
            assert_eq!(table.json().unwrap(), json!({"prices": 3}), "{port}");
            assert_eq!(get(address(port), "/api/tally?sort=1").unwrap().status, 400);
            assert_eq!(post_json(address(port), "/api/tally", &json!({})).unwrap().status, 405);
        }
        let elsewhere = get(address("rttm"), "/api/tally").unwrap();
        let detail = elsewhere.json().unwrap()["detail"].as_str().unwrap().to_owned();
        assert_eq!(elsewhere.status, 404);
        assert!(detail.contains("tally has it, on port"), "{detail}");
        assert!(banner.contains("/api/tally") && banner.contains("/ws/tally"), "{banner}");
    });
}

#[test]
fn its_socket_sends_what_there_is_and_then_what_changes() {
    with_own_service(|_, address| {
        price(address("analytics"), 1);
        let mut socket = WsClient::connect(address("gateway"), "/ws/tally", &WsOptions::default()).unwrap();
        let mut next = || loop {
            let message = socket.next_json().unwrap();
            if message["data"]["kind"] == "prices" {
                assert_eq!(message["type"], "tally");
                return message["data"]["count"].as_u64().unwrap();
            }
        };
        assert_eq!(next(), 1);
        price(address("analytics"), 2);
        assert_eq!(next(), 2);
    });
}

#[test]
fn its_topic_and_its_feed_are_subscribed_to_as_the_others_are() {
    with_own_service(|_, address| {
        let carrier = Carrier::tcp(address("analytics"), hub_testkit::DEFAULT_DEADLINE).unwrap();
        let mut client = StompClient::connect(carrier, &StompOptions::default()).unwrap();
        client.subscribe("rows", "/topic/tally", &[("receipt", "rows")]).unwrap();
        client.subscribe("tens", "/topic/tally/tens", &[("receipt", "tens")]).unwrap();
        client.await_receipt("tens").unwrap();
        (1..=20).for_each(|n| price(address("tally"), n));
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
        let table = get(address("tally"), "/api/tally").unwrap().json().unwrap();
        assert_eq!(prices(&table), 20);
    });
}
