//! The five kinds of the pipeline (RT-IN-1..5): every spelling becomes the
//! same event, everything else is a rejection that names the field.

use hub_core::event::{ErrorType, Event, MESSAGE_MAX_CHARS, Stage, TradeEventType};
use hub_core::normalize::{self, BodyForm, Kind};
use hub_core::{Rejection, Timestamp};
use proptest::prelude::*;

const TRADE: &str = "550e8400-e29b-41d4-a716-446655440000";
const PORTFOLIO: &str = "550e8400-e29b-41d4-a716-446655440001";

const TRADE_EVENT: &str = r#"{"tradeId":"550e8400-e29b-41d4-a716-446655440000","serviceName":"capture","eventType":"TRADE_RECEIVED","eventStage":"RECEIVED","eventStatus":"SUCCESS","sourceQueue":"a","targetQueue":"b","topicName":"trades","consumerGroup":"g","partitionId":3,"offsetValue":42,"eventTime":1770000000123,"message":"hello"}"#;
const QUEUE_METRIC: &str = r#"{"serviceName":"capture","topicName":"trades","partitionId":0,"producedOffset":110,"consumedOffset":100,"consumerGroup":"g","snapshotTime":1770000000123}"#;
const DLQ_EVENT: &str = r#"{"tradeId":"550e8400-e29b-41d4-a716-446655440000","serviceName":"enricher","topicName":"trades.dlq","originalTopic":"trades","reason":"no such symbol","eventStage":"ENRICHED","eventTime":1770000000123}"#;
const ERROR_EVENT: &str = r#"{"tradeId":"550e8400-e29b-41d4-a716-446655440000","serviceName":"enricher","errorType":"TIMEOUT","errorMessage":"too late","eventStage":"ENRICHED","eventTime":1770000000123}"#;
const INVALID_TRADE: &str = r#"{"portfolioId":"550e8400-e29b-41d4-a716-446655440001","tradeId":"550e8400-e29b-41d4-a716-446655440000","symbol":"AAPL","side":"BUY","pricePerStock":-1.5,"quantity":0,"timestamp":1770000000123,"validationErrors":"price; quantity"}"#;

const SAMPLES: [(Kind, &str); 5] = [
    (Kind::TradeEvents, TRADE_EVENT),
    (Kind::QueueMetrics, QUEUE_METRIC),
    (Kind::DlqEvents, DLQ_EVENT),
    (Kind::ErrorEvents, ERROR_EVENT),
    (Kind::InvalidTrades, INVALID_TRADE),
];

fn read(kind: Kind, json: &str) -> Result<Event, Rejection> {
    let items = normalize::items(json.as_bytes(), BodyForm::Json, 1).unwrap();
    normalize::item(kind, &items[0])
}

fn fields(json: &str) -> serde_json::Map<String, serde_json::Value> {
    serde_json::from_str(json).unwrap()
}

/// The item with one field replaced, or taken out.
fn with(json: &str, field: &str, value: Option<serde_json::Value>) -> String {
    let mut fields = fields(json);
    match value {
        Some(value) => drop(fields.insert(field.into(), value)),
        None => drop(fields.remove(field)),
    }
    serde_json::to_string(&fields).unwrap()
}

fn snake(name: &str) -> String {
    name.chars().flat_map(|c| c.is_uppercase().then_some('_').into_iter().chain(c.to_lowercase())).collect()
}

#[test]
fn the_names_of_the_kinds_are_their_paths() {
    for (kind, name) in SAMPLES.map(|(kind, _)| kind).into_iter().zip([
        "trade-events",
        "queue-metrics",
        "dlq-events",
        "error-events",
        "invalid-trades",
    ]) {
        assert_eq!((kind.as_str(), name.parse()), (name, Ok(kind)));
        assert!(Kind::ALL.contains(&kind));
    }
}

