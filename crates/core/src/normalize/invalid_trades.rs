//! `{tradeId, portfolioId?, symbol?, side?, pricePerStock?, quantity?,
//! timestamp?, validationErrors?}` (RT-IN-5); the errors are a text or an
//! array of texts.

use super::lifecycle::{message, present, shortened, trade_id};
use super::raw::{Field, PORTFOLIO_ID, Raw, RawObject, SYMBOL, TIMESTAMP};
use super::transactions;
use crate::event::InvalidTrade;
use crate::{Rejection, Timestamp};

const SIDE: Field = Field { name: "side", spellings: &["side"] };
const PRICE: Field =
    Field { name: "pricePerStock", spellings: &["pricePerStock", "price_per_stock", "price"] };
const QUANTITY: Field = Field { name: "quantity", spellings: &["quantity"] };
const ERRORS: Field =
    Field { name: "validationErrors", spellings: &["validationErrors", "validation_errors"] };

pub(super) fn read(object: &RawObject<'_>) -> Result<InvalidTrade, Rejection> {
    Ok(InvalidTrade {
        trade_id: trade_id(object)?,
        portfolio_id: present(object, &PORTFOLIO_ID).map(Raw::parse).transpose()?,
        symbol: present(object, &SYMBOL).map(Raw::parse).transpose()?,
        side: present(object, &SIDE).map(transactions::side).transpose()?,
        price_per_stock: present(object, &PRICE).map(Raw::number).transpose()?,
        quantity: present(object, &QUANTITY).map(Raw::number).transpose()?,
        timestamp: timestamp(object)?,
        validation_errors: errors(object)?,
    })
}

/// The refused trade's own time, which is evidence as it is; 0 is absent, as protobuf has it.
fn timestamp(object: &RawObject<'_>) -> Result<Option<Timestamp>, Rejection> {
    let time = present(object, &TIMESTAMP).map(Raw::any_time).transpose()?;
    Ok(time.filter(|time| time.micros() > 0))
}

fn errors(object: &RawObject<'_>) -> Result<Option<String>, Rejection> {
    let Some(raw) = object.get(&ERRORS) else { return Ok(None) };
    match raw.strings() {
        Some(mut list) => {
            list.retain(|text| !text.trim().is_empty());
            Ok(shortened(&list.join("; ")))
        }
        None => message(object, &ERRORS).map_err(|_| raw.reject("must be a text or an array of texts")),
    }
}
