//! The bodies of the auto-trader's commands (AT). Which session or trade a
//! command is about is said by its path.

use super::body::Item;
use super::canonical::Members;
use super::raw::{Field, RawObject, SYMBOL};
use super::transactions::{self, QUANTITY, SIDE};
use crate::event::Side;
use crate::event::trading::{
    CloseTrade, CreateSession, OpenTrade, SessionId, StopSession, TradeId, TradingCommand, TradingRequest,
};
use crate::{Money, Price, Rejection};

const REQUEST_ID: Field = Field { name: "requestId", spellings: &["requestId"] };
const NAME: Field = Field { name: "name", spellings: &["name"] };
const INITIAL_CAPITAL: Field = Field { name: "initialCapital", spellings: &["initialCapital"] };
const ENTRY_PRICE: Field = Field { name: "entryPrice", spellings: &["entryPrice"] };
const STOP_LOSS: Field = Field { name: "stopLoss", spellings: &["stopLoss"] };
const TARGET: Field = Field { name: "target", spellings: &["target"] };
const PRICE: Field = Field { name: "price", spellings: &["price"] };

const NAME_MAX_CHARS: usize = 200;

/// `{name?, initialCapital, requestId?}`.
pub fn create_session(item: &Item<'_>) -> Result<TradingRequest, Rejection> {
    let object = RawObject::parse_command(item, &[&NAME, &INITIAL_CAPITAL, &REQUEST_ID])?;
    let raw = object.require(&INITIAL_CAPITAL)?;
    let initial_capital: Money = raw.number()?;
    if !initial_capital.is_positive() {
        return Err(raw.reject("must be greater than 0"));
    }
    let name = object.get(&NAME).map(|raw| raw.text(NAME_MAX_CHARS)).transpose()?;
    request(&object, TradingCommand::CreateSession(CreateSession { name, initial_capital }))
}

/// `{symbol, quantity, side?: BUY | SELL, entryPrice?, stopLoss?, target?,
/// requestId?}`; BUY if nothing is said.
pub fn open_trade(session_id: SessionId, item: &Item<'_>) -> Result<TradingRequest, Rejection> {
    let known = [&SYMBOL, &QUANTITY, &SIDE, &ENTRY_PRICE, &STOP_LOSS, &TARGET, &REQUEST_ID];
    let object = RawObject::parse_command(item, &known)?;
    let command = OpenTrade {
        session_id,
        symbol: object.require(&SYMBOL)?.parse()?,
        side: object.get(&SIDE).map_or(Ok(Side::Buy), transactions::side)?,
        quantity: transactions::quantity(&object)?,
        entry_price: price(&object, &ENTRY_PRICE)?,
        stop_loss: price(&object, &STOP_LOSS)?,
        target: price(&object, &TARGET)?,
    };
    request(&object, TradingCommand::OpenTrade(command))
}

/// `{price?, requestId?}`.
pub fn close_trade(trade_id: TradeId, item: &Item<'_>) -> Result<TradingRequest, Rejection> {
    let object = RawObject::parse_command(item, &[&PRICE, &REQUEST_ID])?;
    let price = price(&object, &PRICE)?;
    request(&object, TradingCommand::CloseTrade(CloseTrade { trade_id, price }))
}

/// `{requestId?}`.
pub fn stop_session(session_id: SessionId, item: &Item<'_>) -> Result<TradingRequest, Rejection> {
    let object = RawObject::parse_command(item, &[&REQUEST_ID])?;
    request(&object, TradingCommand::StopSession(StopSession { session_id }))
}

fn request(object: &RawObject<'_>, command: TradingCommand) -> Result<TradingRequest, Rejection> {
    let request_id = object.get(&REQUEST_ID).map(super::raw::Raw::parse).transpose()?;
    Ok(TradingRequest { request_id, command })
}

/// A price that is given is one: 0 is not taken for "none".
fn price(object: &RawObject<'_>, field: &Field) -> Result<Option<Price>, Rejection> {
    let Some(raw) = object.get(field) else { return Ok(None) };
    let price: Price = raw.number()?;
    if price.is_positive() { Ok(Some(price)) } else { Err(raw.reject("must be greater than 0")) }
}

/// Path that a command is posted to: it names the session or trade.
pub fn path(command: &TradingCommand) -> String {
    match command {
        TradingCommand::CreateSession(_) => "/api/auto-trader/sessions".to_owned(),
        TradingCommand::OpenTrade(it) => format!("/api/auto-trader/sessions/{}/trades", it.session_id),
        TradingCommand::CloseTrade(it) => format!("/api/auto-trader/trades/{}/close", it.trade_id),
        TradingCommand::StopSession(it) => format!("/api/auto-trader/sessions/{}/stop", it.session_id),
    }
}

