//! `{portfolioId, avgRateOfReturn, sharpeRatio, sortinoRatio}` (LB-IN-1).

use super::canonical::Members;
use super::raw::{Field, PORTFOLIO_ID, RawObject};
use crate::Rejection;
use crate::event::RiskMetrics;

const AVG_RATE_OF_RETURN: Field =
    Field { name: "avgRateOfReturn", spellings: &["avgRateOfReturn", "avgReturn"] };
const SHARPE_RATIO: Field = Field { name: "sharpeRatio", spellings: &["sharpeRatio", "sharpe"] };
const SORTINO_RATIO: Field = Field { name: "sortinoRatio", spellings: &["sortinoRatio", "sortino"] };

/// Fields that are read.
pub(super) const FIELDS: &[&Field] = &[&PORTFOLIO_ID, &AVG_RATE_OF_RETURN, &SHARPE_RATIO, &SORTINO_RATIO];

pub(super) fn read(object: &RawObject<'_>) -> Result<RiskMetrics, Rejection> {
    Ok(RiskMetrics {
        portfolio_id: object.require(&PORTFOLIO_ID)?.parse()?,
        avg_rate_of_return: object.require(&AVG_RATE_OF_RETURN)?.number()?,
        sharpe_ratio: object.require(&SHARPE_RATIO)?.number()?,
        sortino_ratio: object.require(&SORTINO_RATIO)?.number()?,
    })
}

pub(super) fn write(it: &RiskMetrics, to: &mut Members) {
    to.text(&PORTFOLIO_ID, it.portfolio_id);
    to.text(&AVG_RATE_OF_RETURN, it.avg_rate_of_return);
    to.text(&SHARPE_RATIO, it.sharpe_ratio);
    to.text(&SORTINO_RATIO, it.sortino_ratio);
}
