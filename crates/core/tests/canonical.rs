//! What was sent and what is given back mean the same: an item of any kind that was taken in is written in the
//! documented spelling of its kind and read again as the same event; one that was refused is refused again in the same
//! words.

use std::cell::Cell;
use std::collections::BTreeSet;

use hub_core::event::trading::{SessionId, TradeId, TradingRequest};
use hub_core::event::{Provenance, RejectedInput, Side, Stage, Trade};
use hub_core::normalize::{self, BodyForm, Item, Kind, trading};
use hub_core::{Date, Event, Rejection};
use proptest::option::weighted;
use proptest::prelude::*;
use proptest::sample::select;
use proptest::test_runner::{TestCaseError, TestRunner};
use serde_json::Value;

/// A member of an object: its name and, where it is there, its JSON.
type Member = (&'static str, BoxedStrategy<Option<String>>);

/// A member that is mostly there, and at times not what it should be.
fn member(name: &'static str, there: f64, value: impl Strategy<Value = String> + 'static) -> Member {
    let garbage = select(vec!["null", "\"\"", "-1", "0", "[]", "\"\\ud800\"", "1e99", "{\"a\":1}"]);
    let value = prop_oneof![40 => value.boxed(), 1 => garbage.prop_map(str::to_owned)];
    (name, weighted(there, value).prop_map(move |value| Some(format!("\"{name}\":{}", value?))).boxed())
}

fn json(text: impl Into<Value>) -> String {
    text.into().to_string()
}

fn uuid() -> impl Strategy<Value = String> {
    any::<[u8; 16]>().prop_map(|bytes| json(hub_core::TradeId::from_bytes(bytes).to_string()))
}

/// Mostly in range, of a price and of a quantity.
fn decimal() -> impl Strategy<Value = String> {
    let whole = prop_oneof![8 => 0..100_000_000_u64, 1 => 0..2_000_000_000_000_000_u64, 1 => Just(0)];
    let places = prop_oneof!["[0-9]{1,4}", "[0-9]{8}", "0{1,8}"];
    (whole, places, any::<bool>()).prop_map(|(whole, places, quoted)| {
        let digits = format!("{whole}.{places}");
        if quoted { json(digits) } else { digits }
    })
}

fn ratio() -> impl Strategy<Value = String> {
    (-1000..1000_i64, 0..1_000_000_000_000_000_000_u64)
        .prop_map(|(whole, places)| format!("{whole}.{places:018}"))
}

fn symbol() -> impl Strategy<Value = String> {
    "[ \n]?[A-Za-z0-9.ü\"\\\\]{1,32} ?".prop_map(json)
}

fn text() -> impl Strategy<Value = String> {
    ".{1,60}".prop_map(json)
}

fn count() -> impl Strategy<Value = String> {
    any::<u32>().prop_map(|count| count.to_string())
}

fn offset() -> impl Strategy<Value = String> {
    any::<u64>().prop_map(|count| count.to_string())
}

fn time() -> impl Strategy<Value = String> {
    let text = |nanos| format!("\"2026-02-07T10:30:00.{nanos:09}Z\"");
    let digits = (946_684_800_000..4_102_444_800_000_u64).prop_map(|millis| millis.to_string());
    prop_oneof![digits, (0..1_000_000_000_u64).prop_map(text)]
}

fn day() -> impl Strategy<Value = String> {
    (0..3_000_000).prop_map(|days| json(Date::from_days(days).unwrap_or_default().to_string()))
}

fn word(words: Vec<&'static str>) -> impl Strategy<Value = String> {
    select(words).prop_map(json)
}

fn side() -> impl Strategy<Value = String> {
    word(vec![Side::Buy.as_str(), Side::Sell.as_str(), "buy", "Sell"])
}

fn stage() -> impl Strategy<Value = String> {
    word(Stage::ALL.iter().map(|stage| stage.as_str()).collect())
}

fn errors() -> impl Strategy<Value = String> {
    prop_oneof![
        text(),
        prop::collection::vec(text(), 0..4).prop_map(|texts| format!("[{}]", texts.join(",")))
    ]
}

fn members(kind: Kind) -> Vec<Member> {
    match kind {
        Kind::Transactions => vec![
            member("transactionId", 0.99, uuid()),
            member("portfolioId", 0.99, uuid()),
            member("symbol", 0.99, symbol()),
            member("side", 0.99, side()),
            member("quantity", 0.99, decimal()),
            member("price", 0.8, decimal()),
            member("buyPrice", 0.5, decimal()),
            member("lotPrice", 0.3, decimal()),
            member("sellPrice", 0.5, decimal()),
            member("timestamp", 0.5, time()),
            member("tradeId", 0.5, uuid()),
        ],
        Kind::Prices => vec![
            member("symbol", 0.99, symbol()),
            member("price", 0.99, decimal()),
            member("timestamp", 0.5, time()),
        ],
        Kind::Portfolios => vec![
            member("portfolioId", 0.99, uuid()),
            member("name", 0.99, text()),
            member("phoneNumber", 0.5, prop_oneof![text(), count()]),
            member("address", 0.5, text()),
        ],
        Kind::Symbols => vec![member("symbol", 0.99, symbol()), member("sector", 0.99, text())],
        Kind::Risk => vec![
            member("portfolioId", 0.99, uuid()),
            member("avgRateOfReturn", 0.99, ratio()),
            member("sharpeRatio", 0.99, ratio()),
            member("sortinoRatio", 0.99, ratio()),
        ],
        Kind::Valuations => vec![
            member("portfolioId", 0.99, uuid()),
            member("date", 0.99, day()),
            member("portfolioValue", 0.99, decimal()),
        ],
        kind => members_of_pipeline(kind),
    }
}

fn members_of_pipeline(kind: Kind) -> Vec<Member> {
    let pipeline = |event: f64| {
        vec![
            member("tradeId", event, uuid()),
            member("serviceName", 0.98, text()),
            member("eventStage", 0.98, stage()),
            member("eventTime", 0.6, time()),
        ]
    };
    let with = |mut members: Vec<Member>, more: Vec<Member>| {
        members.extend(more);
        members
    };
    match kind {
        Kind::TradeEvents => with(
            pipeline(0.98),
            vec![
                member("eventType", 0.98, word(vec!["TRADE_RECEIVED", "TRADE_FAILED", "trade_committed"])),
                member("eventStatus", 0.5, text()),
                member("sourceQueue", 0.5, text()),
                member("targetQueue", 0.5, text()),
                member("topicName", 0.6, text()),
                member("consumerGroup", 0.5, text()),
                member("partitionId", 0.5, count()),
                member("offsetValue", 0.5, offset()),
                member("message", 0.5, ".{0,1100}".prop_map(json)),
            ],
        ),
        Kind::QueueMetrics => vec![
            member("serviceName", 0.98, text()),
            member("topicName", 0.98, text()),
            member("partitionId", 0.98, count()),
            member("producedOffset", 0.98, offset()),
            member("consumedOffset", 0.98, offset()),
            member("consumerGroup", 0.98, text()),
            member("snapshotTime", 0.5, time()),
        ],
        Kind::DlqEvents => with(
            pipeline(0.5),
            vec![
                member("topicName", 0.6, text()),
                member("originalTopic", 0.5, text()),
                member("reason", 0.5, ".{0,1100}".prop_map(json)),
            ],
        ),
        Kind::ErrorEvents => with(
            pipeline(0.5),
            vec![
                member("errorType", 0.98, word(vec!["TECHNICAL", "Business", "TIMEOUT", "DESERIALIZATION"])),
                member("errorMessage", 0.5, text()),
            ],
        ),
        Kind::InvalidTrades => vec![
            member("tradeId", 0.98, uuid()),
            member("portfolioId", 0.5, uuid()),
            member("symbol", 0.5, symbol()),
            member("side", 0.5, side()),
            member("pricePerStock", 0.5, ratio()),
            member("quantity", 0.5, decimal()),
            member("timestamp", 0.5, time()),
            member("validationErrors", 0.5, errors()),
        ],
        kind => panic!("{kind:?} is none of the pipeline's"),
    }
}

fn object(members: Vec<Member>) -> impl Strategy<Value = String> {
    let members: Vec<_> = members.into_iter().map(|(_, json)| json).collect();
    members.prop_map(|members| format!("{{{}}}", members.into_iter().flatten().collect::<Vec<_>>().join(",")))
}

/// The path of a command and its body.
fn command() -> impl Strategy<Value = (String, String)> {
    let id = || member("requestId", 0.5, uuid());
    let create = vec![member("name", 0.5, text()), member("initialCapital", 0.99, decimal()), id()];
    let open = vec![
        member("symbol", 0.99, symbol()),
        member("quantity", 0.99, decimal()),
        member("side", 0.5, side()),
        member("entryPrice", 0.5, decimal()),
        member("stopLoss", 0.5, decimal()),
        member("target", 0.5, decimal()),
        id(),
    ];
    let close = vec![member("price", 0.5, decimal()), id()];
    (any::<u64>(), object(create), object(open), object(close), object(vec![id()])).prop_flat_map(
        |(n, create, open, close, stop)| {
            select(vec![
                ("/api/auto-trader/sessions".to_owned(), create),
                (format!("/api/auto-trader/sessions/{n}/trades"), open),
                (format!("/api/auto-trader/trades/{n}/close"), close),
                (format!("/api/auto-trader/sessions/{n}/stop"), stop),
            ])
        },
    )
}

fn only<T>(body: &str, read: impl FnOnce(&Item<'_>) -> T) -> T {
    let items = normalize::items(body.as_bytes(), BodyForm::Json, 1).unwrap();
    read(&items[0])
}

/// The command that is posted to a path.
fn read_command(path: &str, body: &str) -> Result<TradingRequest, Rejection> {
    let mut segments = path.strip_prefix("/api/auto-trader/").unwrap().split('/');
    let mut next = || segments.next().unwrap_or_default();
    let (collection, id, verb) = (next(), next(), next());
    let id = || id.parse().unwrap();
    only(body, |item| match (collection, verb) {
        ("sessions", "") => trading::create_session(item),
        ("sessions", "trades") => trading::open_trade(SessionId(id()), item),
        ("sessions", "stop") => trading::stop_session(SessionId(id()), item),
        ("trades", "close") => trading::close_trade(TradeId(id()), item),
        other => panic!("{other:?}"),
    })
}

fn events(kind: Kind, body: &[u8], form: BodyForm, door: &str) -> Vec<Event> {
    let way = Provenance { door, ..Provenance::default() };
    let readings = normalize::events(kind, body, form, 10, &way).unwrap();
    readings.into_iter().map(|reading| reading.event).collect()
}

/// Asserts that an item is given back; true if it was taken in.
fn is_given_back(kind: Kind, sent: &str) -> Result<bool, TestCaseError> {
    let [event] = &events(kind, sent.as_bytes(), BodyForm::Json, "http")[..] else { panic!("{sent}") };
    prop_assert_eq!(normalize::post_path(event), Some(format!("/api/ingest/{}", kind.as_str())));
    let given_back = match event {
        Event::Rejected(input) => {
            prop_assert_eq!(&input.raw, sent.as_bytes());
            sent.to_owned()
        }
        event => normalize::canonical(event).unwrap(),
    };
    // What the log keeps of it is what is given back.
    prop_assert_eq!(&Event::decode(&event.encode().unwrap()).unwrap(), event);
    for form in [BodyForm::Json, BodyForm::NdJson] {
        let again = events(kind, given_back.as_bytes(), form, "http");
        prop_assert_eq!(&again[..], std::slice::from_ref(event), "{} as {}", sent, given_back);
    }
    Ok(!matches!(event, Event::Rejected(_)))
}

#[test]
fn the_items_have_every_member() {
    for kind in Kind::ALL {
        let names: BTreeSet<_> = normalize::names(kind).map(|(name, _)| name).collect();
        let given: BTreeSet<_> = members(kind).into_iter().map(|(name, _)| name).collect();
        assert_eq!(given, names, "{kind:?}");
    }
}

#[test]
fn an_item_that_is_given_back_means_what_was_sent_or_is_refused_alike() {
    for kind in Kind::ALL {
        let (taken, refused) = (Cell::new(0), Cell::new(0));
        let check = |sent: String| {
            let count = if is_given_back(kind, &sent)? { &taken } else { &refused };
            count.set(count.get() + 1);
            Ok(())
        };
        TestRunner::new(ProptestConfig { failure_persistence: None, ..ProptestConfig::with_cases(400) })
            .run(&object(members(kind)), check)
            .unwrap();
        assert!(taken.get() > 20 && refused.get() > 0, "{kind:?}: {taken:?} taken, {refused:?} refused");
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 2000, ..ProptestConfig::default() })]

    #[test]
    fn a_command_that_is_given_back_is_the_same_command_at_its_path((path, sent) in command()) {
        let request = read_command(&path, &sent);
        prop_assume!(request.is_ok());
        let request = request.unwrap();
        let event = Event::Trading(request.clone());
        prop_assert_eq!(normalize::post_path(&event), Some(path.clone()));
        let given_back = normalize::canonical(&event).unwrap();
        prop_assert_eq!(read_command(&path, &given_back), Ok(request), "{} as {}", sent, given_back);
    }

    #[test]
    fn a_line_is_given_back_byte_for_byte(line in "\\PC{0,40}", tail: Vec<u8>) {
        let mut body = line.into_bytes();
        body.extend(tail.into_iter().filter(|byte| *byte != b'\n'));
        for event in events(Kind::Prices, &body, BodyForm::NdJson, "tcp") {
            let Event::Rejected(input) = &event else { continue };
            let again = events(Kind::Prices, &input.raw, BodyForm::NdJson, "tcp");
            prop_assert_eq!(&again[..], std::slice::from_ref(&event));
        }
    }
}

