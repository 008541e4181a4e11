//! `{symbol, sector}` (AN-IN-4).

use super::canonical::Members;
use super::raw::{Field, RawObject, SYMBOL};
use crate::Rejection;
use crate::event::SymbolInfo;

const SECTOR: Field = Field { name: "sector", spellings: &["sector", "sectorName"] };
const SECTOR_MAX_CHARS: usize = 100;

/// Fields that are read.
pub(super) const FIELDS: &[&Field] = &[&SYMBOL, &SECTOR];

pub(super) fn read(object: &RawObject<'_>) -> Result<SymbolInfo, Rejection> {
    Ok(SymbolInfo {
        symbol: object.require(&SYMBOL)?.parse()?,
        sector: object.require(&SECTOR)?.text(SECTOR_MAX_CHARS)?,
    })
}

pub(super) fn write(it: &SymbolInfo, to: &mut Members) {
    to.text(&SYMBOL, &it.symbol);
    to.text(&SECTOR, &it.sector);
}
