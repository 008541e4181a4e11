//! Sessions, trades and prices at one position of the log.

use std::sync::Arc;

use hub_core::event::trading::SessionId;
use hub_core::settings::PriceSettings;
use hub_core::{Freshness, Offset, Symbol};
use hub_fanout::Applied;
use rpds::{HashTrieMapSync, RedBlackTreeMapSync};

use crate::answers::{self, CompletedCommand, RecentAnswers};
use crate::quote::Quote;
use crate::session::Session;

/// Sessions, trades and prices as a value: everything in it is persistent, so that
/// a clone is O(1) and the next record copies only the path to what it
/// changes.
///
/// Bounded: active sessions, stopped ones, and each one's open and closed
/// trades by [`AutotraderSettings`](hub_core::settings::AutotraderSettings);
/// prices by the number of symbols; answers by a constant.
#[derive(Clone)]
pub struct State {
    pub(crate) applied: Applied,
    pub(crate) sessions: RedBlackTreeMapSync<SessionId, Arc<Session>>,
    /// Looked up, and walked where its order, which is random, does not show.
    pub(crate) quotes: HashTrieMapSync<Symbol, Quote>,
    pub(crate) prices: PriceSettings,
    /// The record that last changed what is shown of any price.
    pub(crate) priced: Offset,
    pub(crate) answers: RecentAnswers,
}

impl Default for State {
    fn default() -> State {
        State {
            applied: Applied::default(),
            sessions: RedBlackTreeMapSync::new_sync(),
            quotes: HashTrieMapSync::new_sync(),
            prices: PriceSettings::default(),
            priced: Offset::START,
            answers: answers::recent(),
        }
    }
}

impl State {
    /// The place in the log that all of this is as of.
    pub fn applied(&self) -> Applied {
        self.applied
    }

    /// A session, if there is one and it is still kept.
    pub fn session(&self, id: SessionId) -> Option<&Arc<Session>> {
        self.sessions.get(&id)
    }

    /// All sessions from `from` on, by id.
    pub fn sessions_from(&self, from: SessionId) -> impl Iterator<Item = &Arc<Session>> {
        self.sessions.range(from..).map(|(_, session)| session)
    }

    /// The last price of a symbol, if one is known.
    pub fn quote(&self, symbol: &Symbol) -> Option<Quote> {
        self.quotes.get(symbol).copied()
    }

    /// Which prices are fresh.
    pub fn freshness(&self) -> Freshness {
        self.prices.at(self.applied.at)
    }

    /// The record that last changed what is shown of any price: its value, whether it is stale; before the first,
    /// [`Offset::START`].
    pub fn priced(&self) -> Offset {
        self.priced
    }

    /// The answer to the command at `offset`, if it was applied not long ago.
    pub fn answer(&self, offset: Offset) -> Option<&Arc<CompletedCommand>> {
        self.answers.get(offset)
    }
}
