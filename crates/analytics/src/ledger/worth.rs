//! The worth of what is held.

use hub_core::{Money, Offset, PortfolioId};

use super::{Ledger, portfolio_of};
use crate::history::{Ends, Worths, worths};
use crate::portfolio::PortfolioKey;
use crate::relayed::Origin;
use crate::row::{Entry, Phase, beside};

impl Ledger {
    /// Portfolios that ever had a position.
    pub(crate) fn portfolios(&self) -> u32 {
        self.portfolios.len()
    }

    /// The newest change of what anybody's worth depends on.
    pub(crate) fn newest(&self) -> Offset {
        self.portfolios.newest_version().max(self.reference.listings.newest())
    }

    /// All portfolios' worth and P&L. O(all positions), in the order in which they lie in memory.
    pub(crate) fn worths(&self) -> (Worths, Ends) {
        let positions = (0..self.rows.len()).filter_map(|key| self.entry(key));
        worths(self.portfolios.len(), positions, &self.reference.listings, &self.reference.relayed)
    }

    /// True of a portfolio that a service upstream computes.
    pub(crate) fn is_relayed(&self, key: PortfolioKey) -> bool {
        self.reference.origin(key) == Origin::Relayed
    }

    /// The id of a portfolio.
    pub(crate) fn portfolio_id(&self, key: PortfolioKey) -> Option<PortfolioId> {
        portfolio_of(&self.portfolios, key).map(|portfolio| portfolio.id)
    }

    /// The last change of what a portfolio's worth depends on, and its worth as [`worths`](Ledger::worths) has it.
    /// O(positions of the portfolio).
    pub(crate) fn worth(&self, key: PortfolioKey) -> (Offset, Option<Money>) {
        let Some(row) = self.portfolios.get(key) else { return (Offset::START, None) };
        if self.is_relayed(key) {
            return (row.version, None);
        }
        let (mut version, mut worth) = (row.version, Some(Money::ZERO));
        let mut next = crate::portfolio::Portfolio::of(row.words).newest;
        while let Some(row) = next.and_then(|key| self.rows.get(key)) {
            next = beside(row.aside);
            let entry = Entry::of(row.words);
            if entry.phase != Phase::Open {
                continue;
            }
            let listings = &self.reference.listings;
            version = version.max(listings.version(entry.symbol).unwrap_or_default());
            let price = listings.get(entry.symbol).and_then(|listing| listing.quote).map(|quote| quote.price);
            let amount = price.and_then(|price| Money::of(price, entry.balance.holdings));
            worth = worth.zip(amount).and_then(|(worth, amount)| worth.checked_add(amount));
        }
        (version, worth)
    }
}
