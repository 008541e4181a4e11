//! What a caller chooses: the parameters of REST, of an upgrade's query and of
//! a `subscribe`.

use std::borrow::Cow;

use hub_core::PortfolioId;

/// The rows of one message or answer.
pub(crate) const ROWS_MAX: usize = 1000;
/// Neighbours on either side.
pub(crate) const RANGE_MAX: usize = 500;

/// A whole number with its name, bounds and default.
pub(crate) struct Count {
    pub(crate) name: &'static str,
    pub(crate) default: usize,
    pub(crate) min: usize,
    /// More than this is taken as this.
    pub(crate) max: usize,
}

/// Neighbours on either side (LB-REST-2).
pub(crate) const RANGE: Count = Count { name: "range", default: 5, min: 0, max: RANGE_MAX };

impl Count {
    /// The number given, or the default; else what is wrong, beginning with
    /// the parameter's name.
    pub(crate) fn read(&self, text: Option<&str>) -> Result<usize, String> {
        let Some(text) = text else { return Ok(self.default) };
        let digits_only = !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
        // Digits that are too many for the machine are still a number.
        let number = digits_only.then(|| text.parse().unwrap_or(usize::MAX));
        match number {
            Some(number) if number >= self.min => Ok(number.min(self.max)),
            _ => Err(format!("{}: must be a whole number of at least {}", self.name, self.min)),
        }
    }
}

/// The portfolio given as `portfolioId`; else what is wrong.
pub(crate) fn portfolio_id(text: Option<&str>) -> Result<PortfolioId, String> {
    let text = text.ok_or("portfolioId: is required")?;
    text.parse().map_err(|error| format!("portfolioId: {error}"))
}

/// Finds a parameter's value by its name.
pub(crate) trait Parameters {
    fn text(&self, name: &str) -> Option<Cow<'_, str>>;
}

impl Parameters for hub_server::native::Query {
    fn text(&self, name: &str) -> Option<Cow<'_, str>> {
        self.get(name).map(Cow::Borrowed)
    }
}

/// The members of a command: strings, or numbers by their digits.
impl Parameters for serde_json::Map<String, serde_json::Value> {
    fn text(&self, name: &str) -> Option<Cow<'_, str>> {
        match self.get(name)? {
            serde_json::Value::Null => None,
            serde_json::Value::String(text) => Some(Cow::Borrowed(text)),
            other => Some(Cow::Owned(other.to_string())),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_count_is_a_whole_number_within_its_bounds() {
        let count = Count { name: "limit", default: 50, min: 1, max: 1000 };
        assert_eq!(count.read(None), Ok(50));
        assert_eq!(count.read(Some("7")), Ok(7));
        assert_eq!(count.read(Some("1001")), Ok(1000));
        assert_eq!(count.read(Some("99999999999999999999999999")), Ok(1000));
        for wrong in ["", "0", "-1", "+1", "1.0", "1e2", "ten", " 1", "٣"] {
            let error = count.read(Some(wrong)).unwrap_err();
            assert_eq!(error, "limit: must be a whole number of at least 1", "{wrong:?}");
        }
        assert_eq!(RANGE.read(Some("0")), Ok(0));
    }
}
