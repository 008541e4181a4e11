//! `{portfolioId, name, phoneNumber?, address?}`.

use std::borrow::Cow;

use super::canonical::Members;
use super::raw::{Field, PORTFOLIO_ID, Raw, RawObject};
use crate::Rejection;
use crate::event::PortfolioInfo;

const NAME: Field = Field { name: "name", spellings: &["name", "portfolioName"] };
const PHONE_NUMBER: Field = Field { name: "phoneNumber", spellings: &["phoneNumber"] };
const ADDRESS: Field = Field { name: "address", spellings: &["address"] };

const NAME_MAX_CHARS: usize = 200;
const CONTACT_MAX_CHARS: usize = 500;

/// Fields that are read.
pub(super) const FIELDS: &[&Field] = &[&PORTFOLIO_ID, &NAME, &PHONE_NUMBER, &ADDRESS];

pub(super) fn read(object: &RawObject<'_>) -> Result<PortfolioInfo, Rejection> {
    Ok(PortfolioInfo {
        portfolio_id: object.require(&PORTFOLIO_ID)?.parse()?,
        name: object.require(&NAME)?.text(NAME_MAX_CHARS)?,
        phone_number: object.get(&PHONE_NUMBER).map(phone_number).transpose()?,
        address: object.get(&ADDRESS).map(|raw| contact(raw, raw.string()?)).transpose()?,
    })
}

/// A phone number may come as a whole number: its digits count.
fn phone_number(raw: Raw<'_>) -> Result<String, Rejection> {
    let text = raw.digits()?;
    let is_string = raw.string().is_ok();
    if !is_string && !text.bytes().all(|byte| byte.is_ascii_digit()) {
        return Err(raw.reject("must be a string, or a number without sign, point or exponent"));
    }
    contact(raw, text)
}

fn contact(raw: Raw<'_>, text: Cow<'_, str>) -> Result<String, Rejection> {
    if text.chars().count() > CONTACT_MAX_CHARS {
        return Err(raw.reject(format!("must have at most {CONTACT_MAX_CHARS} characters")));
    }
    Ok(text.into_owned())
}

pub(super) fn write(it: &PortfolioInfo, to: &mut Members) {
    to.text(&PORTFOLIO_ID, it.portfolio_id);
    to.text(&NAME, &it.name);
    to.optional(&PHONE_NUMBER, it.phone_number.as_ref());
    to.optional(&ADDRESS, it.address.as_ref());
}
