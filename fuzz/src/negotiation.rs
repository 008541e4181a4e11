//! Agreement on `Sec-WebSocket-Extensions` (`hub-ws`).
//!
//! The first byte chooses what the server has, the rest are the header's lines.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use hub_ws::deflate::{Agreement, Settings, WindowBits, negotiate};

/// Panics if a promise is broken.
pub fn run(data: &[u8]) {
    let Some((&chosen, lines)) = data.split_first() else { return };
    let Ok(lines) = str::from_utf8(lines) else { return };
    let bits = |n: u8| WindowBits::new(9 + n % 7).expect("9 to 15");
    let settings = Settings {
        server_context_takeover: chosen & 1 != 0,
        client_context_takeover: chosen & 2 != 0,
        server_window: bits(chosen >> 2),
        client_window: bits(chosen >> 5),
    };
    let lines: Vec<&str> = lines.lines().collect();
    let agreed = negotiate(lines.iter().copied(), settings);
    if let Ok(Some(agreement)) = agreed {
        check(agreement, settings);
    }
    // Without quotes a plain reader will do.
    if !lines.iter().any(|line| line.contains('"')) {
        // Tokens are the same in any case.
        let lines: Vec<String> = lines.iter().map(|line| line.to_ascii_lowercase()).collect();
        let plain: Option<Vec<Offer<'_>>> = lines
            .iter()
            .flat_map(|line| line.split(','))
            .map(trim)
            .filter(|text| !text.is_empty())
            .map(offer)
            .collect();
        let Some(offers) = plain else {
            assert!(agreed.is_err(), "{lines:?} is no list of extensions");
            return;
        };
        let expected = offers.into_iter().find(is_good).map(|offer| answer(&offer, settings));
        assert_eq!(agreed.expect("a list").map(|agreement| agreement.header_value()), expected, "{lines:?}");
    }
}

/// Nothing is agreed to that the server does not have.
fn check(agreement: Agreement, settings: Settings) {
    assert!(!agreement.server_context_takeover || settings.server_context_takeover);
    assert!(!agreement.client_context_takeover || settings.client_context_takeover);
    assert!(agreement.server_window <= settings.server_window);
    // The answer is itself an offer that leads to the same.
    let again = negotiate([agreement.header_value().as_str()], settings);
    let again = again.expect("a list").expect("an offer");
    assert_eq!(again.server_window, agreement.server_window);
    assert_eq!(again.server_context_takeover, agreement.server_context_takeover);
    assert_eq!(again.client_context_takeover, agreement.client_context_takeover);
}

/// A name and its parameters, in order.
type Offer<'a> = (&'a str, Vec<(&'a str, Option<&'a str>)>);

fn trim(text: &str) -> &str {
    text.trim_matches([' ', '\t'])
}

/// `None`: not even well-formed.
fn offer(text: &str) -> Option<Offer<'_>> {
    let is_token = |text: &str| {
        !text.is_empty() && text.chars().all(|c| c.is_ascii_graphic() && !"\"(),/:;<=>?@[\\]{}".contains(c))
    };
    let mut parts = text.split(';').map(trim);
    let name = parts.next().filter(|name| is_token(name))?;
    let parameters = parts.map(|part| {
        let (name, value) = match part.split_once('=') {
            Some((name, value)) => (trim(name), Some(trim(value))),
            None => (part, None),
        };
        (is_token(name) && value.is_none_or(is_token)).then_some((name, value))
    });
    Some((name, parameters.collect::<Option<_>>()?))
}

/// True if it can be agreed to (RFC 7692, section 7.1).
fn is_good((name, parameters): &Offer<'_>) -> bool {
    let names: BTreeMap<_, _> = parameters.iter().copied().collect();
    let bits = |value: Option<&str>, least: u8| {
        value.is_some_and(|value| (least..=15).any(|bits| bits.to_string() == value))
    };
    *name == "permessage-deflate"
        && names.len() == parameters.len()
        && parameters.iter().all(|(name, value)| match *name {
            "server_no_context_takeover" | "client_no_context_takeover" => value.is_none(),
            "server_max_window_bits" => bits(*value, 9),
            "client_max_window_bits" => value.is_none() || bits(*value, 8),
            _ => false,
        })
}

/// Answer of the server to it.
fn answer((_, parameters): &Offer<'_>, settings: Settings) -> String {
    let given = |name: &str| parameters.iter().find(|(given, _)| *given == name).map(|(_, value)| *value);
    let number = |name: &str| given(name).flatten().and_then(|value| value.parse::<u8>().ok());
    let mut answer = "permessage-deflate".to_owned();
    if !settings.server_context_takeover || given("server_no_context_takeover").is_some() {
        answer.push_str("; server_no_context_takeover");
    }
    if !settings.client_context_takeover || given("client_no_context_takeover").is_some() {
        answer.push_str("; client_no_context_takeover");
    }
    let server = number("server_max_window_bits").unwrap_or(15).min(settings.server_window.get());
    if server < 15 {
        let _ = write!(answer, "; server_max_window_bits={server}");
    }
    let hint = number("client_max_window_bits");
    let client = hint.unwrap_or(15).min(settings.client_window.get());
    if given("client_max_window_bits").is_some() && hint != Some(8) && client < 15 {
        let _ = write!(answer, "; client_max_window_bits={client}");
    }
    answer
}
