//! One portfolio: its positions, and the encoded marks.

use std::sync::Arc;

use hub_core::{Offset, PortfolioId};
use hub_fanout::{EncodedCell, RowKey};

use crate::marks::SheetCell;
use crate::row::{aside, beside};
use crate::table::Table;

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
    /// Of the summary, which flushes alone show.
    pub(crate) summary: EncodedCell,
}

/// Portfolios whose encoded marks lie side by side.
const BLOCK: usize = 16;

/// Encoded marks of all portfolios, by key. In blocks, for a tick goes over all of them in their order: one that lies by
/// itself is a place of memory that no cache has.
#[derive(Clone, Default, Debug)]
pub(crate) struct EncodedMarks {
    blocks: Table<Arc<[EncodedMark; BLOCK]>>,
    len: u32,
}

impl EncodedMarks {
    /// Adds those of the next portfolio.
    pub(crate) fn push(&mut self) {
        if (self.len as usize).is_multiple_of(BLOCK) {
            self.blocks.push(Offset::START, Arc::default());
        }
        self.len += 1;
    }

    /// Those of a portfolio.
    pub(crate) fn get(&self, key: PortfolioKey) -> Option<&EncodedMark> {
        let (block, place) = (key / BLOCK as u32, key as usize % BLOCK);
        self.blocks.get(block).map(|block| &block[place])
    }

    /// All of them.
    pub(crate) fn iter(&self) -> impl Iterator<Item = &EncodedMark> {
        self.blocks.iter().flat_map(|block| block.iter())
    }
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
