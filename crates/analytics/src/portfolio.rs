//! One portfolio: its positions, and the encoded marks.

use hub_core::PortfolioId;
use hub_fanout::{EncodedCell, RowKey};

use crate::marks::SheetCell;
use crate::row::{aside, beside};

/// A portfolio's key in `/topic/unrealized-pnl`.
pub(crate) type PortfolioKey = RowKey;

/// Words of a portfolio in its table.
pub(crate) const WORDS: usize = 3;

/// Words of its id, which is in a table that is only added to: whoever asks for it on behalf of an old view has it
/// without walking over what the portfolio was meanwhile.
pub(crate) const ID_WORDS: usize = 2;

/// A portfolio as its table has it. Its version is the offset of the last record that changed one of its positions or
/// let a closed one leave.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) struct Portfolio {
    /// The position that was added last; it leads to those before it.
    pub(crate) newest: Option<RowKey>,
    /// Here, too, for the writer: whoever changes the portfolio has looked at its id.
    pub(crate) id: PortfolioId,
}

impl Portfolio {
    pub(crate) fn words(self) -> [u64; WORDS] {
        let [high, low] = id_words(self.id);
        [aside(self.newest).into(), high, low]
    }

    pub(crate) fn of([newest, id @ ..]: [u64; WORDS]) -> Portfolio {
        Portfolio { newest: beside(newest as u32), id: id_of(id) }
    }
}

pub(crate) fn id_words(id: PortfolioId) -> [u64; ID_WORDS] {
    let id = u128::from_be_bytes(id.to_bytes());
    [(id >> 64) as u64, id as u64]
}

pub(crate) fn id_of([high, low]: [u64; ID_WORDS]) -> PortfolioId {
    PortfolioId::from_bytes((u128::from(high) << 64 | u128::from(low)).to_be_bytes())
}

/// Encoded marks of one portfolio.
#[derive(Default, Debug)]
pub(crate) struct EncodedMark {
    /// Of flushed views.
    pub(crate) flushed: EncodedCell,
    /// Of settled states, which run ahead of the flushes: in a cell of its own, so that neither evicts the other's.
    pub(crate) settled: EncodedCell,
    pub(crate) sheet: SheetCell,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_portfolio_is_what_its_words_say() {
        let id: PortfolioId = "80112233-4455-6677-8899-aabbccddeeff".parse().unwrap();
        for newest in [None, Some(0), Some(u32::MAX - 1)] {
            let portfolio = Portfolio { newest, id };
            assert_eq!(Portfolio::of(portfolio.words()), portfolio);
        }
        assert_eq!(id_of(id_words(id)), id);
    }
}
