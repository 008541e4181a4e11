//! `{portfolioId, date, portfolioValue}` (AN-PVAL).

use super::canonical::Members;
use super::raw::{Field, PORTFOLIO_ID, RawObject};
use crate::event::Valuation;
use crate::{Date, Money, Rejection};

const DATE: Field = Field { name: "date", spellings: &["date"] };
const PORTFOLIO_VALUE: Field = Field { name: "portfolioValue", spellings: &["portfolioValue", "value"] };

/// Fields that are read.
pub(super) const FIELDS: &[&Field] = &[&PORTFOLIO_ID, &DATE, &PORTFOLIO_VALUE];

/// No platform is older: a day before is a number that was misread.
const EARLIEST_YEAR: &str = "2000-01-01";

pub(super) fn read(object: &RawObject<'_>) -> Result<Valuation, Rejection> {
    let date = object.require(&DATE)?;
    let value = object.require(&PORTFOLIO_VALUE)?;
    let valuation = Valuation {
        portfolio_id: object.require(&PORTFOLIO_ID)?.parse()?,
        date: date.parse()?,
        portfolio_value: value.number()?,
    };
    if EARLIEST_YEAR.parse::<Date>().is_ok_and(|earliest| valuation.date < earliest) {
        return Err(date.reject(format!("lies before {EARLIEST_YEAR}")));
    }
    if valuation.portfolio_value < Money::ZERO {
        return Err(value.reject("must not be negative"));
    }
    Ok(valuation)
}

pub(super) fn write(it: &Valuation, to: &mut Members) {
    to.text(&PORTFOLIO_ID, it.portfolio_id);
    to.text(&DATE, it.date);
    to.text(&PORTFOLIO_VALUE, it.portfolio_value);
}
