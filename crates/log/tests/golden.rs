//! Logs that earlier versions wrote are opened, and mean what they meant.
//!
//! `golden/NAME.db` is a log, `golden/NAME.jsonl` its records as JSON, a line each. A change of the form adds a pair:
//! `GOLDEN_LOG=NAME cargo test -p hub-log --test golden` writes one of all kinds of events as this version writes
//! them. NAME is the date, and where there is a log of that date, a word for the change: `2026-11-29`,
//! `2026-11-29-venue`. None is ever removed.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

use hub_core::event::{Provenance, Sender};
use hub_core::normalize::{self, Kind};
use hub_core::settings::Settings;
use hub_core::{Event, Offset, Record, Timestamp};
use hub_log::{EmbeddedLog, Entry, EventLog, LogView, Options};
use serde_json::json;

/// Items of each kind, with every member that the kind has.
const ITEMS: [(Kind, &str); 16] = [
    (
        Kind::Transactions,
        r#"{"transactionId":"550e8400-e29b-41d4-a716-446655440000","portfolioId":"550e8400-e29b-41d4-a716-446655440001",
            "symbol":"AAPL","side":"BUY","price":"150.25","quantity":"1000000000000.00000001",
            "tradeId":"550e8400-e29b-41d4-a716-446655440009",
            "timestamp":"2026-02-07T10:30:00.123456Z"}"#,
    ),
    (
        Kind::Transactions,
        r#"{"transactionId":"550e8400-e29b-41d4-a716-446655440002","portfolioId":"550e8400-e29b-41d4-a716-446655440001",
            "symbol":"AAPL","side":"SELL","sellPrice":"151","buyPrice":"150.25","lotPrice":"150.25","quantity":"0.5"}"#,
    ),
    (Kind::Prices, r#"{"symbol":"BRK.B","price":"412.75","timestamp":1770000000000}"#),
    (
        Kind::Portfolios,
        r#"{"portfolioId":"550e8400-e29b-41d4-a716-446655440001","name":"Überschuss","phoneNumber":"+49 1","address":"B"}"#,
    ),
    (Kind::Symbols, r#"{"symbol":"AAPL","sector":"Technology"}"#),
    (
        Kind::Risk,
        r#"{"portfolioId":"550e8400-e29b-41d4-a716-446655440001","avgRateOfReturn":"0.008819639682769775",
            "sharpeRatio":"-13.30202579498291","sortinoRatio":"0"}"#,
    ),
    (
        Kind::Valuations,
        r#"{"portfolioId":"550e8400-e29b-41d4-a716-446655440001","date":"2026-02-07","portfolioValue":"125000.5"}"#,
    ),
    (
        Kind::Positions,
        r#"{"portfolioId":"550e8400-e29b-41d4-a716-446655440004","symbol":"AAPL","holdings":"150.5","totalInvested":"22500",
            "realizedPnl":"-1000.123456789","createdAt":1770000000000,"updatedAt":1770000000001}"#,
    ),
    (
        Kind::UnrealizedPnl,
        r#"{"portfolioId":"550e8400-e29b-41d4-a716-446655440004","symbol":{"AAPL":"2550","MSFT":"-250.5"},
            "overallUnrealised_Pnl":"2299.5","unpriced":["X"],"stale":["AAPL"],"asOf":1770000000000}"#,
    ),
    (
        Kind::TradeEvents,
        r#"{"tradeId":"550e8400-e29b-41d4-a716-446655440003","serviceName":"capture","eventType":"TRADE_RECEIVED",
            "eventStage":"RECEIVED","eventStatus":"SUCCESS","sourceQueue":"a","targetQueue":"b","topicName":"c",
            "consumerGroup":"d","partitionId":3,"offsetValue":4,"eventTime":1770000000000,"message":"in words"}"#,
    ),
    (
        Kind::TradeEvents,
        r#"{"tradeId":"550e8400-e29b-41d4-a716-446655440003","serviceName":"capture","eventType":"TRADE_SENT_TO_DLQ",
            "eventStage":"COMMITTED"}"#,
    ),
    (
        Kind::QueueMetrics,
        r#"{"serviceName":"capture","topicName":"trades","partitionId":0,"producedOffset":12,"consumedOffset":7,
            "consumerGroup":"g","snapshotTime":1770000000000}"#,
    ),
    (
        Kind::DlqEvents,
        r#"{"tradeId":"550e8400-e29b-41d4-a716-446655440003","serviceName":"capture","topicName":"dlq",
            "originalTopic":"trades","reason":"no lot","eventStage":"ENRICHED","eventTime":1770000000000}"#,
    ),
    (
        Kind::ErrorEvents,
        r#"{"tradeId":"550e8400-e29b-41d4-a716-446655440003","serviceName":"capture","errorType":"TIMEOUT",
            "errorMessage":"late","eventStage":"VALIDATED","eventTime":1770000000000}"#,
    ),
    (
        Kind::InvalidTrades,
        r#"{"tradeId":"550e8400-e29b-41d4-a716-446655440003","portfolioId":"550e8400-e29b-41d4-a716-446655440001",
            "symbol":"AAPL","side":"SELL","pricePerStock":"-1.5","quantity":"0","timestamp":1770000000000,
            "validationErrors":"quantity"}"#,
    ),
    (Kind::Prices, r#"{"symbol":"AAPL","price":"dear"}"#),
];

