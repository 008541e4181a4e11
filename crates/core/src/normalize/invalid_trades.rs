//! `{tradeId, portfolioId?, symbol?, side?, pricePerStock?, quantity?,
//! timestamp?, validationErrors?}` (RT-IN-5); the errors are a text or an
//! array of texts. It is known to be bad, so nothing in it is refused for that:
//! what is no text is kept by its JSON.

use smol_str::SmolStr;

use super::canonical::Members;
use super::lifecycle::{TRADE_ID, present, shortened};
use super::raw::{Field, PORTFOLIO_ID, Raw, RawObject, SYMBOL, TIMESTAMP};
use crate::Rejection;
use crate::event::InvalidTrade;

const SIDE: Field = Field { name: "side", spellings: &["side"] };
const PRICE: Field = Field { name: "pricePerStock", spellings: &["pricePerStock", "price"] };
const QUANTITY: Field = Field { name: "quantity", spellings: &["quantity", "qty"] };
const ERRORS: Field = Field { name: "validationErrors", spellings: &["validationErrors"] };

/// Fields that are read.
pub(super) const FIELDS: &[&Field] =
    &[&TRADE_ID, &PORTFOLIO_ID, &SYMBOL, &SIDE, &PRICE, &QUANTITY, &TIMESTAMP, &ERRORS];

pub(super) fn read(object: &RawObject<'_>) -> Result<InvalidTrade, Rejection> {
    let evidence = |field: &Field| present(object, field).and_then(|raw| shortened(&raw.evidence()));
    let short = |field: &Field| evidence(field).map(SmolStr::from);
    Ok(InvalidTrade {
        trade_id: short(&TRADE_ID).ok_or_else(|| Rejection::of(TRADE_ID.name, "is required"))?,
        portfolio_id: short(&PORTFOLIO_ID),
        symbol: short(&SYMBOL),
        side: short(&SIDE),
        price_per_stock: short(&PRICE),
        quantity: short(&QUANTITY),
        timestamp: short(&TIMESTAMP),
        validation_errors: object.get(&ERRORS).and_then(errors),
    })
}

fn errors(raw: Raw<'_>) -> Option<String> {
    match raw.strings() {
        Some(mut list) => {
            list.retain(|text| !text.trim().is_empty());
            shortened(&list.join("; "))
        }
        None => shortened(&raw.evidence()),
    }
}

pub(super) fn write(it: &InvalidTrade, to: &mut Members) {
    to.text(&TRADE_ID, &it.trade_id);
    to.optional(&PORTFOLIO_ID, it.portfolio_id.as_ref());
    to.optional(&SYMBOL, it.symbol.as_ref());
    to.optional(&SIDE, it.side.as_ref());
    to.optional(&PRICE, it.price_per_stock.as_ref());
    to.optional(&QUANTITY, it.quantity.as_ref());
    to.optional(&TIMESTAMP, it.timestamp.as_ref());
    to.optional(&ERRORS, it.validation_errors.as_ref());
}
