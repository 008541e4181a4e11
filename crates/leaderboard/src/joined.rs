//! P&L that stands beside ranks.

use std::sync::Arc;

use hub_core::views::{PnlView, PortfolioPnl};
use hub_core::{Pnl, PortfolioId, Position};

/// P&L of portfolios at one position; of none if nobody knows any.
pub(crate) struct Joined {
    from: Option<(Arc<dyn PortfolioPnl>, Box<dyn PnlView>)>,
}

impl Joined {
    pub(crate) fn none() -> Joined {
        Joined { from: None }
    }

    /// As of what has been applied.
    pub(crate) fn settled(pnl: &Arc<dyn PortfolioPnl>) -> Joined {
        Joined { from: Some((Arc::clone(pnl), pnl.settled())) }
    }

    /// As of a flush, as long as that is kept.
    pub(crate) fn at(pnl: &Arc<dyn PortfolioPnl>, flush: Position) -> Option<Joined> {
        let view = pnl.at(flush).ok()?;
        Some(Joined { from: Some((Arc::clone(pnl), view)) })
    }

    /// The place in the log that they are as of, if there are any.
    pub(crate) fn position(&self) -> Option<Position> {
        self.from.as_ref().map(|(_, view)| view.position())
    }

    /// The portfolio's P&L, where anybody knows.
    pub(crate) fn pnl(&self, id: PortfolioId) -> Option<Pnl> {
        let (pnl, view) = self.from.as_ref()?;
        if let Ok(known) = view.pnl(id) {
            return known;
        }
        // What has expired is younger elsewhere: the newest has not, and this one was the newest a moment ago.
        loop {
            if let Ok(known) = pnl.settled().pnl(id) {
                return known;
            }
        }
    }
}
