//! `{symbol, sector}` (AN-IN-4).

use super::canonical::Members;
use super::raw::{Field, RawObject, SYMBOL};
use crate::Rejection;
use crate::event::SymbolInfo;
use crate::symbol::visible;

const SECTOR: Field = Field { name: "sector", spellings: &["sector", "sectorName"] };
const SECTOR_MAX_CHARS: usize = 100;

/// Fields that are read.
pub(super) const FIELDS: &[&Field] = &[&SYMBOL, &SECTOR];

pub(super) fn read(object: &RawObject<'_>) -> Result<SymbolInfo, Rejection> {
    Ok(SymbolInfo {
        symbol: object.require(&SYMBOL)?.parse()?,
        sector: sector(&object.require(&SECTOR)?.text(SECTOR_MAX_CHARS)?)?,
    })
}

/// A sector is found by its name, as a symbol is, and by a path, of which dots alone are no part.
fn sector(text: &str) -> Result<String, Rejection> {
    let text = visible(text).map_err(|error| Rejection::of(SECTOR.name, error.to_string()))?;
    if matches!(text, "." | "..") {
        return Err(Rejection::of(SECTOR.name, "must not be . or .., which are no part of a path"));
    }
    Ok(text.to_owned())
}

pub(super) fn write(it: &SymbolInfo, to: &mut Members) {
    to.text(&SYMBOL, &it.symbol);
    to.text(&SECTOR, &it.sector);
}