#[test]
fn every_value_arrives() {
    let Ok(Event::TradeEvent(event)) = read(Kind::TradeEvents, TRADE_EVENT) else { panic!() };
    assert_eq!((event.event_type, event.event_stage), (TradeEventType::Received, Stage::Received));
    assert_eq!((event.partition_id, event.offset_value), (Some(3), Some(42)));
    assert_eq!(event.event_time, Timestamp::from_millis(1_770_000_000_123));
    let Ok(Event::QueueMetric(metric)) = read(Kind::QueueMetrics, QUEUE_METRIC) else { panic!() };
    assert_eq!((metric.lag(), metric.partition_id), (10, 0));
    let Ok(Event::DlqEvent(event)) = read(Kind::DlqEvents, DLQ_EVENT) else { panic!() };
    assert_eq!(
        (event.original_topic.as_deref(), event.reason.as_deref()),
        (Some("trades"), Some("no such symbol"))
    );
    let Ok(Event::ErrorEvent(event)) = read(Kind::ErrorEvents, ERROR_EVENT) else { panic!() };
    assert_eq!(event.error_type, ErrorType::Timeout);
    let Ok(Event::InvalidTrade(trade)) = read(Kind::InvalidTrades, INVALID_TRADE) else { panic!() };
    assert_eq!(
        (trade.side.as_deref(), trade.validation_errors.as_deref()),
        (Some("BUY"), Some("price; quantity"))
    );
    assert_eq!(trade.price_per_stock.as_deref(), Some("-1.5"));
    assert_eq!(trade.time(), event.event_time.or(Timestamp::from_millis(1_770_000_000_123)));
}

#[test]
fn snake_case_numeric_strings_iso_times_and_any_case_mean_the_same() {
    for (kind, sample) in SAMPLES {
        let spelt: serde_json::Map<_, _> = fields(sample)
            .into_iter()
            .map(|(name, value)| {
                let value = match (name.as_str(), value) {
                    // Evidence is kept as it came.
                    (_, value) if kind == Kind::InvalidTrades && !value.is_number() => value,
                    ("timestamp", value) => value.to_string().into(),
                    ("eventTime" | "snapshotTime", _) => "2026-02-02T02:40:00.123Z".into(),
                    ("eventType" | "eventStage" | "errorType" | "side", value) => {
                        value.as_str().unwrap().to_lowercase().into()
                    }
                    ("tradeId" | "portfolioId", value) => value.as_str().unwrap().to_uppercase().into(),
                    (_, serde_json::Value::Number(number)) => number.to_string().into(),
                    (_, value) => value,
                };
                (snake(&name), value)
            })
            .collect();
        let spelt = serde_json::to_string(&spelt).unwrap();
        assert!(read(kind, &spelt).is_ok(), "{spelt}: {:?}", read(kind, &spelt));
        assert_eq!(read(kind, &spelt), read(kind, sample), "{spelt}");
    }
}

#[test]
fn events_survive_the_log() {
    for (kind, sample) in SAMPLES {
        let event = read(kind, sample).unwrap();
        assert_eq!(Event::decode(&event.encode().unwrap()).unwrap(), event);
        let smallest = read(kind, &smallest(kind, sample)).unwrap();
        assert_eq!(Event::decode(&smallest.encode().unwrap()).unwrap(), smallest);
    }
}

fn required(kind: Kind) -> &'static [&'static str] {
    match kind {
        Kind::TradeEvents => &["tradeId", "serviceName", "eventType", "eventStage"],
        Kind::QueueMetrics => {
            &["serviceName", "topicName", "partitionId", "producedOffset", "consumedOffset", "consumerGroup"]
        }
        Kind::DlqEvents => &["serviceName", "eventStage"],
        Kind::ErrorEvents => &["serviceName", "errorType", "eventStage"],
        _ => &["tradeId"],
    }
}

