//! Feeds: ordered events, none lost within a retained window.

mod cursor;
mod json;
mod window;

use std::collections::BTreeSet;
use std::sync::Arc;

use hub_core::{Offset, PortfolioId};

pub use cursor::{FeedCursor, FeedStart, Passed};
pub use json::{EventJson, WriteJson};
pub use window::{FeedWindow, WindowLimits};

/// The ordinal of a feed in its [`Catalog`](crate::Catalog).
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub struct FeedId(pub u16);

/// The subject of an event, for those who want the events of one thing only: a
/// portfolio, a trading session.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub struct EventKey(pub u128);

impl From<PortfolioId> for EventKey {
    fn from(id: PortfolioId) -> EventKey {
        EventKey(u128::from_be_bytes(id.to_bytes()))
    }
}

/// The events of a feed that a subscription wants.
#[derive(Clone, PartialEq, Eq, Hash, Debug, Default)]
pub enum EventFilter {
    /// All of them.
    #[default]
    All,
    /// Events about these.
    Keys(Arc<BTreeSet<EventKey>>),
}

impl EventFilter {
    /// Wants the events about these portfolios.
    pub fn about(portfolios: &BTreeSet<PortfolioId>) -> EventFilter {
        EventFilter::Keys(Arc::new(portfolios.iter().copied().map(EventKey::from).collect()))
    }

    /// Admits what both this and `other` do.
    #[must_use]
    pub fn narrowed(self, other: EventFilter) -> EventFilter {
        match (self, other) {
            (EventFilter::All, other) => other,
            (own, EventFilter::All) => own,
            (EventFilter::Keys(own), EventFilter::Keys(other)) => {
                EventFilter::Keys(Arc::new(&*own & &*other))
            }
        }
    }

    /// True if an event about `key` is wanted.
    pub fn admits(&self, key: EventKey) -> bool {
        match self {
            EventFilter::All => true,
            EventFilter::Keys(keys) => keys.contains(&key),
        }
    }

    /// True if nothing is left out.
    pub fn is_all(&self) -> bool {
        matches!(self, EventFilter::All)
    }
}

/// One event of a feed.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct FeedEvent {
    /// Its ordinal in its feed since the process started, from 0: the same on
    /// every shard.
    pub sequence: u64,
    /// The record it follows from; several may follow from one.
    pub offset: Offset,
    /// Its subject.
    pub key: EventKey,
    /// Its JSON.
    pub json: EventJson,
}

impl FeedEvent {
    /// Bytes that it takes, its JSON as it is: for those who send it.
    pub fn written_bytes(&self) -> usize {
        self.json.get().len() + size_of::<FeedEvent>()
    }

    /// Bytes that it takes, about, whether its JSON was written or not: always the same.
    pub fn bytes(&self) -> usize {
        self.json.bytes() + size_of::<FeedEvent>()
    }
}
