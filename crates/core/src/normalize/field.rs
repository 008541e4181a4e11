//! Fields of the kinds, by their names.

use crate::parameters::is_spelling;

/// A field: its canonical name, which rejections carry, and the names that it is read by, in which case, `-` and `_`
/// make no difference. `outer.inner` is a member of a nested object.
pub(super) struct Field {
    pub(super) name: &'static str,
    pub(super) spellings: &'static [&'static str],
}

impl Field {
    pub(super) fn is_called(&self, key: &str) -> bool {
        self.spellings.iter().any(|spelling| is_spelling(spelling, key))
    }

    /// True if the field may be a member of the object that is called so.
    pub(super) fn may_be_in(&self, outer: &str) -> bool {
        let outers = self.spellings.iter().filter_map(|spelling| spelling.split_once('.'));
        outers.into_iter().any(|(name, _)| is_spelling(name, outer))
    }
}

pub(super) const PORTFOLIO_ID: Field =
    Field { name: "portfolioId", spellings: &["portfolioId", "id.portfolioId"] };
pub(super) const SYMBOL: Field = Field { name: "symbol", spellings: &["symbol", "ticker", "id.symbol"] };
pub(super) const TIMESTAMP: Field = Field { name: "timestamp", spellings: &["timestamp"] };
