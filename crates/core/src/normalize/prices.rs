//! `{symbol, price, timestamp?}` (AN-IN-2).

use super::canonical::Members;
use super::raw::{Field, RawObject, SYMBOL, TIMESTAMP};
use crate::event::PriceQuote;
use crate::{Price, Rejection};

const PRICE: Field = Field { name: "price", spellings: &["price"] };

/// Fields that are read.
pub(super) const FIELDS: &[&Field] = &[&SYMBOL, &PRICE, &TIMESTAMP];

pub(super) fn read(object: &RawObject<'_>) -> Result<PriceQuote, Rejection> {
    let symbol = object.require(&SYMBOL)?.parse()?;
    let raw = object.require(&PRICE)?;
    let price: Price = raw.number()?;
    if !price.is_positive() {
        // A quote of 0 is what an unknown symbol gets (BUG-A8).
        return Err(raw.reject("must be greater than 0"));
    }
    Ok(PriceQuote { symbol, price, timestamp: object.time(&TIMESTAMP)? })
}

pub(super) fn write(it: &PriceQuote, to: &mut Members) {
    to.text(&SYMBOL, &it.symbol);
    to.text(&PRICE, it.price);
    to.time(&TIMESTAMP, it.timestamp);
}