/// An event of each kind there is.
fn events() -> Vec<Event> {
    let sender = Sender { address: "127.0.0.1:4711".parse().expect("an address"), connection: Some(7) };
    let way = Provenance {
        door: "http",
        content_type: Some("application/json"),
        sender: Some(sender),
        path: Some("/api/ingest/prices"),
    };
    let items = ITEMS.iter().flat_map(|(kind, item)| {
        normalize::events(*kind, item.as_bytes(), normalize::BodyForm::Json, 1, &way).expect("an item")
    });
    let items = items.map(|reading| reading.event);
    let commands = [
        json!({"trading": {"requestId": "550e8400-e29b-41d4-a716-446655440000",
            "command": {"create-session": {"name": "Morning", "initialCapital": "50000.5"}}}}),
        json!({"trading": {"command": {"open-trade": {"sessionId": 6, "symbol": "NIFTY", "side": "SELL",
            "quantity": "50", "entryPrice": "195.25", "stopLoss": "200", "target": "190.5"}}}}),
        json!({"trading": {"command": {"close-trade": {"tradeId": 9, "price": "196.3"}}}}),
        json!({"trading": {"command": {"stop-session": {"sessionId": 6}}}}),
    ];
    let commands = commands.into_iter().map(|command| serde_json::from_value(command).expect("a command"));
    items.chain(commands).chain([Event::Tick, Event::Settings(Settings::default())]).collect()
}

fn line(record: &Record) -> String {
    json!({"offset": record.offset.0, "at": record.at.micros(), "event": record.event}).to_string()
}

fn records(path: &Path) -> Vec<std::sync::Arc<Record>> {
    LogView::open(path).expect("a log").read(Offset::START, usize::MAX).expect("records")
}

/// The record that [`line`] wrote, by this version or an earlier one.
fn record(line: &str) -> Record {
    let mut line: serde_json::Value = serde_json::from_str(line).expect("JSON");
    let event = serde_json::from_value(line["event"].take()).expect("an event");
    let at = line["at"].as_i64().and_then(Timestamp::from_micros).expect("a time");
    Record { offset: Offset(line["offset"].as_u64().expect("an offset")), at, event }
}

/// A log of all events, as this version writes it, at a time that is always the same.
fn write(path: &Path) {
    let micros = std::sync::atomic::AtomicI64::new(1_770_460_200_000_000);
    let clock = move || {
        let now = micros.fetch_add(1_234_567, std::sync::atomic::Ordering::Relaxed);
        Timestamp::from_micros(now).expect("a time")
    };
    let log =
        EmbeddedLog::open(path, Options { clock: std::sync::Arc::new(clock), ..Options::new() }).unwrap();
    let (first, second) = (events(), events());
    log.append(first.into_iter().map(Entry::from).collect()).wait().unwrap();
    for (n, event) in second.into_iter().enumerate() {
        let key = Some(format!("key {n}"));
        log.append(vec![Entry { key, ..Entry::from(event) }]).wait().unwrap();
    }
    log.close().unwrap();
}

