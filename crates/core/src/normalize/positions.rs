//! AN-WS-1 in all its spellings (FE-1).

use super::raw::{Field, PORTFOLIO_ID, Raw, RawObject, SYMBOL};
use crate::dto::PositionRow;
use crate::{Rejection, Timestamp};

const HOLDINGS: Field = Field { name: "holdings", spellings: &["holdings"] };
const TOTAL_INVESTED: Field = Field { name: "totalInvested", spellings: &["totalInvested"] };
const REALIZED_PNL: Field = Field { name: "realizedPnl", spellings: &["realizedPnl", "realisedPnl"] };
const CREATED_AT: Field = Field { name: "createdAt", spellings: &["createdAt"] };
const UPDATED_AT: Field = Field { name: "updatedAt", spellings: &["updatedAt"] };

/// Fields that are read.
pub(super) const FIELDS: &[&Field] =
    &[&PORTFOLIO_ID, &SYMBOL, &HOLDINGS, &TOTAL_INVESTED, &REALIZED_PNL, &CREATED_AT, &UPDATED_AT];

pub(super) fn read(object: &RawObject<'_>) -> Result<PositionRow, Rejection> {
    Ok(PositionRow {
        portfolio_id: object.require(&PORTFOLIO_ID)?.parse()?,
        symbol: object.require(&SYMBOL)?.parse()?,
        holdings: object.require(&HOLDINGS)?.number()?,
        total_invested: object.require(&TOTAL_INVESTED)?.number()?,
        realized_pnl: object.require(&REALIZED_PNL)?.number()?,
        created_at: time(object, &CREATED_AT)?,
        updated_at: time(object, &UPDATED_AT)?,
    })
}

/// A time as the row shows it: to the millisecond.
fn time(object: &RawObject<'_>, field: &Field) -> Result<Option<Timestamp>, Rejection> {
    let time = object.get(field).map(Raw::any_time).transpose()?;
    Ok(time.and_then(|time| Timestamp::from_millis(time.millis())))
}