/// Only what has to be there.
fn smallest(kind: Kind, sample: &str) -> String {
    let mut fields = fields(sample);
    fields.retain(|name, _| required(kind).contains(&name.as_str()));
    serde_json::to_string(&fields).unwrap()
}

#[test]
fn what_must_be_there_is_missed_by_name_and_the_rest_may_be_absent_null_or_empty() {
    for (kind, sample) in SAMPLES {
        let bare = read(kind, &smallest(kind, sample));
        assert!(bare.is_ok(), "{kind:?}: {bare:?}");
        for name in required(kind) {
            for value in [None, Some(serde_json::Value::Null), Some("".into())] {
                let rejection = read(kind, &with(sample, name, value)).unwrap_err();
                assert_eq!(rejection.field.as_deref(), Some(*name));
            }
        }
        // What protobuf sends for a field that was not set.
        let mut unset = fields(sample);
        for (name, value) in &mut unset {
            if !required(kind).contains(&name.as_str()) {
                *value = "".into();
            }
        }
        assert_eq!(read(kind, &serde_json::to_string(&unset).unwrap()), bare);
    }
}

#[test]
fn what_is_wrong_is_named() {
    let wrong = [
        (Kind::TradeEvents, "tradeId", "\"42\""),
        (Kind::TradeEvents, "tradeId", "42"),
        (Kind::TradeEvents, "eventType", "\"ACKED\""),
        (Kind::TradeEvents, "eventStage", "\"DONE\""),
        (Kind::TradeEvents, "eventTime", "\"yesterday\""),
        (Kind::TradeEvents, "partitionId", "-1"),
        (Kind::TradeEvents, "offsetValue", "1.5"),
        (Kind::TradeEvents, "message", "{}"),
        (Kind::QueueMetrics, "partitionId", "4294967296"),
        (Kind::QueueMetrics, "producedOffset", "-1"),
        (Kind::QueueMetrics, "consumedOffset", "\"many\""),
        (Kind::QueueMetrics, "consumedOffset", "true"),
        (Kind::DlqEvents, "tradeId", "\"42\""),
        (Kind::DlqEvents, "eventStage", "7"),
        (Kind::ErrorEvents, "errorType", "\"FATAL\""),
    ];
    for (kind, field, value) in wrong {
        let sample = SAMPLES.iter().find(|(of, _)| *of == kind).unwrap().1;
        let rejection =
            read(kind, &with(sample, field, Some(serde_json::from_str(value).unwrap()))).unwrap_err();
        assert_eq!(rejection.field.as_deref(), Some(field), "{field}: {value}");
    }
    let rejection = read(Kind::TradeEvents, &with(TRADE_EVENT, "eventStage", Some("X".into()))).unwrap_err();
    assert_eq!(rejection.reason, "must be one of RECEIVED, VALIDATED, ENRICHED, COMMITTED");
}

#[test]
fn one_bad_item_does_not_take_the_others_with_it() {
    // BUG-R4: an empty trade_id discarded up to a hundred good events.
    let body = format!("[{DLQ_EVENT},{},{DLQ_EVENT}]", with(DLQ_EVENT, "eventStage", Some("?".into())));
    let items = normalize::items(body.as_bytes(), BodyForm::Json, 10).unwrap();
    let ok: Vec<bool> = items.iter().map(|item| normalize::item(Kind::DlqEvents, item).is_ok()).collect();
    assert_eq!(ok, [true, false, true]);
}

