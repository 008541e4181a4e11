//! Vector V1 (docs/platform.md) gives exactly its numbers, however often it is sent and whatever
//! happens to the process meanwhile.

mod support;

use std::net::SocketAddr;

use hub_testkit::http;
use hub_testkit::stomp::StompClient;
use serde_json::{Value, json};

use support::{MARKS, POSITIONS, address, analysis, buy, hub, ingest, subscriber, uuid};

const PORTFOLIO: &str = "550e8400-e29b-41d4-a716-446655440000";

/// Holdings, invested, realised: after each accepted transaction, as they stand on the wire.
const STEPS: [(&str, &str, &str); 5] = [
    ("100", "1000", "0"),
    ("150", "1600", "0"),
    ("50", "600", "500"),
    ("30", "360", "560"),
    ("0", "0", "530"),
];

fn trade(id: u64, side: &str, quantity: u64, buy_price: &Value, sell_price: &Value) -> Value {
    json!({"transactionId": uuid(id), "portfolioId": PORTFOLIO, "symbol": "ACME", "side": side,
           "quantity": quantity, "buyPrice": buy_price, "sellPrice": sell_price})
}

fn opening() -> Value {
    let none = Value::Null;
    json!([
        trade(1, "BUY", 100, &json!(10), &none),
        trade(2, "BUY", 50, &json!(12), &none),
        trade(3, "SELL", 100, &json!(10), &json!(15)),
        trade(4, "SELL", 20, &json!("12"), &json!("15")),
    ])
}

fn price() -> Value {
    json!({"symbol": "ACME", "price": 16, "timestamp": "2026-02-07T10:30:00Z"})
}

fn oversell() -> Value {
    trade(5, "SELL", 31, &Value::Null, &json!(11))
}

fn closing() -> Value {
    trade(6, "SELL", 30, &json!(12), &json!(11))
}

/// A position as it has to stand on the wire, but for its times and what follows them.
fn row(step: usize) -> String {
    let (holdings, invested, realised) = STEPS[step];
    format!(
        r#"{{"id":{{"portfolioId":"{PORTFOLIO}","symbol":"ACME"}},"holdings":{holdings},"totalInvested":{invested},"realizedPnl":{realised},"#
    )
}

