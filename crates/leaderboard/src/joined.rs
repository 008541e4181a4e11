//! P&L that stands beside ranks.

use std::sync::Arc;

use hub_core::views::{PnlView, PortfolioPnl};
use hub_core::{Offset, Pnl, PortfolioId, Position};

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

    /// P&L beside that of a flush before, to tell what moved.
    pub(crate) fn since(&self, flush: Position) -> Since<'_> {
        Since {
            joined: self,
            after: flush.offset,
            before: self.from.as_ref().and_then(|(pnl, _)| pnl.at(flush).ok()),
        }
    }

    /// True if nothing moved after this offset.
    pub(crate) fn stood(&self, after: Offset) -> bool {
        self.from.as_ref().is_none_or(|(_, view)| view.newest() <= after)
    }

    /// True if a portfolio's P&L may have moved after this offset.
    pub(crate) fn may_have_moved(&self, id: PortfolioId, after: Offset) -> bool {
        let version = self.from.as_ref().map(|(_, view)| view.version(id));
        version.is_some_and(|version| version.map_or(true, |version| version > after))
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

/// P&L now beside that of a flush before.
pub(crate) struct Since<'a> {
    joined: &'a Joined,
    after: Offset,
    /// None once that is not kept any more.
    before: Option<Box<dyn PnlView>>,
}

impl Since<'_> {
    /// True if a portfolio's P&L is another, or nobody knows any more what it was and it may be.
    pub(crate) fn moved(&self, id: PortfolioId) -> bool {
        let before = || self.before.as_ref().map(|before| before.pnl(id));
        self.joined.may_have_moved(id, self.after) && before() != Some(Ok(self.joined.pnl(id)))
    }
}