#[test]
fn what_was_refused_keeps_the_way_it_came() {
    let sender = hub_core::event::Sender { address: "[::1]:4711".parse().unwrap(), connection: Some(17) };
    let content_type = "application/json; ".repeat(100);
    let path = Some("/api/auto-trader/trades/9/close");
    let way = Provenance { door: "tcp", content_type: Some(&content_type), sender: Some(sender), path };
    let refused = |kind: &str| RejectedInput::new(kind, Rejection::whole("is not JSON"), b"\xff").by(&way);
    let input = refused("auto-trader");
    assert_eq!((&*input.door, input.sender.as_deref()), ("tcp", Some("[::1]:4711 connection=17")));
    assert_eq!(input.content_type.as_deref().map(str::len), Some(128), "bounded: each item has it");
    assert_eq!(normalize::post_path(&input.into()).as_deref(), path);
    let fact = RejectedInput { path: None, ..refused("prices") };
    assert_eq!(normalize::post_path(&fact.into()).as_deref(), Some("/api/ingest/prices"));
    assert_eq!(normalize::post_path(&refused("tea").into()), None);
    assert_eq!(normalize::canonical(&Event::Tick), None);
}

#[test]
fn a_sale_of_a_named_lot_is_given_back_as_one() {
    let sent = r#"{"transactionId":"550e8400-e29b-41d4-a716-446655440000","portfolioId":"550e8400-e29b-41d4-a716-446655440001","symbol":"AAPL","side":"SELL","quantity":4,"sellPrice":"14.50","buyPrice":12}"#;
    let event = only(sent, |item| normalize::item(Kind::Transactions, item)).unwrap();
    assert_eq!(
        normalize::canonical(&event).unwrap(),
        r#"{"transactionId":"550e8400-e29b-41d4-a716-446655440000","portfolioId":"550e8400-e29b-41d4-a716-446655440001","symbol":"AAPL","side":"SELL","quantity":"4","price":"14.5","buyPrice":"12"}"#
    );
}

