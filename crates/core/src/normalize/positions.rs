//! AN-WS-1 in all its spellings (FE-1).

use super::canonical::Members;
use super::raw::{Field, PORTFOLIO_ID, RawObject, SYMBOL};
use crate::dto::PositionRow;
use crate::{Money, Quantity, Rejection};

const HOLDINGS: Field = Field { name: "holdings", spellings: &["holdings"] };
const TOTAL_INVESTED: Field = Field { name: "totalInvested", spellings: &["totalInvested"] };
const REALIZED_PNL: Field = Field { name: "realizedPnl", spellings: &["realizedPnl", "realisedPnl"] };
const CREATED_AT: Field = Field { name: "createdAt", spellings: &["createdAt"] };
const UPDATED_AT: Field = Field { name: "updatedAt", spellings: &["updatedAt"] };

/// Fields that are read.
pub(super) const FIELDS: &[&Field] =
    &[&PORTFOLIO_ID, &SYMBOL, &HOLDINGS, &TOTAL_INVESTED, &REALIZED_PNL, &CREATED_AT, &UPDATED_AT];

pub(super) fn read(object: &RawObject<'_>) -> Result<PositionRow, Rejection> {
    let (holdings, total_invested) = (object.require(&HOLDINGS)?, object.require(&TOTAL_INVESTED)?);
    let row = PositionRow {
        portfolio_id: object.require(&PORTFOLIO_ID)?.parse()?,
        symbol: object.require(&SYMBOL)?.parse()?,
        holdings: holdings.number()?,
        total_invested: total_invested.number()?,
        realized_pnl: object.require(&REALIZED_PNL)?.number()?,
        created_at: object.shown_time(&CREATED_AT)?,
        updated_at: object.shown_time(&UPDATED_AT)?,
    };
    // Shares of a whole are of what is positive.
    for (raw, is_negative) in
        [(holdings, row.holdings < Quantity::ZERO), (total_invested, row.total_invested < Money::ZERO)]
    {
        if is_negative {
            return Err(raw.reject("must not be negative"));
        }
    }
    Ok(row)
}

pub(super) fn write(it: &PositionRow, to: &mut Members) {
    to.text(&PORTFOLIO_ID, it.portfolio_id);
    to.text(&SYMBOL, &it.symbol);
    to.text(&HOLDINGS, it.holdings);
    to.text(&TOTAL_INVESTED, it.total_invested);
    to.text(&REALIZED_PNL, it.realized_pnl);
    to.time(&CREATED_AT, it.created_at);
    to.time(&UPDATED_AT, it.updated_at);
}