#[test]
fn long_messages_are_cut_and_lists_of_errors_joined() {
    let long = with(ERROR_EVENT, "errorMessage", Some("é".repeat(5000).into()));
    let Ok(Event::ErrorEvent(event)) = read(Kind::ErrorEvents, &long) else { panic!() };
    assert_eq!(event.error_message.unwrap().chars().count(), MESSAGE_MAX_CHARS);
    let blank = with(ERROR_EVENT, "errorMessage", Some(format!("{}x", " ".repeat(5000)).into()));
    assert!(
        matches!(read(Kind::ErrorEvents, &blank), Ok(Event::ErrorEvent(event)) if event.error_message.is_none())
    );
    let list = serde_json::json!(["no symbol", "no price"]);
    let listed = with(INVALID_TRADE, "validationErrors", Some(list));
    let Ok(Event::InvalidTrade(trade)) = read(Kind::InvalidTrades, &listed) else { panic!() };
    assert_eq!(trade.validation_errors.as_deref(), Some("no symbol; no price"));
    for (list, expected) in
        [(serde_json::json!([""]), None), (serde_json::json!(["", "no price"]), Some("no price"))]
    {
        let blank = with(INVALID_TRADE, "validationErrors", Some(list));
        let Ok(Event::InvalidTrade(trade)) = read(Kind::InvalidTrades, &blank) else { panic!() };
        assert_eq!(trade.validation_errors.as_deref(), expected, "an empty text is none");
    }
    assert_eq!(trade.trade_id, TRADE);
    assert_eq!(trade.portfolio_id.as_deref(), Some(PORTFOLIO));
}

#[test]
fn what_is_known_to_be_bad_is_kept_as_it_came() {
    let given = serde_json::json!({
        "tradeId": 42, "portfolioId": "none", "symbol": "A\u{fffd}", "side": "SHORT",
        "pricePerStock": "0.12345678901234567", "quantity": {"lots": [1, -2]}, "timestamp": "yesterday",
        "validationErrors": {"price": "17 places"},
    });
    let Ok(Event::InvalidTrade(trade)) = read(Kind::InvalidTrades, &given.to_string()) else { panic!() };
    assert_eq!((trade.trade_id.as_str(), trade.portfolio_id.as_deref()), ("42", Some("none")));
    assert_eq!((trade.symbol.as_deref(), trade.side.as_deref()), (Some("A\u{fffd}"), Some("SHORT")));
    assert_eq!(trade.price_per_stock.as_deref(), Some("0.12345678901234567"));
    assert_eq!(trade.quantity.as_deref(), Some(r#"{"lots":[1,-2]}"#));
    assert_eq!((trade.timestamp.as_deref(), trade.time()), (Some("yesterday"), None));
    assert_eq!(trade.validation_errors.as_deref(), Some(r#"{"price":"17 places"}"#));
    let long = with(INVALID_TRADE, "side", Some("é".repeat(5000).into()));
    let Ok(Event::InvalidTrade(trade)) = read(Kind::InvalidTrades, &long) else { panic!() };
    assert_eq!(trade.side.unwrap().chars().count(), MESSAGE_MAX_CHARS);
}

proptest! {
    /// Whatever stands in its fields, a report that names a trade is one, and goes through the log unchanged.
    #[test]
    fn no_evidence_is_refused(
        id in "\\S{1,20}",
        values in proptest::collection::vec(any_value(), 7),
    ) {
        let names =
            ["portfolioId", "symbol", "side", "pricePerStock", "quantity", "timestamp", "validationErrors"];
        let mut item: serde_json::Map<_, _> = names.map(str::to_owned).into_iter().zip(values).collect();
        item.insert("tradeId".to_owned(), id.into());
        let event = read(Kind::InvalidTrades, &serde_json::Value::Object(item).to_string()).unwrap();
        prop_assert_eq!(Event::decode(&event.encode().unwrap()).unwrap(), event);
    }
}

fn any_value() -> impl Strategy<Value = serde_json::Value> {
    prop_oneof![
        any::<Option<bool>>().prop_map(Into::into),
        any::<f64>().prop_map(Into::into),
        ".{0,40}".prop_map(Into::into),
        proptest::collection::vec(".{0,5}", 0..3).prop_map(Into::into),
        (".{0,5}", any::<i64>()).prop_map(|(name, number)| serde_json::json!({ name: number })),
    ]
}
