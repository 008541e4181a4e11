//! What the commands of a socket lead to.

mod support;

use std::sync::Arc;

use hub_core::SymbolCase;
use hub_fanout::{Document, EventFilter, EventKey};
use hub_server::native::{Action, DocumentPart, Followed, NativeSession, Query};
use support::{Fixture, SYMBOLS_BYTES, document, stop};

fn shown(name: &str, document: &dyn Document) -> String {
    let cadence = document.cadence();
    format!("+{name} {:?}", cadence.on_change_ms.or(cadence.period_ms).unwrap())
}

/// Each action in a word or two.
fn act(socket: &mut dyn NativeSession, json: &str) -> Result<Vec<String>, String> {
    let kind = serde_json::from_str::<serde_json::Value>(json).unwrap()["type"].as_str().unwrap().to_owned();
    let actions = socket.command(&kind, json)?;
    let word = |action| match action {
        Action::Reply(_) => "reply".to_owned(),
        Action::Unfollow { name } => format!("-{name}"),
        Action::Follow { name, what: Followed::Document(document) } => shown(name, &*document),
        Action::Follow { name, what: Followed::Parts(parts) } => shown(name, &*parts[0].document),
        Action::Follow { name, what: Followed::Feed { filter: EventFilter::Keys(keys), .. } } => {
            format!("+{name} {:?}", keys.iter().map(|EventKey(key)| *key).collect::<Vec<_>>())
        }
        other @ Action::Follow { .. } => panic!("{other:?}"),
    };
    Ok(actions.into_iter().map(word).collect())
}