/// The vector's price is of a day long past, and stale; what is closed has none.
fn mark(amount: u64) -> String {
    let stale = if amount > 0 { r#","stale":["ACME"],"asOf":"2026-02-07T10:30:00.000Z""# } else { "" };
    format!(
        r#"{{"symbol":{{"ACME":{amount}}},"overallUnrealised_Pnl":{amount},"portfolio_id":"{PORTFOLIO}"{stale}}}"#
    )
}

/// Both topics.
fn watch(addr: SocketAddr) -> StompClient {
    subscriber(addr, &[("positions", POSITIONS), ("marks", MARKS)])
}

fn next(client: &mut StompClient, subscription: &str) -> String {
    client.next_message(subscription).unwrap().text().unwrap().to_owned()
}

/// Reads until it says this. A topic may stand a flush behind REST, so that earlier states come first.
fn read_until(client: &mut StompClient, subscription: &str, wanted: &str) {
    while next(client, subscription) != wanted {}
}

/// One position, at this step of the vector, in the next message.
fn assert_next_position(client: &mut StompClient, step: usize) {
    let message = next(client, "positions");
    let rest = message.strip_prefix(&format!("[{}", row(step)));
    let times = rest.unwrap_or_else(|| panic!("not step {step}: {message}"));
    assert_eq!(times.matches("updatedAt").count(), 1, "one position: {message}");
}

/// The vector up to this step over REST, and in what a new subscriber gets.
fn assert_stands_at(addr: SocketAddr, step: usize, unrealised: u64) {
    let all = analysis(addr);
    assert!(all.starts_with(&format!("[{}", row(step))), "not step {step}: {all}");
    let mut fresh = watch(addr);
    read_until(&mut fresh, "positions", &all);
    read_until(&mut fresh, "marks", &mark(unrealised));
}

/// The oversell is refused, by name.
fn assert_oversell_is_refused(addr: SocketAddr, held: u64) {
    let answer = http::post_json(addr, "/api/ingest/transactions", &oversell()).unwrap();
    assert_eq!(answer.status, 422);
    let answer = answer.json().unwrap();
    assert_eq!((&answer["rejected"], &answer["accepted"]), (&json!(1), &json!(0)));
    let result = &answer["results"][0];
    assert_eq!(result["status"], "rejected");
    assert_eq!(result["field"], "quantity");
    assert_eq!(result["reason"], format!("is more than the {held} held"));
}

/// Everything again: each answer says so, and nothing moves.
fn assert_repeats_change_nothing(addr: SocketAddr) {
    let before = analysis(addr);
    let answer = ingest(addr, "transactions", &opening());
    assert_eq!((&answer["duplicates"], &answer["accepted"]), (&json!(4), &json!(0)));
    ingest(addr, "prices", &price());
    assert_oversell_is_refused(addr, 0);
    assert_eq!(ingest(addr, "transactions", &closing())["results"][0]["status"], "duplicate");
    assert_eq!(analysis(addr), before);
}

#[test]
fn vector_v1_gives_exactly_its_numbers_on_the_topics_and_over_rest() {
    let hub = hub(&[]);
    let addr = address(&hub);
    let mut live = watch(addr);

    assert_eq!(ingest(addr, "transactions", &opening())["accepted"], 4);
    // One message or several, as flushes fall, but each at a later step.
    let mut step = 0;
    while step <= 3 {
        let message = next(&mut live, "positions");
        let seen = (step..=3).find(|step| message.starts_with(&format!("[{}", row(*step))));
        step = seen.unwrap_or_else(|| panic!("no later step: {message}")) + 1;
    }
    assert_eq!(ingest(addr, "prices", &price())["accepted"], 1);
    assert_eq!(next(&mut live, "marks"), mark(120));
    assert_stands_at(addr, 3, 120);

    let before = analysis(addr);
    assert_oversell_is_refused(addr, 30);
    assert_eq!(analysis(addr), before);

    assert_eq!(ingest(addr, "transactions", &closing())["accepted"], 1);
    // The very next messages: the oversell had caused none.
    assert_next_position(&mut live, 4);
    assert_eq!(next(&mut live, "marks"), mark(0));
    assert_stands_at(addr, 4, 0);
}

#[test]
fn sending_vector_v1_twice_changes_nothing() {
    let hub = hub(&[]);
    let addr = address(&hub);
    ingest(addr, "transactions", &opening());
    ingest(addr, "prices", &price());
    ingest(addr, "transactions", &closing());

    let mut live = watch(addr);
    read_until(&mut live, "positions", &analysis(addr));
    read_until(&mut live, "marks", &mark(0));
    assert_repeats_change_nothing(addr);

    // What somebody else does next is the next thing anybody sees.
    ingest(addr, "transactions", &buy(7, &uuid(7), "ACME", 1));
    let rows: Value = serde_json::from_str(&next(&mut live, "positions")).unwrap();
    assert_eq!(rows.as_array().unwrap().len(), 1);
    assert_eq!(rows[0]["id"]["portfolioId"], uuid(7));
    let mark: Value = serde_json::from_str(&next(&mut live, "marks")).unwrap();
    assert_eq!((&mark["portfolio_id"], &mark["overallUnrealised_Pnl"]), (&json!(uuid(7)), &json!(6)));
}

#[test]
fn vector_v1_survives_kill_9_to_the_last_digit_and_timestamp() {
    let mut hub = hub(&[]);
    ingest(address(&hub), "transactions", &opening());
    ingest(address(&hub), "prices", &price());
    let halfway = analysis(address(&hub));

    hub.kill_9().unwrap();
    hub.restart().unwrap();
    assert_eq!(analysis(address(&hub)), halfway);
    assert_stands_at(address(&hub), 3, 120);
    assert_oversell_is_refused(address(&hub), 30);
    ingest(address(&hub), "transactions", &closing());
    let closed = analysis(address(&hub));

    hub.kill_9().unwrap();
    hub.restart().unwrap();
    assert_eq!(analysis(address(&hub)), closed);
    assert_stands_at(address(&hub), 4, 0);
    assert_repeats_change_nothing(address(&hub));
    let times = |text: &str| {
        let rows: Value = serde_json::from_str(text).unwrap();
        (rows[0]["createdAt"].as_str().unwrap().to_owned(), rows[0]["updatedAt"].as_str().unwrap().to_owned())
    };
    assert_eq!(times(&halfway).0, times(&closed).0, "when it came to be");
    assert!(times(&halfway).1 < times(&closed).1, "when it last changed");
}