#[test]
fn a_lot_that_was_free_is_named_by_its_lot_price() {
    const ID: &str = "550e8400-e29b-41d4-a716-446655440000";
    let sale = |name: &str, price: &str| {
        let ids = format!(r#""transactionId":"{ID}","portfolioId":"{ID}""#);
        let item = format!(r#"{{{ids},"symbol":"A","side":"SELL","quantity":1,"price":0,"{name}":{price}}}"#);
        events(Kind::Transactions, item.as_bytes(), BodyForm::Json, "http").remove(0)
    };
    let lot = |event: &Event| match event {
        Event::Transaction(it) => match it.trade {
            Trade::Sell { lot_price, .. } => lot_price.map(|price| price.to_string()),
            Trade::Buy { .. } => panic!("a sale"),
        },
        other => panic!("{other:?}"),
    };
    assert_eq!(lot(&sale("buyPrice", "0")), None, "protobuf sends it for one that is absent");
    for name in ["lotPrice", "lot_price"] {
        let free = sale(name, "0");
        assert_eq!(lot(&free).as_deref(), Some("0"), "{name}");
        let given_back = normalize::canonical(&free).unwrap();
        assert_eq!(events(Kind::Transactions, given_back.as_bytes(), BodyForm::Json, "http"), [free]);
    }
}
