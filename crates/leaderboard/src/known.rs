//! Knowledge of a portfolio, ranked or not yet.

use std::sync::Arc;

use hub_core::PortfolioId;

use crate::row::Row;

/// One version of it: immutable, shared by all boards that have it.
#[derive(Clone)]
pub(crate) enum Known {
    /// It is ranked.
    Ranked(Arc<Row>),
    /// It is not ranked yet, but has a name.
    Named(Arc<Named>),
}

/// A portfolio and its name.
pub(crate) struct Named {
    pub(crate) id: PortfolioId,
    pub(crate) name: Arc<str>,
}

impl Known {
    pub(crate) fn id(&self) -> PortfolioId {
        match self {
            Known::Ranked(row) => row.id,
            Known::Named(named) => named.id,
        }
    }

    pub(crate) fn name(&self) -> Option<&Arc<str>> {
        match self {
            Known::Ranked(row) => row.name.as_ref(),
            Known::Named(named) => Some(&named.name),
        }
    }

    /// Its row, if it is ranked.
    pub(crate) fn row(&self) -> Option<&Arc<Row>> {
        match self {
            Known::Ranked(row) => Some(row),
            Known::Named(_) => None,
        }
    }
}

/// The number of the page with what is known of a portfolio, and whether this keeps to ingested values: a word of a table.
///
/// The latter is no part of the row, since nobody is shown it: a row that did not change is not sent again.
#[derive(Clone, Copy)]
pub(crate) struct Slot(u32);

/// Set where risk was ingested: half of the numbers that there are is more rows than memory has room for.
const INGESTED: u32 = 1 << 31;

impl Slot {
    pub(crate) fn of(number: u32, is_ingested: bool) -> Slot {
        debug_assert!(number < INGESTED, "a page has a number of its own");
        Slot(if is_ingested { number | INGESTED } else { number })
    }

    /// Reads what a table has.
    pub(crate) fn from_word(word: u32) -> Slot {
        Slot(word)
    }

    /// The word that a table has of it.
    pub(crate) fn word(self) -> u32 {
        self.0
    }

    pub(crate) fn number(self) -> u32 {
        self.0 & !INGESTED
    }

    pub(crate) fn is_ingested(self) -> bool {
        self.0 & INGESTED != 0
    }
}
