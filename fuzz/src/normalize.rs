//! Bodies of ingest requests, and what their items mean (`hub_core::normalize`).
//!
//! The first byte chooses the kind, the second the form; the rest is the body.

mod spelling;

use hub_core::event::trading::{SessionId, TradeId};
use hub_core::event::{RejectedInput, Upstream};
use hub_core::normalize::{self, BodyError, BodyForm, Item, Kind, trading};
use hub_core::{Event, Rejection};

use self::spelling::{Digits, Object};

/// More than a reason says, a symbol that it shows included.
const REASON_MAX_BYTES: usize = 600;

/// Panics if a promise is broken.
pub fn run(data: &[u8]) {
    let Some((&[kind, form], body)) = data.split_first_chunk() else { return };
    let kind = Kind::ALL[usize::from(kind) % Kind::ALL.len()];
    let form = if form & 1 == 0 { BodyForm::Json } else { BodyForm::NdJson };
    match normalize::items(body, form, usize::MAX) {
        Ok(items) => {
            check_body(body, form, &items);
            for item in &items {
                check_item(kind, item);
                check_relayed(item);
                check_trading(item);
            }
        }
        Err(error) => assert!(form == BodyForm::Json && !error.to_string().is_empty()),
    }
}

/// Items are parts of the body, in order, and no more than may be; and they are the same when the
/// body comes in two, or written anew.
fn check_body(body: &[u8], form: BodyForm, items: &[Item<'_>]) {
    let range = body.as_ptr_range();
    let mut end = range.start;
    for raw in items.iter().map(Item::raw) {
        let place = raw.as_ptr_range();
        assert!(end <= place.start && place.end <= range.end, "an item is a part of the body");
        end = place.end;
    }
    let few = normalize::items(body, form, 3).map(|items| items.len());
    assert_eq!(few, if items.len() > 3 { Err(BodyError::TooManyItems { max: 3 }) } else { Ok(items.len()) });
    let raws = |body: &[u8]| -> Vec<Vec<u8>> {
        let items = normalize::items(body, form, usize::MAX).unwrap_or_default();
        items.iter().map(|item| item.raw().to_vec()).collect()
    };
    let whole = raws(body);
    if form == BodyForm::Json {
        assert_eq!(raws(&[b"[", whole.join(&b',').as_slice(), b" ]"].concat()), whole);
        return;
    }
    for at in body.iter().enumerate().filter(|(_, byte)| **byte == b'\n').map(|(at, _)| at) {
        assert_eq!([raws(&body[..at]), raws(&body[at..])].concat(), whole, "cut at {at}");
    }
}

/// The event, if the text is one item.
fn read(kind: Kind, json: &str) -> Result<Event, Rejection> {
    let items = normalize::items(json.as_bytes(), BodyForm::Json, 1).expect("JSON");
    normalize::item(kind, &items[0])
}

fn check_item(kind: Kind, item: &Item<'_>) {
    let result = normalize::item(kind, item);
    let object = Object::of(item.raw());
    if let Some(object) = object.as_ref().filter(|_| Object::is_plain(item.raw())) {
        assert_eq!(read(kind, &object.text()), result, "a member counts wherever it is");
        assert_eq!(read(kind, &object.with_quoted_numbers().text()), result, "numbers may be strings");
    }
    match result {
        Err(rejection) => check_rejection(kind.as_str(), rejection, item.raw(), object.is_some()),
        Ok(event) => {
            check_log(&event);
            if let Some(object) = object.as_ref().filter(|_| Object::is_plain(item.raw())) {
                check_digits(&event, object);
            }
            let given_back = normalize::canonical(&event).expect("what an item means is written as one");
            assert_eq!(read(kind, &given_back).as_ref(), Ok(&event), "{given_back}");
            let canonical = Object::of_event(&event);
            let is_evidence = kind == Kind::InvalidTrades;
            for spelling in if is_evidence { canonical.names() } else { canonical.spellings() } {
                // The symbols of P&L are a map, and no part of an id.
                if kind == Kind::UnrealizedPnl && spelling.text().contains(r#""id":{"#) {
                    continue;
                }
                assert_eq!(read(kind, &spelling.text()).as_ref(), Ok(&event), "{}", spelling.text());
            }
        }
    }
}

/// A rejection says why and which field; the input is kept whole.
fn check_rejection(kind: &str, rejection: Rejection, raw: &[u8], is_object: bool) {
    assert!((1..=REASON_MAX_BYTES).contains(&rejection.reason.len()), "{rejection:?}");
    assert_eq!(rejection.field.is_some(), is_object, "{rejection:?}");
    // Of a member that nobody reads the name is the peer's.
    let is_known = !rejection.reason.starts_with("is no member here");
    if let Some(field) = rejection.field.as_ref().filter(|_| is_known) {
        assert!(field.bytes().all(|byte| byte.is_ascii_alphabetic() || byte == b'_'), "{rejection:?}");
    }
    let rejected = RejectedInput::new(kind, rejection, raw);
    assert_eq!(rejected.raw, raw, "its bytes are kept as they came");
    check_log(&rejected.into());
}

/// Asserts that the log keeps the event as it is.
fn check_log(event: &Event) {
    let bytes = event.encode().expect("an event can be encoded");
    assert_eq!(&Event::decode(&bytes).expect("what was encoded"), event);
}

/// A number is what its digits say.
fn check_digits(event: &Event, object: &Object) {
    let read = match event {
        Event::Price(quote) => ("price", quote.price.to_string()),
        Event::Transaction(transaction) => ("quantity", transaction.quantity.to_string()),
        Event::Risk(risk) => ("sharpeRatio", risk.sharpe_ratio.to_string()),
        _ => return,
    };
    let (name, number) = read;
    let Some(given) = object.number(name) else { return };
    let (given, number) = (Digits::of(&given), Digits::of(&number));
    // Of a ratio the places beyond the 18th are rounded.
    assert!(given == number || given.exponent < -18, "{name}: {given:?} became {number:?}");
}

/// Facts of other services: what is read is shown, and that read again as the same.
fn check_relayed(item: &Item<'_>) {
    for kind in [Kind::Positions, Kind::UnrealizedPnl] {
        let Ok(event) = normalize::item(kind, item) else { continue };
        let Event::Upstream(fact) = &event else { panic!("{event:?}") };
        let mut json = Vec::new();
        match &**fact {
            Upstream::Position(row) => row.write_json(&mut json),
            Upstream::UnrealizedPnl(pnl) => pnl.write_json(&mut json),
            other @ Upstream::Valuation(_) => panic!("{other:?}"),
        }
        let items = normalize::items(&json, BodyForm::Json, 1).expect("JSON");
        assert_eq!(normalize::item(kind, &items[0]).as_ref(), Ok(&event));
    }
}

/// The auto-trader's commands.
fn check_trading(item: &Item<'_>) {
    let is_object = Object::of(item.raw()).is_some();
    let (session, trade) = (SessionId(6), TradeId(9));
    for result in [
        trading::create_session(item),
        trading::open_trade(session, item),
        trading::close_trade(trade, item),
        trading::stop_session(session, item),
    ] {
        match result {
            Ok(request) => check_log(&Event::Trading(request)),
            Err(rejection) => check_rejection("trading", rejection, item.raw(), is_object),
        }
    }
}