#[test]
fn one_session_at_a_time() {
    let mut hub = Fixture::new();
    hub.create("1000");
    hub.create("1000");
    let mut socket = hub.socket();
    assert!(socket.opened(&Query::default()).unwrap().is_empty());
    let socket = &mut *socket;
    for id in [1, 2] {
        let json = format!(r#"{{"type":"subscribe_session","sessionId":{id}}}"#);
        // The same names: a new one replaces.
        let expected = [format!("+trades [{id}]"), "+session 2000".to_owned()];
        assert_eq!(act(socket, &json).unwrap(), expected);
    }
    let unknown = act(socket, r#"{"type":"subscribe_session","sessionId":3}"#);
    assert_eq!(unknown, Err("there is no session 3".to_owned()));
    assert_eq!(act(socket, r#"{"type":"unsubscribe_session"}"#).unwrap(), ["-trades", "-session"]);
    hub.send(stop(2));
    assert!(
        act(socket, r#"{"type":"subscribe_session","sessionId":2}"#).is_ok(),
        "a stopped one can be seen"
    );
}

#[test]
fn symbols_add_up_and_the_last_interval_counts() {
    let mut hub = Fixture::new();
    for symbol in ["A", "B", "C"] {
        hub.price(symbol, "1");
    }
    let mut socket = hub.socket();
    let shown = |actions: Vec<Action>| -> (usize, Option<u64>) {
        let document = document(actions).unwrap();
        let interval = document.cadence().on_change_ms;
        (document.compose(hub_fanout::Occasion::Opened, hub.now()).messages.len(), interval)
    };
    let mut add = |json: &str| shown(socket.command("subscribe_prices", json).unwrap());
    assert_eq!(add(r#"{"symbols":["A"]}"#), (1, Some(1000)));
    assert_eq!(add(r#"{"symbols":["A","B"],"priceInterval":1}"#), (2, Some(100)), "at least 100");
    assert_eq!(add(r#"{"symbols":["C"],"priceInterval":18446744073709551615}"#), (3, Some(3_600_000)));
    let socket = &mut *socket;
    let left = socket.command("unsubscribe_prices", r#"{"symbols":["A","X"]}"#).unwrap();
    assert_eq!(shown(left), (2, Some(3_600_000)));
    let unsubscribe = |socket: &mut dyn NativeSession, symbols: &str| {
        act(socket, &format!(r#"{{"type":"unsubscribe_prices"{symbols}}}"#)).unwrap()
    };
    assert!(unsubscribe(socket, r#","symbols":["A"]"#).is_empty(), "not followed");
    assert_eq!(unsubscribe(socket, r#","symbols":["B","C"]"#), ["-prices"]);
    assert!(unsubscribe(socket, "").is_empty());
    assert_eq!(act(socket, r#"{"type":"subscribe_prices","symbols":["A"]}"#).unwrap(), ["+prices 1000"]);
    assert_eq!(unsubscribe(socket, ""), ["-prices"]);
}

/// A command that names these symbols.
fn symbols(numbers: std::ops::Range<u32>) -> String {
    let symbols: Vec<String> = numbers.map(|n| format!("S{n}")).collect();
    format!(r#"{{"symbols":{symbols:?}}}"#)
}

fn parts(socket: &mut dyn NativeSession, kind: &str, json: &str) -> Vec<DocumentPart> {
    match socket.command(kind, json).unwrap().pop() {
        Some(Action::Follow { what: Followed::Parts(parts), .. }) => parts,
        other => panic!("{other:?}"),
    }
}

#[test]
fn a_connection_follows_as_many_symbols_as_a_message_holds() {
    let mut hub = Fixture::new();
    for n in (0..100_000).step_by(1000) {
        hub.price(&format!("S{n}"), "1");
    }
    let mut socket = hub.socket();
    let full = symbols(0..100_000);
    assert!(full.len() < SYMBOLS_BYTES);
    let all = parts(&mut *socket, "subscribe_prices", &full);
    let composed = all.iter().map(|part| part.document.compose(hub_fanout::Occasion::Opened, hub.now()));
    assert_eq!(composed.map(|composed| composed.messages.len()).sum::<usize>(), 100);

    // One more touches no more than a part; and so does one less.
    for (kind, json) in
        [("subscribe_prices", symbols(100_000..100_001)), ("unsubscribe_prices", symbols(7..8))]
    {
        let now = parts(&mut *socket, kind, &json);
        let stays = |part: &&DocumentPart| {
            !part.anew && all.iter().any(|old| Arc::ptr_eq(&old.document, &part.document))
        };
        assert!(now.iter().filter(stays).count() + 2 >= all.len(), "{kind}");
    }
}

#[test]
fn who_asks_again_is_told_again() {
    let hub = Fixture::new();
    let mut socket = hub.socket();
    parts(&mut *socket, "subscribe_prices", &symbols(0..10_000));
    let again = parts(&mut *socket, "subscribe_prices", &symbols(5_000..5_001));
    assert_eq!(again.iter().filter(|part| part.anew).count(), 1);
}

#[test]
fn what_a_connection_follows_is_bounded_in_bytes_by_a_limit_that_the_error_names() {
    let hub = Fixture::new();
    let mut socket = hub_autotrader::sockets(hub.reads.clone(), SymbolCase::Kept, 10)[0].endpoint.open();
    assert!(socket.command("subscribe_prices", &symbols(10..13)).is_ok());
    assert!(socket.command("subscribe_prices", &symbols(10..13)).is_ok(), "those already followed");
    let error = socket.command("subscribe_prices", &symbols(13..14)).err().unwrap();
    assert!(error.contains("limits.followed_symbols_bytes (10)"), "{error}");
    assert!(socket.command("unsubscribe_prices", &symbols(10..11)).is_ok());
    assert!(socket.command("subscribe_prices", &symbols(13..14)).is_ok());
}

#[test]
fn equal_subscriptions_share_what_is_composed() {
    let mut hub = Fixture::new();
    hub.create("1000");
    let prices = |json: &str| document(hub.socket().command("subscribe_prices", json).unwrap()).unwrap();
    let first = prices(r#"{"symbols":["A","B"],"priceInterval":50}"#);
    assert!(Arc::ptr_eq(&first, &prices(r#"{"symbols":["B","A","A"],"priceInterval":100}"#)));
    assert!(!Arc::ptr_eq(&first, &prices(r#"{"symbols":["A","B"],"priceInterval":101}"#)));
    assert!(!Arc::ptr_eq(&first, &prices(r#"{"symbols":["A"],"priceInterval":100}"#)));
    let session = hub.session_document(1).unwrap();
    assert!(Arc::ptr_eq(&session, &hub.session_document(1).unwrap()));
}

#[test]
fn anything_else_is_answered_with_an_error_that_names_it() {
    let hub = Fixture::new();
    let error = hub.socket().command("subscribe_everything", "{}").err().unwrap();
    assert!(error.contains("subscribe_everything"), "{error}");
    let error = hub.socket().command("subscribe_session", "{}").err().unwrap();
    assert!(error.starts_with("Invalid message format"), "{error}");
    let error = hub.socket().opened(&Query::parse("symbols=A")).err().unwrap();
    assert_eq!(error, "symbols: is no parameter here; there are none");
}
