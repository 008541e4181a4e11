//! Sessions, trades and prices as they are walked. Which trades are open, and at which prices they end, follows.

use std::collections::{BTreeSet, HashMap, VecDeque};
use std::sync::Arc;

use hub_core::event::trading::SessionId;
use hub_core::settings::{AutotraderSettings, PriceSettings};
use hub_core::{FreshPrices, Offset, Symbol, Timestamp};
use hub_fanout::walk;
use rpds::{HashTrieMapSync, RedBlackTreeMapSync};
use serde::{Deserialize, Serialize, Serializer};

use super::{Ledger, Triggers};
use crate::quote::Quote;
use crate::session::Session;
use crate::state::State;

/// A [`Ledger`] that was walked.
#[derive(Deserialize)]
pub(super) struct Walked {
    settings: AutotraderSettings,
    prices: PriceSettings,
    now: Timestamp,
    last_session: u64,
    last_trade: u64,
    stopped: VecDeque<SessionId>,
    sessions: RedBlackTreeMapSync<SessionId, Arc<Session>>,
    quotes: HashTrieMapSync<Symbol, Quote>,
    priced: Offset,
}

/// The same, as it is written.
#[derive(Serialize)]
struct Parts<'a> {
    settings: &'a AutotraderSettings,
    prices: PriceSettings,
    now: Timestamp,
    last_session: u64,
    last_trade: u64,
    stopped: &'a VecDeque<SessionId>,
    sessions: &'a RedBlackTreeMapSync<SessionId, Arc<Session>>,
    #[serde(serialize_with = "walk::sorted")]
    quotes: &'a HashTrieMapSync<Symbol, Quote>,
    priced: Offset,
}

/// The recent answers are left out: those who wait for them are of this process.
impl Serialize for Ledger {
    fn serialize<S: Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        let Ledger {
            state,
            settings,
            now,
            fresh: _,
            last_session,
            last_trade,
            active_sessions: _,
            stopped,
            open: _,
            triggers: _,
        } = self;
        let State { applied: _, sessions, quotes, prices, priced, answers: _ } = state;
        Parts {
            settings,
            prices: *prices,
            now: *now,
            last_session: *last_session,
            last_trade: *last_trade,
            stopped,
            sessions,
            quotes,
            priced: *priced,
        }
        .serialize(to)
    }
}

impl TryFrom<Walked> for Ledger {
    type Error = &'static str;

    fn try_from(walked: Walked) -> Result<Ledger, &'static str> {
        let Walked { settings, prices, now, last_session, last_trade, stopped, sessions, quotes, priced } =
            walked;
        let (active, over): (Vec<_>, Vec<_>) = sessions.values().partition(|session| session.is_active());
        let ids: BTreeSet<SessionId> = over.iter().map(|session| session.id).collect();
        if stopped.len() != over.len() || ids != stopped.iter().copied().collect() {
            return Err("the sessions that were stopped are others");
        }
        if sessions.iter().any(|(id, session)| *id != session.id || id.0 > last_session) {
            return Err("a session has an id that was not given out");
        }
        let (mut open, mut triggers) = (HashMap::new(), HashMap::<_, Triggers>::new());
        for session in sessions.values() {
            for (id, trade) in &session.open {
                if *id != trade.id || trade.session != session.id || id.0 > last_trade || trade.exit.is_some()
                {
                    return Err("an open trade is another");
                }
                open.insert(*id, session.id);
                triggers.entry(trade.symbol.clone()).or_default().add(trade);
            }
        }
        let active_sessions = active.len().try_into().map_err(|_| "there are too many sessions")?;
        let state = State { sessions, quotes, prices, priced, ..State::default() };
        let fresh = FreshPrices::default();
        let mut ledger = Ledger {
            state,
            settings,
            now,
            fresh,
            last_session,
            last_trade,
            active_sessions,
            stopped,
            open,
            triggers,
        };
        ledger.await_stale();
        Ok(ledger)
    }
}
