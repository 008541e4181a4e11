//! `/topic/movers` and `/topic/sectors`: documents, summed up over what each subscriber asked for.

use std::sync::OnceLock;

use bytes::Bytes;
use hub_core::{Expired, Offset, PortfolioId};
use hub_fanout::{Filter, RowKey, Snapshot, View};

use crate::marks::Positions as _;
use crate::movers::MOVERS;
use crate::portfolio::PortfolioKey;
use crate::sectors::Held;
use crate::state::State;

/// The two of them.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Kind {
    Movers,
    Sectors,
}

/// The only element.
const KEY: RowKey = 0;

/// A document of all portfolios, from flush to flush.
#[derive(Default)]
pub(crate) struct Kept {
    /// The offset that last changed it.
    version: Offset,
    /// It was looked at, or would have been, when this was the newest of all that it depends on.
    seen: Offset,
    /// Of that version; none while nobody looks.
    json: Option<Bytes>,
}

impl Kept {
    /// Takes in a state of a later flush; true if the document, or that of somebody who wants a part of it, may have
    /// changed. One that says the same in the end is the same.
    pub(crate) fn follow(&mut self, kind: Kind, state: &State, is_watched: bool) -> bool {
        let newest = kind.newest(state);
        let may_have_changed = newest > self.seen;
        self.seen = newest;
        if !is_watched {
            self.json = None;
        }
        if may_have_changed || self.json.is_none() {
            // The newest state has not expired.
            let json = is_watched.then(|| kind.write(state, Held::ByAll, MOVERS).ok()).flatten();
            if may_have_changed && (json.is_none() || json != self.json) {
                self.version = newest;
            }
            self.json = json;
        }
        may_have_changed
    }
}

/// A document at one flush.
pub(crate) struct DocumentView {
    kind: Kind,
    state: Snapshot<State>,
    version: Offset,
    /// That of all portfolios, by whoever first asks.
    json: OnceLock<Bytes>,
}

impl DocumentView {
    pub(crate) fn new(kind: Kind, state: Snapshot<State>, kept: &Kept) -> DocumentView {
        let json = kept.json.clone().map_or_else(OnceLock::new, OnceLock::from);
        DocumentView { kind, state, version: kept.version, json }
    }

    /// The offset that last changed it. What nothing was said of yet is there from the first record on.
    fn version(&self, filter: &Filter) -> Result<Offset, Expired> {
        let version = match filter.portfolios() {
            None => self.version,
            Some(portfolios) => {
                let mut version = self.kind.newest_beside(&self.state);
                for key in portfolios.iter().filter_map(|id| self.state.key(*id)) {
                    version = version.max(self.kind.newest_of(&self.state, key)?);
                }
                version
            }
        };
        Ok(version.max(Offset::START.next()))
    }
}

impl View for DocumentView {
    fn changed(
        &self,
        after: Offset,
        from: Option<RowKey>,
        filter: &Filter,
        limit: usize,
        keys: &mut Vec<RowKey>,
    ) -> Result<bool, Expired> {
        let is_wanted = from.is_none() && self.version(filter)? > after;
        keys.extend(Some(KEY).filter(|_| is_wanted && limit > 0));
        Ok(is_wanted && limit == 0)
    }

    fn portfolio(&self, _: RowKey) -> Result<Option<PortfolioId>, Expired> {
        Ok(None)
    }

    fn element(&self, key: RowKey) -> Result<Option<Bytes>, Expired> {
        self.element_for(key, &Filter::ALL)
    }

    fn element_for(&self, key: RowKey, filter: &Filter) -> Result<Option<Bytes>, Expired> {
        if key != KEY {
            return Ok(None);
        }
        let limit = filter.limit().map_or(MOVERS, usize::from);
        if let Some(portfolios) = filter.portfolios() {
            return self.kind.write(&self.state, Held::ByThese(portfolios), limit).map(Some);
        }
        if limit != MOVERS {
            return self.kind.write(&self.state, Held::ByAll, limit).map(Some);
        }
        if let Some(json) = self.json.get() {
            return Ok(Some(json.clone()));
        }
        let json = self.kind.write(&self.state, Held::ByAll, limit)?;
        Ok(Some(self.json.get_or_init(|| json).clone()))
    }
}

impl Kind {
    fn write(self, state: &State, held: Held<'_>, limit: usize) -> Result<Bytes, Expired> {
        let mut out = Vec::new();
        match self {
            Kind::Movers => state.write_movers(held, limit, &mut out)?,
            Kind::Sectors => state.write_sectors(held, &mut out)?,
        }
        Ok(out.into())
    }

    /// The newest of all that it depends on.
    fn newest(self, state: &State) -> Offset {
        let prices = match self {
            Kind::Movers => state.reference.listings.newest(),
            Kind::Sectors => Offset::START,
        };
        state.portfolios.newest().max(prices).max(self.newest_beside(state))
    }

    /// The newest of what it depends on beside portfolios.
    fn newest_beside(self, state: &State) -> Offset {
        match self {
            Kind::Movers => state.history().last().map_or(Offset::START, |day| day.offset),
            Kind::Sectors => state.reference.classified(),
        }
    }

    /// The newest of what a portfolio's part of it depends on.
    fn newest_of(self, state: &State, key: PortfolioKey) -> Result<Offset, Expired> {
        match self {
            Kind::Movers => {
                let mut newest = state.mark_version(key)?;
                // A mark that is relayed follows from no price, but the change of that is shown beside it.
                for member in state.relayed(key).into_iter().flat_map(|_| state.members(key)) {
                    let (_, entry) = member?;
                    let price = state.reference.listings.version(entry.symbol);
                    newest = newest.max(price.unwrap_or_default());
                }
                Ok(newest)
            }
            Kind::Sectors => Ok(state.portfolios.version(key)?.unwrap_or_default()),
        }
    }
}
