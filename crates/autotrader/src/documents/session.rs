//! One session: `session_update` and its open trades' `pnl_update`s.

use bytes::Bytes;
use hub_core::Timestamp;
use hub_core::event::trading::SessionId;
use hub_fanout::{Cadence, Composed, Document, Occasion};

use crate::messages;
use crate::reads::AutotraderReads;

/// Interval at which a session's numbers are sent, in milliseconds.
const PERIOD_MS: u64 = 2000;

/// A session's numbers at once and every two seconds, whether or not they
/// changed. That of a session which is no longer kept is silent.
pub(crate) struct SessionDocument {
    reads: AutotraderReads,
    id: SessionId,
}

impl SessionDocument {
    pub(crate) fn new(reads: AutotraderReads, id: SessionId) -> SessionDocument {
        SessionDocument { reads, id }
    }
}

impl Document for SessionDocument {
    fn cadence(&self) -> Cadence {
        Cadence { on_change_ms: None, period_ms: Some(PERIOD_MS) }
    }

    /// A trade whose symbol was never priced has no P&L, and no message; nor has one whose P&L can't be represented.
    fn compose(&self, _: Occasion, now: Timestamp) -> Composed {
        let state = self.reads.settled();
        let applied = state.applied();
        let mut messages: Vec<Bytes> = Vec::new();
        if let Some(session) = state.session(self.id) {
            messages.push(messages::session_update(session, applied.at, now));
            messages.extend(session.open_trades().filter_map(|trade| {
                let quote = state.quote(&trade.symbol)?;
                messages::pnl_update(trade, quote, state.freshness(), now)
            }));
        }
        Composed { messages, upto: applied.position.offset }
    }
}
