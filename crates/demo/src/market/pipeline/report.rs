//! Reports of services about a trade, as JSON.

use hub_core::Timestamp;
use rand::RngExt;
use rand_chacha::ChaCha8Rng;

use super::Subject;
use super::route::{PARTITIONS, STATIONS, Station};
use super::trouble::Fault;
use crate::market::object::Object;
use crate::market::spelling::Spelling;

/// A trade came through a stage (RT-IN-1).
pub(super) fn passed(
    station: &Station,
    number: u64,
    trade: &str,
    at: Timestamp,
    spelling: Spelling,
) -> String {
    let mut object = about(trade, station.service, spelling);
    object.text("eventType", station.passed.as_str());
    object.text("eventStage", station.stage.as_str());
    object.text("eventStatus", "SUCCESS");
    object.text("sourceQueue", station.topic);
    if let Some(next) = STATIONS.get(station.stage.index() + 1) {
        object.text("targetQueue", next.topic);
    }
    object.text("topicName", station.topic);
    object.text("consumerGroup", station.group);
    object.value("partitionId", &(number % u64::from(PARTITIONS)).to_string());
    object.value("offsetValue", &number.to_string());
    object.time("eventTime", at);
    object.text("message", station.message);
    object.end()
}

/// A service stumbled over a trade (RT-IN-4).
pub(super) fn error(
    station: &Station,
    fault: &Fault,
    trade: &str,
    at: Timestamp,
    spelling: Spelling,
) -> String {
    let mut object = about(trade, station.service, spelling);
    object.text("errorType", fault.error.as_str());
    object.text("errorMessage", fault.message);
    object.text("eventStage", station.stage.as_str());
    object.time("eventTime", at);
    object.end()
}

/// A service gave a trade up (RT-IN-3).
pub(super) fn dead_letter(
    station: &Station,
    fault: &Fault,
    trade: &str,
    at: Timestamp,
    spelling: Spelling,
) -> String {
    let mut object = about(trade, station.service, spelling);
    object.text("topicName", station.dead_letters);
    object.text("originalTopic", station.topic);
    object.text("reason", fault.message);
    object.text("eventStage", station.stage.as_str());
    object.time("eventTime", at);
    object.end()
}

/// Validation refused a trade (RT-IN-5).
pub(super) fn invalid(subject: &Subject, trade: &str, at: Timestamp, rng: &mut ChaCha8Rng) -> String {
    let quantity = rng.random_range(1..=200_u32).to_string();
    let cents = f64::from(subject.cents) / 100.0;
    let price = format!("{cents:.2}");
    let (price, quantity, error) = match rng.random_range(0..3) {
        0 => (format!("-{price}"), quantity, "pricePerStock must be greater than 0"),
        1 => (price, "0".to_owned(), "quantity must be greater than 0"),
        _ => (price, quantity, "the portfolio may not trade this symbol"),
    };
    let spelling = Spelling::pick(rng);
    let mut object = Object::spelled(spelling);
    object.text("tradeId", trade);
    object.text("portfolioId", &subject.portfolio);
    object.text("symbol", &subject.symbol);
    object.text("side", if rng.random_bool(0.5) { "BUY" } else { "SELL" });
    object.value("pricePerStock", &price);
    object.value("quantity", &quantity);
    object.time("timestamp", at);
    match spelling {
        Spelling::Plain => object.number("validationErrors", &serde_json::json!([error]).to_string()),
        Spelling::Snake | Spelling::Upstream => object.text("validationErrors", error),
    }
    object.end()
}

fn about(trade: &str, service: &str, spelling: Spelling) -> Object {
    let mut object = Object::spelled(spelling);
    object.text("tradeId", trade);
    object.text("serviceName", service);
    object
}
