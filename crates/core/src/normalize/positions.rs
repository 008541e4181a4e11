//! AN-WS-1 in all its spellings (FE-1).

use super::raw::{Field, PORTFOLIO_ID, RawObject, SYMBOL};
use crate::Rejection;
use crate::dto::PositionRow;

const HOLDINGS: Field = Field { name: "holdings", spellings: &["holdings"] };
const TOTAL_INVESTED: Field =
    Field { name: "totalInvested", spellings: &["totalInvested", "total_invested"] };
const REALIZED_PNL: Field =
    Field { name: "realizedPnl", spellings: &["realizedPnl", "realisedPnl", "realized_pnl", "realised_pnl"] };
const CREATED_AT: Field = Field { name: "createdAt", spellings: &["createdAt", "created_at"] };
const UPDATED_AT: Field = Field { name: "updatedAt", spellings: &["updatedAt", "updated_at"] };

pub(super) fn read(object: &RawObject<'_>) -> Result<PositionRow, Rejection> {
    Ok(PositionRow {
        portfolio_id: object.require(&PORTFOLIO_ID)?.parse()?,
        symbol: object.require(&SYMBOL)?.parse()?,
        holdings: object.require(&HOLDINGS)?.number()?,
        total_invested: object.require(&TOTAL_INVESTED)?.number()?,
        realized_pnl: object.require(&REALIZED_PNL)?.number()?,
        created_at: object.time(&CREATED_AT)?,
        updated_at: object.time(&UPDATED_AT)?,
    })
}
