//! AN-WS-2 in all its spellings (FE-1).

use std::collections::BTreeMap;

use super::raw::{Field, PORTFOLIO_ID, Raw, RawObject};
use crate::dto::UnrealizedPnl;
use crate::{Money, Rejection, Symbol};

const SYMBOLS: Field = Field { name: "symbol", spellings: &["symbol"] };
const OVERALL: Field = Field {
    name: "overallUnrealised_Pnl",
    spellings: &[
        "overallUnrealised_Pnl",
        "overallUnrealisedPnl",
        "overallUnrealizedPnl",
        "overallUnrealized_Pnl",
        "overall_unrealised_pnl",
        "overall_unrealized_pnl",
    ],
};

pub(super) fn read(object: &RawObject<'_>) -> Result<UnrealizedPnl, Rejection> {
    Ok(UnrealizedPnl {
        portfolio_id: object.require(&PORTFOLIO_ID)?.parse()?,
        symbols: symbols(object)?,
        overall: object.require(&OVERALL)?.number()?,
        unpriced: Vec::new(),
    })
}

fn symbols(object: &RawObject<'_>) -> Result<BTreeMap<Symbol, Money>, Rejection> {
    let Some(raw) = object.get(&SYMBOLS) else { return Ok(BTreeMap::new()) };
    let map = raw.value().and_then(RawObject::from_value);
    let map = map.ok_or_else(|| raw.reject("must be an object of symbols and amounts"))?;
    let amount = |(name, value)| {
        let symbol: Symbol = str::parse(name).map_err(|error| raw.reject(format!("{name:?} {error}")))?;
        Ok((symbol, Raw::new(SYMBOLS.name, value).number()?))
    };
    map.entries().map(amount).collect()
}
