//! Decimals by their digits.

pub(crate) const PRICE_PLACES: usize = 8;
pub(crate) const MONEY_PLACES: usize = 16;
pub(crate) const RATIO_PLACES: usize = 18;

/// Units of `10^-places` as a JSON number.
pub(crate) fn decimal(units: i128, places: usize) -> String {
    let digits = format!("{:0width$}", units.unsigned_abs(), width = places + 1);
    let (whole, fraction) = digits.split_at(digits.len() - places);
    let text = format!("{whole}.{fraction}");
    let sign = if units < 0 { "-" } else { "" };
    format!("{sign}{}", text.trim_end_matches('0').trim_end_matches('.'))
}
