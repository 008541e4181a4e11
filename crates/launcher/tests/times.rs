//! Times on their way through the door: kept to the microsecond, ahead of nobody, and refused where they can't be
//! meant.

mod support;

use std::net::SocketAddr;
use std::time::{SystemTime, UNIX_EPOCH};

use hub_testkit::http;
use serde_json::{Value, json};

use support::{address, buy, hub, ingest, subscriber, uuid};

fn price(price: u64, timestamp: &Value) -> Value {
    json!({"symbol": "ACME", "price": price, "timestamp": timestamp})
}

/// What becomes of the prices.
fn results(addr: SocketAddr, prices: &Value) -> Vec<Value> {
    let answer = http::post_json(addr, "/api/ingest/prices", prices).unwrap().json().unwrap();
    answer["results"].as_array().unwrap().clone()
}

/// What becomes of a price.
fn status(addr: SocketAddr, price: &Value) -> String {
    results(addr, price)[0]["status"].as_str().unwrap().to_owned()
}

fn now_ms() -> u64 {
    let passed = SystemTime::now().duration_since(UNIX_EPOCH).unwrap();
    u64::try_from(passed.as_millis()).unwrap()
}

#[test]
fn ticks_of_one_millisecond_are_in_order_also_after_a_restart() {
    let mut hub = hub(&[]);
    let at = |micros: u32| json!(format!("2026-02-07T10:30:00.123{micros:03}Z"));
    assert_eq!(status(address(&hub), &price(5, &at(456))), "accepted");
    assert_eq!(status(address(&hub), &price(9, &at(455))), "stale");
    assert_eq!(status(address(&hub), &price(6, &json!(1_770_460_200_123.457_f64))), "accepted");
    let body = json!([price(8, &at(459)), price(9, &at(458)), price(9, &at(456))]);
    let statuses: Vec<Value> =
        results(address(&hub), &body).into_iter().map(|result| result["status"].clone()).collect();
    assert_eq!(statuses, ["accepted", "stale", "stale"]);

    hub.kill_9().unwrap();
    hub.restart().unwrap();
    assert_eq!(status(address(&hub), &price(9, &at(458))), "stale");
    assert_eq!(status(address(&hub), &price(7, &at(460))), "accepted");
    ingest(address(&hub), "transactions", &buy(1, &uuid(1), "ACME", 1));
    let mut client = subscriber(address(&hub), &[("marks", support::MARKS)]);
    let mark = client.next_message("marks").unwrap().json().unwrap();
    assert_eq!(mark["symbol"]["ACME"], -3, "{mark}");
}

#[test]
fn a_price_ahead_of_the_hub_shuts_out_no_right_one_and_one_far_ahead_is_refused() {
    let hub = hub(&[]);
    let addr = address(&hub);
    assert_eq!(status(addr, &price(5, &json!(now_ms() + 240_000))), "accepted");
    // The hub's time has to have passed that of the first, which counts as its record's.
    let first = now_ms();
    while now_ms() <= first {}
    assert_eq!(status(addr, &price(6, &json!(now_ms()))), "accepted");
    assert_eq!(status(addr, &price(7, &json!(now_ms() + 240_000))), "accepted");
    assert_eq!(status(addr, &price(8, &json!(now_ms() + 600_000))), "rejected");
}

#[test]
fn who_sends_seconds_is_told_so() {
    let hub = hub(&[]);
    let result = &results(address(&hub), &price(5, &json!(1_770_000_000)))[0];
    assert_eq!((&result["status"], &result["field"]), (&json!("rejected"), &json!("timestamp")));
    assert_eq!(result["reason"], "1770000000 lies in 1970: seconds, where milliseconds are due?");
}
