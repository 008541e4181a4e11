//! The commands of a client, read from their JSON.

use std::collections::BTreeSet;

use hub_core::Symbol;
use hub_core::event::trading::SessionId;
use serde::Deserialize;
use serde_json::value::RawValue;

/// A command of a client.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(super) enum Command {
    /// `{"type":"subscribe_session","sessionId":6}`.
    SubscribeSession(SessionId),
    /// `{"type":"unsubscribe_session"}`.
    UnsubscribeSession,
    /// `{"type":"subscribe_prices","symbols":["NIFTY"],"priceInterval":1000}`.
    SubscribePrices {
        /// At least one.
        symbols: BTreeSet<Symbol>,
        /// As it was asked for.
        interval_ms: u64,
    },
    /// `{"type":"unsubscribe_prices","symbols":["NIFTY"]}`; all of them
    /// without `symbols`.
    UnsubscribePrices(Option<BTreeSet<Symbol>>),
}

/// What is asked for by saying nothing.
const DEFAULT_INTERVAL_MS: u64 = 1000;

impl Command {
    pub(super) fn read(kind: &str, json: &str) -> Result<Command, String> {
        match kind {
            "subscribe_session" => {
                let SubscribeSession { session_id } = fields(json)?;
                session_id.read().map(Command::SubscribeSession)
            }
            "unsubscribe_session" => Ok(Command::UnsubscribeSession),
            "subscribe_prices" => {
                let SubscribePrices { symbols, price_interval } = fields(json)?;
                let interval_ms = match price_interval {
                    None => DEFAULT_INTERVAL_MS,
                    Some(given) => whole_number(given.get())
                        .ok_or_else(|| invalid("priceInterval: must be whole milliseconds"))?,
                };
                let symbols = read_symbols(&symbols)?;
                if symbols.is_empty() {
                    return Err(invalid("symbols: must not be empty"));
                }
                Ok(Command::SubscribePrices { symbols, interval_ms })
            }
            "unsubscribe_prices" => {
                let UnsubscribePrices { symbols } = fields(json)?;
                symbols.map(|symbols| read_symbols(&symbols)).transpose().map(Command::UnsubscribePrices)
            }
            _ => Err(format!("unknown message type {:?}", shortened(kind))),
        }
    }
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct SubscribeSession<'j> {
    #[serde(borrow)]
    session_id: Id<'j>,
}

/// A number, or a string of its digits, as a page's route gives it.
#[derive(Deserialize)]
struct Id<'j>(#[serde(borrow)] &'j RawValue);

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct SubscribePrices<'j> {
    symbols: Vec<String>,
    #[serde(borrow)]
    price_interval: Option<&'j RawValue>,
}

#[derive(Deserialize)]
struct UnsubscribePrices {
    symbols: Option<Vec<String>>,
}

impl Id<'_> {
    fn read(self) -> Result<SessionId, String> {
        let text = self.0.get();
        let digits = text.strip_prefix('"').and_then(|text| text.strip_suffix('"')).unwrap_or(text);
        let id = whole_number(digits).ok_or_else(|| invalid("sessionId: must be a whole number"))?;
        Ok(SessionId(id))
    }
}

/// A number by its digits; beyond what can be counted it is still one.
fn whole_number(text: &str) -> Option<u64> {
    let digits_only = !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    digits_only.then(|| text.parse().unwrap_or(u64::MAX))
}

fn fields<'a, T: Deserialize<'a>>(json: &'a str) -> Result<T, String> {
    serde_json::from_str(json).map_err(|error| invalid(&error.to_string()))
}

fn read_symbols(texts: &[String]) -> Result<BTreeSet<Symbol>, String> {
    let symbol = |text: &String| text.parse().map_err(|error| invalid(&format!("symbols: {error}")));
    texts.iter().map(symbol).collect()
}

/// The documented words, and what is wrong.
fn invalid(why: &str) -> String {
    format!("Invalid message format: {why}")
}

/// A client is told what it sent, not all of it.
fn shortened(text: &str) -> String {
    text.chars().take(64).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn symbols(texts: &[&str]) -> BTreeSet<Symbol> {
        texts.iter().map(|text| text.parse().unwrap()).collect()
    }

    #[test]
    fn the_documented_messages_are_read() {
        for (kind, json, command) in [
            (
                "subscribe_session",
                r#"{"type":"subscribe_session","sessionId":6}"#,
                Command::SubscribeSession(SessionId(6)),
            ),
            ("subscribe_session", r#"{"sessionId":"6"}"#, Command::SubscribeSession(SessionId(6))),
            (
                "subscribe_prices",
                r#"{"type":"subscribe_prices","symbols":["NIFTY","BANKNIFTY","RELIANCE"],"priceInterval":500}"#,
                Command::SubscribePrices {
                    symbols: symbols(&["NIFTY", "BANKNIFTY", "RELIANCE"]),
                    interval_ms: 500,
                },
            ),
            (
                "subscribe_prices",
                r#"{"symbols":["NIFTY"],"priceInterval":99999999999999999999999}"#,
                Command::SubscribePrices { symbols: symbols(&["NIFTY"]), interval_ms: u64::MAX },
            ),
            (
                "subscribe_prices",
                r#"{"symbols":["NIFTY","NIFTY"]}"#,
                Command::SubscribePrices { symbols: symbols(&["NIFTY"]), interval_ms: 1000 },
            ),
            ("unsubscribe_session", r#"{"type":"unsubscribe_session"}"#, Command::UnsubscribeSession),
            (
                "unsubscribe_prices",
                r#"{"symbols":["NIFTY"]}"#,
                Command::UnsubscribePrices(Some(symbols(&["NIFTY"]))),
            ),
            ("unsubscribe_prices", r#"{"type":"unsubscribe_prices"}"#, Command::UnsubscribePrices(None)),
        ] {
            assert_eq!(Command::read(kind, json), Ok(command), "{json}");
        }
    }

    #[test]
    fn anything_else_is_an_error_in_the_documented_words() {
        for (kind, json) in [
            ("subscribe_session", "{}"),
            ("subscribe_session", r#"{"sessionId":-1}"#),
            ("subscribe_session", r#"{"sessionId":"six"}"#),
            ("subscribe_prices", "{}"),
            ("subscribe_prices", r#"{"symbols":[]}"#),
            ("subscribe_prices", r#"{"symbols":"NIFTY"}"#),
            ("subscribe_prices", r#"{"symbols":[""]}"#),
            ("subscribe_prices", r#"{"symbols":["A\ufffd"]}"#),
            ("subscribe_prices", r#"{"symbols":["NIFTY"],"priceInterval":"soon"}"#),
            ("subscribe_prices", r#"{"symbols":["NIFTY"],"priceInterval":-5}"#),
            ("unsubscribe_prices", r#"{"symbols":[7]}"#),
        ] {
            let error = Command::read(kind, json).unwrap_err();
            assert!(error.starts_with("Invalid message format: "), "{json}: {error}");
        }
        assert_eq!(Command::read("buy", "{}"), Err(r#"unknown message type "buy""#.to_owned()));
        assert!(Command::read(&"é".repeat(1000), "{}").unwrap_err().chars().count() < 100);
    }
}