fn golden() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/golden")
}

/// Tells whether a log may have this name: `YYYY-MM-DD`, or `YYYY-MM-DD-word`.
fn is_name(name: &str) -> bool {
    let Some((date, word)) = name.split_at_checked(10) else { return false };
    let digit_or_dash = |(place, byte): (usize, u8)| match place {
        4 | 7 => byte == b'-',
        _ => byte.is_ascii_digit(),
    };
    let is_word = |word: &str| !word.is_empty() && word.bytes().all(|byte| byte.is_ascii_lowercase());
    date.bytes().enumerate().all(digit_or_dash)
        && (word.is_empty() || word.strip_prefix('-').is_some_and(is_word))
}

#[test]
fn the_items_have_every_member() {
    for kind in Kind::ALL {
        let items = ITEMS.iter().filter(|(of, _)| *of == kind);
        let given: BTreeSet<String> = items
            .flat_map(|(_, item)| serde_json::from_str::<serde_json::Map<_, _>>(item).expect("an object"))
            .map(|(name, _)| name)
            .collect();
        let names: BTreeSet<_> = normalize::names(kind).map(|(name, _)| name.to_owned()).collect();
        assert_eq!(given, names, "{kind:?}");
    }
}

#[test]
fn what_earlier_versions_wrote_means_what_it_meant() {
    let dir = tempfile::tempdir().unwrap();
    if let Ok(name) = std::env::var("GOLDEN_LOG") {
        assert!(is_name(&name), "{name}: a golden log is named by its date, and a word: 2026-11-29-venue");
        let path = golden().join(&name).with_extension("db");
        assert!(!path.exists(), "{name} is there: a golden log is never written again");
        let written = dir.path().join("written.db");
        write(&written);
        fs::copy(&written, &path).unwrap();
        fs::write(
            path.with_extension("jsonl"),
            records(&written).iter().map(|record| line(record) + "\n").collect::<String>(),
        )
        .unwrap();
    }
    let mut compared = 0;
    for entry in fs::read_dir(golden()).unwrap() {
        let path = entry.unwrap().path();
        if path.extension().is_none_or(|extension| extension != "db") {
            continue;
        }
        assert!(is_name(&path.file_stem().unwrap().to_string_lossy()), "{}", path.display());
        // A copy: opening makes files beside it, and changes its mode.
        let copy = dir.path().join(path.file_name().unwrap());
        fs::copy(&path, &copy).unwrap();
        let expected = fs::read_to_string(path.with_extension("jsonl")).unwrap();
        let found = records(&copy);
        assert_eq!(found.len(), expected.lines().count(), "{}", path.display());
        for (found, expected) in found.iter().zip(expected.lines()) {
            assert_eq!(**found, record(expected), "{}", path.display());
        }
        let log = EmbeddedLog::open(&copy, Options::new()).unwrap();
        let head = log.head();
        log.append(vec![Event::Tick.into()]).wait().expect("it goes on");
        assert_eq!(log.head(), head.next());
        compared += 1;
    }
    assert!(compared > 0, "there are golden logs");
}

#[test]
fn what_this_version_writes_it_reads() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("log.db");
    write(&path);
    let (expected, seen) = (events(), LogView::open(&path).unwrap().read(Offset::START, usize::MAX).unwrap());
    assert_eq!(seen.len(), 2 * expected.len());
    for (record, event) in seen.iter().zip(expected.iter().cycle()) {
        assert_eq!(&record.event, event);
    }
    let mut numbers: Vec<u8> = expected.iter().map(Event::number).collect();
    numbers.sort_unstable();
    numbers.dedup();
    assert_eq!(numbers, (1..=15).collect::<Vec<u8>>(), "a golden log has every kind there is");
}