pub(super) fn write(request: &TradingRequest, to: &mut Members) {
    match &request.command {
        TradingCommand::CreateSession(it) => {
            to.optional(&NAME, it.name.as_ref());
            to.text(&INITIAL_CAPITAL, it.initial_capital);
        }
        TradingCommand::OpenTrade(it) => {
            to.text(&SYMBOL, &it.symbol);
            to.text(&SIDE, it.side.as_str());
            to.text(&QUANTITY, it.quantity);
            to.optional(&ENTRY_PRICE, it.entry_price);
            to.optional(&STOP_LOSS, it.stop_loss);
            to.optional(&TARGET, it.target);
        }
        TradingCommand::CloseTrade(it) => to.optional(&PRICE, it.price),
        TradingCommand::StopSession(_) => {}
    }
    to.optional(&REQUEST_ID, request.request_id);
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::normalize::{BodyForm, items};

    fn read(
        body: &str,
        read: impl Fn(&Item<'_>) -> Result<TradingRequest, Rejection>,
    ) -> Result<TradingRequest, String> {
        let items = items(body.as_bytes(), BodyForm::Json, 1).unwrap();
        read(&items[0]).map_err(|rejection| rejection.field.map_or_else(String::new, Into::into))
    }

    fn open(body: &str) -> Result<OpenTrade, String> {
        match read(body, |item| open_trade(SessionId(6), item))?.command {
            TradingCommand::OpenTrade(command) => Ok(command),
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn numbers_come_as_numbers_or_strings_and_buy_is_the_default() {
        let given =
            open(r#"{"symbol":"NIFTY","quantity":"50","entry_price":195.25,"stopLoss":190}"#).unwrap();
        let expected = OpenTrade {
            session_id: SessionId(6),
            symbol: "NIFTY".parse().unwrap(),
            side: Side::Buy,
            quantity: "50".parse().unwrap(),
            entry_price: Some("195.25".parse().unwrap()),
            stop_loss: Some("190".parse().unwrap()),
            target: None,
        };
        assert_eq!(given, expected);
        assert_eq!(open(r#"{"symbol":"X","quantity":1,"side":"sell"}"#).unwrap().side, Side::Sell);
        let spelled = open(r#"{"SYMBOL":"NIFTY","Quantity":50,"ENTRY-PRICE":195.25,"stoploss":190,"t":1}"#);
        assert_eq!(spelled.unwrap(), expected);
    }

    #[test]
    fn the_field_at_fault_is_named() {
        for (body, field) in [
            (r#"{"quantity":1}"#, "symbol"),
            (r#"{"symbol":"X"}"#, "quantity"),
            (r#"{"symbol":"X","quantity":0}"#, "quantity"),
            (r#"{"symbol":"X","quantity":1,"side":"HOLD"}"#, "side"),
            (r#"{"symbol":"X","quantity":1,"entryPrice":0}"#, "entryPrice"),
            (r#"{"symbol":"X","quantity":1,"stopLoss":-1}"#, "stopLoss"),
            (r#"{"symbol":"X","quantity":1,"target":"NaN"}"#, "target"),
            (r#"{"symbol":"X","quantity":1,"requestId":"7"}"#, "requestId"),
            (r#"{"symbol":"X","quantity":1,"stopLos":1}"#, "stopLos"),
            (r#"{"symbol":"X","quantity":1,"stopLoss":1,"stop_loss":2}"#, "stopLoss"),
            (r#"{"symbol":"X","quantity":1,"quantity":1}"#, "quantity"),
            (r#"{"symbol":"X","quantity":1,"stopLoss":null,"":1}"#, ""),
        ] {
            assert_eq!(open(body).unwrap_err(), field, "{body}");
        }
        assert_eq!(open("5").unwrap_err(), "", "the whole is at fault");
        assert_eq!(read("{}", create_session).unwrap_err(), "initialCapital");
        assert_eq!(read(r#"{"initialCapital":0}"#, create_session).unwrap_err(), "initialCapital");
        assert_eq!(read(r#"{"initialCapital":1,"name":" "}"#, create_session).unwrap_err(), "name");
        let close = |item: &Item<'_>| close_trade(TradeId(9), item);
        assert_eq!(read(r#"{"price":"x"}"#, close).unwrap_err(), "price");
        assert_eq!(read(r#"{"pirce":1}"#, close).unwrap_err(), "pirce");
        assert_eq!(read(r#"{"capital":1}"#, create_session).unwrap_err(), "capital");
        assert_eq!(read(r#"{"price":1}"#, |item| stop_session(SessionId(6), item)).unwrap_err(), "price");
    }

    #[test]
    fn a_command_carries_the_key_it_was_given() {
        let body = r#"{"requestId":"550E8400-E29B-41D4-A716-446655440000"}"#;
        let stop = read(body, |item| stop_session(SessionId(6), item)).unwrap();
        assert_eq!(stop.request_id.unwrap().to_string(), "550e8400-e29b-41d4-a716-446655440000");
        assert_eq!(read("{}", |item| stop_session(SessionId(6), item)).unwrap().request_id, None);
    }
}
