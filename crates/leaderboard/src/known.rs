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
