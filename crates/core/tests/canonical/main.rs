//! What was sent and what is given back mean the same: an item of any kind that was taken in is written in the
//! documented spelling of its kind and read again as the same event; one that was refused is refused again in the same
//! words.

mod members;

use std::cell::Cell;
use std::collections::BTreeSet;

use hub_core::event::trading::{SessionId, TradeId, TradingRequest};
use hub_core::event::{Provenance, RejectedInput, Trade};
use hub_core::normalize::{self, BodyForm, Item, Kind, trading};
use hub_core::{Event, Rejection};
use proptest::prelude::*;
use proptest::sample::select;
use proptest::test_runner::{TestCaseError, TestRunner};

use members::{Member, decimal, member, members, side, symbol, text, uuid};

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
