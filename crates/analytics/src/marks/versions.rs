//! Versions of marks: when each portfolio's last changed.

use hub_core::{Expired, Offset};

use crate::holders::Holders;
use crate::portfolio::PortfolioKey;
use crate::row::Phase;
use crate::state::State;
use crate::table::Table;

/// The version of a mark: the latest of what it is computed from. Those are
/// the portfolio (its positions, and closed ones that left) and the prices of
/// what it holds. O(positions of the portfolio).
///
/// It never falls, though a symbol that is closed no longer counts: closing
/// gave the portfolio a version above that of any price before it.
pub(crate) fn version(state: &State, key: PortfolioKey) -> Result<Offset, Expired> {
    let Some(mut newest) = state.portfolios.version(key)? else { return Ok(Offset::START) };
    for member in state.members(key) {
        let (_, entry) = member?;
        if entry.phase == Phase::Open {
            newest = newest.max(state.reference.listings.version(entry.symbol).unwrap_or_default());
        }
    }
    Ok(newest)
}

/// The versions of all marks of one state.
#[derive(Clone, Debug)]
pub(crate) struct MarkVersions(Table<()>);

impl MarkVersions {
    /// From scratch: O(all positions).
    pub(crate) fn of(state: &State) -> Result<MarkVersions, Expired> {
        let mut versions = Table::default();
        for key in 0..state.portfolios.len() {
            versions.push(version(state, key)?, ());
        }
        Ok(MarkVersions(versions))
    }

    /// From the versions as they were at `since`: O(holders of what was
    /// priced since + portfolios).
    pub(crate) fn caught_up(
        mut self,
        state: &State,
        holders: &Holders,
        since: Offset,
    ) -> Result<MarkVersions, Expired> {
        let mut newest = vec![Offset::START; state.portfolios.len() as usize];
        let mut raise = |key: PortfolioKey, version: Option<Offset>| {
            if let (Some(held), Some(version)) = (newest.get_mut(key as usize), version) {
                *held = version.max(*held);
            }
        };
        let mut keys = Vec::new();
        state.portfolios.changed(since, None, usize::MAX, &mut keys)?;
        for key in keys.drain(..) {
            raise(key, state.portfolios.version(key)?);
        }
        state.reference.listings.changed(since, None, usize::MAX, &mut keys);
        for symbol in keys {
            let version = state.reference.listings.version(symbol);
            holders.of(symbol).iter().for_each(|holder| raise(holder.portfolio, version));
        }
        for (key, version) in (0..).zip(newest) {
            if key == self.0.len() {
                self.0.push(version, ());
            } else if version > since {
                self.0.touch(key, version);
            }
        }
        Ok(self)
    }

    pub(crate) fn get(&self, key: PortfolioKey) -> Option<Offset> {
        self.0.version(key)
    }

    /// As [`Table::changed`].
    pub(crate) fn changed(
        &self,
        after: Offset,
        from: Option<PortfolioKey>,
        limit: usize,
        keys: &mut Vec<PortfolioKey>,
    ) -> bool {
        self.0.changed(after, from, limit, keys)
    }
}

/// True if any mark changed since `since`; O(number of symbols priced since).
pub(crate) fn any_changed(state: &State, holders: &Holders, since: Offset) -> bool {
    if state.portfolios.newest() > since {
        return true;
    }
    let mut priced = Vec::new();
    state.reference.listings.changed(since, None, usize::MAX, &mut priced);
    priced.into_iter().any(|symbol| !holders.of(symbol).is_empty())
}
