//! What subscribers get.

use std::net::SocketAddr;

use hub_testkit::stomp::{Carrier, StompClient, StompOptions};
use hub_testkit::ws::{WsClient, WsOptions};
use serde_json::{Value, json};

use crate::support::{PATIENCE, POSITIONS, address, buy, hub, ingest, metric, publish, subscribe, uuid};

const TOPIC: &str = "/topic/relay/x";
const MESSAGES: &str = "hub_deflate_messages_total";
const INPUT: &str = "hub_deflate_input_bytes_total";
const OUTPUT: &str = "hub_deflate_output_bytes_total";

fn options(deflate: bool) -> WsOptions {
    WsOptions { deflate, deadline: PATIENCE, ..WsOptions::default() }
}

fn subscriber(carrier: Carrier, destination: &str) -> StompClient {
    let mut client = StompClient::connect(carrier, &StompOptions::default()).unwrap();
    subscribe(&mut client, "0", destination);
    client
}

fn websocket(addr: SocketAddr, deflate: bool) -> Carrier {
    Carrier::websocket(addr, "/ws", &options(deflate)).unwrap()
}

fn sockjs(addr: SocketAddr, deflate: bool) -> Carrier {
    Carrier::sockjs(addr, "/ws", &options(deflate)).unwrap()
}

/// JSON of about this length, as messages are: it repeats itself.
fn rows(bytes: usize) -> String {
    let row = |n: usize| json!({"symbol": "ACME", "price": n, "unrealizedPnl": n * 3});
    json!((0..=bytes / 50).map(row).collect::<Vec<Value>>()).to_string()
}

#[test]
fn a_message_is_compressed_once_per_worker_for_all_who_take_it_and_is_the_same_for_all() {
    // Two workers.
    let hub = hub(&[]);
    let addr = address(&hub);
    let mut subscribers = Vec::new();
    for n in 0..24 {
        let carrier = if n % 4 < 2 { websocket(addr, n % 8 < 6) } else { sockjs(addr, n % 8 < 6) };
        subscribers.push(subscriber(carrier, TOPIC));
    }
    let body = rows(5_000);
    for round in 1..=3 {
        publish(addr, TOPIC, &[("Content-Type", "application/json")], body.as_bytes());
        for client in &mut subscribers {
            assert_eq!(client.next_message("0").unwrap().text().unwrap(), body);
        }
        // On each of the workers once in frames of WebSocket, once of SockJS.
        assert_eq!(metric(addr, MESSAGES), 4 * round);
    }
    let (input, output) = (metric(addr, INPUT), metric(addr, OUTPUT));
    assert!(input >= 12 * body.len() as u64, "{input}");
    assert!(output * 4 < input, "{input} became {output}");
}

#[test]
fn what_is_short_or_an_answer_goes_as_it_is() {
    let hub = hub(&[("SERVER__DEFLATE_MIN_BYTES", "600")]);
    let addr = address(&hub);
    let mut client = subscriber(websocket(addr, true), TOPIC);
    for (body, compressed) in [(rows(200), 0), (rows(700), 1), (rows(200), 1), (rows(2_000), 2)] {
        publish(addr, TOPIC, &[], body.as_bytes());
        assert_eq!(client.next_message("0").unwrap().text().unwrap(), body);
        assert_eq!(metric(addr, MESSAGES), compressed, "{} bytes", body.len());
    }
    client
        .send_frame_text(&format!("SUBSCRIBE\nid:{}\ndestination:/nowhere\n\n\0", "x".repeat(3_000)))
        .unwrap();
    client.expect_error().unwrap();
    assert_eq!(metric(addr, MESSAGES), 2);
    // What can't be made smaller isn't, for the client's sake.
    let mut client = subscriber(websocket(addr, true), TOPIC);
    let noise: String = (0..2_000_u32)
        .map(|n| char::from_u32(0x4e00 + n.wrapping_mul(2_654_435_761) % 20_000).unwrap_or('x'))
        .collect();
    publish(addr, TOPIC, &[], noise.as_bytes());
    assert_eq!(client.next_message("0").unwrap().text().unwrap(), noise);
}

#[test]
fn a_snapshot_far_larger_than_an_outbox_comes_whole_and_smaller() {
    let hub = hub(&[("LIMITS__OUTBOX_BYTES", "4096")]);
    let addr = address(&hub);
    let positions = 4_000_u64;
    for first in (0..positions).step_by(1_000) {
        let items = (first..first + 1_000).map(|i| buy(i, &uuid(i), "ACME", i + 1)).collect();
        ingest(addr, "transactions", &items);
    }
    for carrier in [websocket(addr, true), sockjs(addr, true)] {
        let mut client = subscriber(carrier, POSITIONS);
        let mut seen = std::collections::BTreeMap::new();
        while (seen.len() as u64) < positions {
            seen.extend(crate::support::holdings(&client.next_message("0").unwrap().json().unwrap()));
        }
        assert!(seen.iter().all(|((portfolio, _), held)| *portfolio == uuid(held - 1)));
    }
    let (input, output) = (metric(addr, INPUT), metric(addr, OUTPUT));
    assert!(input > 2 * 100 * positions && output * 4 < input, "{input} became {output}");
}

#[test]
fn native_messages_are_compressed_as_json_and_as_messagepack() {
    let hub = hub(&[]);
    let addr = address(&hub);
    let trades = (0..50).map(|n| buy(n, &uuid(n), "ACME", n + 1)).collect();
    ingest(addr, "transactions", &trades);
    let mut json = WsClient::connect(addr, "/ws/positions", &options(true)).unwrap();
    let text = json.next_text().unwrap();
    assert!(json.compressed() > 0);
    assert_eq!(serde_json::from_str::<Value>(&text).unwrap()["type"], "position-update");

    let packed = WsOptions { subprotocols: vec!["hub.msgpack".to_owned()], ..options(true) };
    let mut packed = WsClient::connect(addr, "/ws/positions", &packed).unwrap();
    assert_eq!(packed.protocol(), Some("hub.msgpack"));
    let hub_testkit::ws::Message::Binary(bytes) = packed.next_data().unwrap() else { panic!("text") };
    assert!(packed.compressed() > 0);
    assert_eq!(
        rmp_serde::from_slice::<Value>(&bytes).unwrap(),
        serde_json::from_str::<Value>(&text).unwrap()
    );
}
