//! `{portfolioId, name, phoneNumber?, address?}`.

use super::raw::{Field, PORTFOLIO_ID, RawObject};
use crate::Rejection;
use crate::event::PortfolioInfo;

const NAME: Field = Field { name: "name", spellings: &["name", "portfolioName", "portfolio_name"] };
const PHONE_NUMBER: Field = Field { name: "phoneNumber", spellings: &["phoneNumber", "phone_number"] };
const ADDRESS: Field = Field { name: "address", spellings: &["address"] };

const NAME_MAX_CHARS: usize = 200;
const CONTACT_MAX_CHARS: usize = 500;

pub(super) fn read(object: &RawObject<'_>) -> Result<PortfolioInfo, Rejection> {
    Ok(PortfolioInfo {
        portfolio_id: object.require(&PORTFOLIO_ID)?.parse()?,
        name: object.require(&NAME)?.text(NAME_MAX_CHARS)?,
        phone_number: contact(object, &PHONE_NUMBER)?,
        address: contact(object, &ADDRESS)?,
    })
}

/// A phone number may come as a number: its digits count.
fn contact(object: &RawObject<'_>, field: &Field) -> Result<Option<String>, Rejection> {
    let Some(raw) = object.get(field) else { return Ok(None) };
    let text = raw.digits()?.into_owned();
    if text.chars().count() > CONTACT_MAX_CHARS {
        return Err(raw.reject(format!("must have at most {CONTACT_MAX_CHARS} characters")));
    }
    Ok(Some(text))
}
