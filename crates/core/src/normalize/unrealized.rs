//! AN-WS-2 in all its spellings (FE-1).

use std::borrow::Cow;
use std::collections::BTreeMap;

use serde_json::value::RawValue;

use super::canonical::Members;
use super::json_object::JsonObject;
use super::raw::{Field, PORTFOLIO_ID, Raw, RawObject};
use crate::dto::UnrealizedPnl;
use crate::symbol::SYMBOL_MAX_CHARS;
use crate::{Money, Rejection, Symbol};

const SYMBOLS: Field = Field { name: "symbol", spellings: &["symbol"] };
const UNPRICED: Field = Field { name: "unpriced", spellings: &["unpriced"] };
const STALE: Field = Field { name: "stale", spellings: &["stale"] };
const AS_OF: Field = Field { name: "asOf", spellings: &["asOf"] };
const OVERALL: Field =
    Field { name: "overallUnrealised_Pnl", spellings: &["overallUnrealised_Pnl", "overallUnrealizedPnl"] };

/// Fields that are read.
pub(super) const FIELDS: &[&Field] = &[&PORTFOLIO_ID, &SYMBOLS, &OVERALL, &UNPRICED, &STALE, &AS_OF];

pub(super) fn read(object: &RawObject<'_>) -> Result<UnrealizedPnl, Rejection> {
    let it = UnrealizedPnl {
        portfolio_id: object.require(&PORTFOLIO_ID)?.parse()?,
        symbols: symbols(object)?,
        overall: object.require(&OVERALL)?.number()?,
        unpriced: list(object, &UNPRICED)?,
        stale: list(object, &STALE)?,
        as_of: object.shown_time(&AS_OF)?,
    };
    // What is stale is so since a time: where one of the two is told of alone, some would read it as stale, some not.
    match (it.stale.is_empty(), it.as_of) {
        (false, None) => Err(Rejection::of(AS_OF.name, "is required where stale names symbols")),
        (true, Some(_)) => Err(Rejection::of(STALE.name, "must name symbols where asOf is given")),
        _ => Ok(it),
    }
}

pub(super) fn write(it: &UnrealizedPnl, to: &mut Members) {
    let UnrealizedPnl { portfolio_id, symbols, overall, unpriced, stale, as_of } = it;
    to.text(&PORTFOLIO_ID, portfolio_id);
    let amounts = symbols.iter().map(|(symbol, amount)| (symbol.to_string(), amount.to_string().into()));
    to.json(&SYMBOLS, amounts.collect::<serde_json::Map<_, _>>());
    to.text(&OVERALL, overall);
    for (field, symbols) in [(&UNPRICED, unpriced), (&STALE, stale)] {
        if !symbols.is_empty() {
            to.json(field, symbols.iter().map(ToString::to_string).collect::<Vec<_>>());
        }
    }
    to.time(&AS_OF, *as_of);
}

fn symbols(object: &RawObject<'_>) -> Result<BTreeMap<Symbol, Money>, Rejection> {
    let Some(raw) = object.get(&SYMBOLS) else { return Ok(BTreeMap::new()) };
    let map = raw.value().and_then(JsonObject::of);
    let map = map.ok_or_else(|| raw.reject("must be an object of symbols and amounts"))?;
    let amount = |(name, value): (Cow<'_, str>, _)| {
        let symbol: Symbol = name.parse().map_err(|error| {
            let shown: String = name.chars().take(SYMBOL_MAX_CHARS).collect();
            raw.reject(format!("{shown:?}: a symbol {error}"))
        })?;
        Ok((symbol, Raw::new(SYMBOLS.name, value).number()?))
    };
    let mut amounts = BTreeMap::new();
    for member in map {
        let (symbol, amount) = amount(member)?;
        if amounts.get(&symbol).is_some_and(|before| *before != amount) {
            return Err(raw.reject(format!("{symbol} is given twice, with different values")));
        }
        amounts.insert(symbol, amount);
    }
    Ok(amounts)
}

/// Symbols, where the sender names any.
fn list(object: &RawObject<'_>, field: &'static Field) -> Result<Vec<Symbol>, Rejection> {
    let Some(raw) = object.get(field) else { return Ok(Vec::new()) };
    let list: Option<Vec<&RawValue>> = raw.value().and_then(|value| serde_json::from_str(value.get()).ok());
    let list = list.ok_or_else(|| raw.reject("must be an array of symbols"))?;
    list.into_iter().map(|symbol| Raw::new(field.name, symbol).parse()).collect()
}
