//! The commands of a client, read from their JSON.

use std::collections::BTreeSet;

use hub_core::event::trading::SessionId;
use hub_core::parameters::whole;
use hub_core::{Parameter, ParameterError, Parameters, Symbol};

const SESSION_ID: Parameter = Parameter::new("sessionId");
const SYMBOLS: Parameter = Parameter::new("symbols").or(&["symbol"]);
const PRICE_INTERVAL: Parameter = Parameter::new("priceInterval");

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

/// Interval that is meant where none is asked for, in milliseconds.
const DEFAULT_INTERVAL_MS: u64 = 1000;

impl Command {
    pub(super) fn read(kind: &str, json: &str) -> Result<Command, String> {
        let given = |declared| Parameters::of_command(declared, json).map_err(invalid);
        match kind {
            "subscribe_session" => session_id(&given(&[SESSION_ID])?).map(Command::SubscribeSession),
            "unsubscribe_session" => given(&[]).map(|_| Command::UnsubscribeSession),
            "subscribe_prices" => {
                let given = given(&[SYMBOLS, PRICE_INTERVAL])?;
                let interval_ms = interval_ms(&given).map_err(invalid)?;
                let symbols = symbols(&given).map_err(invalid)?;
                let symbols = symbols.ok_or_else(|| invalid(SYMBOLS.wrong("is required")))?;
                if symbols.is_empty() {
                    return Err(invalid(SYMBOLS.wrong("must not be empty")));
                }
                Ok(Command::SubscribePrices { symbols, interval_ms })
            }
            "unsubscribe_prices" => {
                symbols(&given(&[SYMBOLS])?).map(Command::UnsubscribePrices).map_err(invalid)
            }
            _ => Err(format!("unknown message type {:?}", shortened(kind))),
        }
    }
}

/// A number, or a string of its digits, as a page's route gives it.
fn session_id(given: &Parameters<'_>) -> Result<SessionId, String> {
    let text = given.text(&SESSION_ID).ok_or_else(|| invalid(SESSION_ID.wrong("is required")))?;
    match text.parse() {
        Ok(id) => Ok(id),
        // No id has so many digits.
        Err(_) if whole(&text) == Some(i64::MAX) => Err(format!("there is no session {}", shortened(&text))),
        Err(_) => Err(invalid(SESSION_ID.wrong("must be a whole number"))),
    }
}

fn interval_ms(given: &Parameters<'_>) -> Result<u64, ParameterError> {
    let Some(text) = given.text(&PRICE_INTERVAL) else { return Ok(DEFAULT_INTERVAL_MS) };
    let millis = whole(&text).and_then(|millis| u64::try_from(millis).ok());
    millis.ok_or_else(|| PRICE_INTERVAL.wrong("must be whole milliseconds"))
}

fn symbols(given: &Parameters<'_>) -> Result<Option<BTreeSet<Symbol>>, ParameterError> {
    let Some(texts) = given.list(&SYMBOLS)? else { return Ok(None) };
    let symbol = |text: &String| {
        text.parse().map_err(|error: hub_core::symbol::SymbolError| SYMBOLS.wrong(error.to_string()))
    };
    texts.iter().map(symbol).collect::<Result<_, _>>().map(Some)
}

/// The documented words, and what is wrong.
#[expect(clippy::needless_pass_by_value, reason = "it maps errors")]
fn invalid(why: ParameterError) -> String {
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
                Command::SubscribePrices {
                    symbols: symbols(&["NIFTY"]),
                    interval_ms: i64::MAX.cast_unsigned(),
                },
            ),
            (
                "subscribe_prices",
                r#"{"symbols":["NIFTY","NIFTY"]}"#,
                Command::SubscribePrices { symbols: symbols(&["NIFTY"]), interval_ms: 1000 },
            ),
            (
                "subscribe_prices",
                r#"{"symbol":"NIFTY","price_interval":"99999999999999999999"}"#,
                Command::SubscribePrices { symbols: symbols(&["NIFTY"]), interval_ms: i64::MAX as u64 },
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
            ("subscribe_prices", r#"{"symbols":{}}"#),
            ("subscribe_prices", r#"{"symbols":["\ud83d"]}"#),
            ("subscribe_prices", r#"{"symbols":["A"],"symbol":"B"}"#),
            ("subscribe_prices", r#"{"symbols":["A"],"interval":100}"#),
            ("unsubscribe_session", r#"{"sessionId":6}"#),
            ("subscribe_prices", r#"{"symbols":[""]}"#),
            ("subscribe_prices", r#"{"symbols":["A\ufffd"]}"#),
            ("subscribe_prices", r#"{"symbols":["NIFTY"],"priceInterval":"soon"}"#),
            ("subscribe_prices", r#"{"symbols":["NIFTY"],"priceInterval":-5}"#),
            ("unsubscribe_prices", r#"{"symbols":[7]}"#),
        ] {
            let error = Command::read(kind, json).unwrap_err();
            assert!(error.starts_with("Invalid message format: "), "{json}: {error}");
        }
        let beyond = Command::read("subscribe_session", r#"{"sessionId":99999999999999999999}"#);
        assert_eq!(beyond, Err("there is no session 99999999999999999999".to_owned()));
        assert_eq!(Command::read("buy", "{}"), Err(r#"unknown message type "buy""#.to_owned()));
        assert!(Command::read(&"é".repeat(1000), "{}").unwrap_err().chars().count() < 100);
    }
}
