//! `{transactionId, portfolioId, symbol, side, quantity, price?, buyPrice?,
//! lotPrice?, sellPrice?, timestamp?, tradeId?}` (AN-IN-1).

use super::canonical::Members;
use super::lifecycle::{TRADE_ID, trade_id_if_known};
use super::raw::{Field, PORTFOLIO_ID, Raw, RawObject, SYMBOL, TIMESTAMP};
use crate::event::{Side, Trade, Transaction};
use crate::{Price, Quantity, Rejection};

const TRANSACTION_ID: Field = Field { name: "transactionId", spellings: &["transactionId"] };
pub(super) const SIDE: Field = Field { name: "side", spellings: &["side"] };
pub(super) const QUANTITY: Field = Field { name: "quantity", spellings: &["quantity", "qty"] };
const PRICE: Field = Field { name: "price", spellings: &["price", "pricePerStock"] };
const BUY_PRICE: Field = Field { name: "buyPrice", spellings: &["buyPrice"] };
const LOT_PRICE: Field = Field { name: "lotPrice", spellings: &["lotPrice"] };
const SELL_PRICE: Field = Field { name: "sellPrice", spellings: &["sellPrice"] };

/// Fields that are read.
pub(super) const FIELDS: &[&Field] = &[
    &TRANSACTION_ID,
    &PORTFOLIO_ID,
    &SYMBOL,
    &SIDE,
    &QUANTITY,
    &PRICE,
    &BUY_PRICE,
    &LOT_PRICE,
    &SELL_PRICE,
    &TIMESTAMP,
    &TRADE_ID,
];

pub(super) fn read(object: &RawObject<'_>) -> Result<Transaction, Rejection> {
    Ok(Transaction {
        transaction_id: object.require(&TRANSACTION_ID)?.parse()?,
        portfolio_id: object.require(&PORTFOLIO_ID)?.parse()?,
        symbol: object.require(&SYMBOL)?.parse()?,
        trade: trade(object)?,
        quantity: quantity(object)?,
        timestamp: object.time(&TIMESTAMP)?,
        trade_id: trade_id_if_known(object)?,
    })
}

/// BUY costs `buyPrice` or `price`; SELL earns `sellPrice` or `price`, and its lot price is `buyPrice`. A `price` of 0 is
/// one: shares that were free, or worth nothing; a side's own of 0 is absent, as protobuf has it. `lotPrice` is
/// `buyPrice`, but 0 in it is a price, by which a lot that was free can be named. Where two are given, they are one. A
/// price that the side does not use must be one all the same: a sender that garbles one is not to be trusted with
/// another.
fn trade(object: &RawObject<'_>) -> Result<Trade, Rejection> {
    let plain = price(object, &PRICE)?;
    let own = |field| price(object, field).map(|price| price.filter(|price| !price.is_zero()));
    let (buy, sell, lot) = (own(&BUY_PRICE)?, own(&SELL_PRICE)?, price(object, &LOT_PRICE)?);
    let buy = match (buy, lot) {
        (Some(buy), Some(lot)) if buy != lot => {
            let reason = "is given twice, as buyPrice and lotPrice, with different values";
            return Err(Rejection::of(BUY_PRICE.name, reason));
        }
        (buy, lot) => buy.or(lot),
    };
    let either = |own: Option<Price>, field: &Field| match (own, plain) {
        (Some(own), Some(plain)) if own != plain && !plain.is_zero() => {
            Err(Rejection::of(PRICE.name, format!("is {plain}, but {} is {own}", field.name)))
        }
        _ => own.or(plain).ok_or_else(|| {
            let name = field.name;
            Rejection::of(name, format!("is required where there is no price; a {name} of 0 counts as none"))
        }),
    };
    match side(object.require(&SIDE)?)? {
        Side::Buy => Ok(Trade::Buy { price: either(buy, &BUY_PRICE)? }),
        Side::Sell => Ok(Trade::Sell { price: either(sell, &SELL_PRICE)?, lot_price: buy }),
    }
}

pub(super) fn side(raw: Raw<'_>) -> Result<Side, Rejection> {
    let text = raw.string()?;
    if text.eq_ignore_ascii_case("BUY") {
        Ok(Side::Buy)
    } else if text.eq_ignore_ascii_case("SELL") {
        Ok(Side::Sell)
    } else {
        Err(raw.reject("must be BUY or SELL"))
    }
}

/// A price that is there; none is negative.
fn price(object: &RawObject<'_>, field: &Field) -> Result<Option<Price>, Rejection> {
    let Some(raw) = object.get(field) else { return Ok(None) };
    let price: Price = raw.number()?;
    if price < Price::ZERO { Err(raw.reject("must not be negative")) } else { Ok(Some(price)) }
}

pub(super) fn quantity(object: &RawObject<'_>) -> Result<Quantity, Rejection> {
    let raw = object.require(&QUANTITY)?;
    let quantity: Quantity = raw.number()?;
    if quantity.is_positive() { Ok(quantity) } else { Err(raw.reject("must be greater than 0")) }
}

pub(super) fn write(it: &Transaction, to: &mut Members) {
    to.text(&TRANSACTION_ID, it.transaction_id);
    to.text(&PORTFOLIO_ID, it.portfolio_id);
    to.text(&SYMBOL, &it.symbol);
    to.text(&SIDE, it.trade.side().as_str());
    to.text(&QUANTITY, it.quantity);
    let (Trade::Buy { price } | Trade::Sell { price, .. }) = it.trade;
    to.text(&PRICE, price);
    if let Trade::Sell { lot_price, .. } = it.trade {
        let named = if lot_price.is_some_and(Price::is_zero) { &LOT_PRICE } else { &BUY_PRICE };
        to.optional(named, lot_price);
    }
    to.time(&TIMESTAMP, it.timestamp);
    to.optional(&TRADE_ID, it.trade_id);
}
