//! Documents of `/ws/auto-trader`. Those of equal parameters are one, so
//! that what they compose is shared.

mod prices;
mod session;

use std::sync::Arc;

use hub_core::Symbol;
use hub_core::event::trading::SessionId;
use hub_fanout::Interned;

use self::prices::PricesDocument;
use self::session::SessionDocument;
use crate::reads::AutotraderReads;

/// The least time between two messages about one symbol's price.
pub(crate) const PRICE_INTERVAL_MIN_MS: u64 = 100;
/// An interval beyond counts as this.
pub(crate) const PRICE_INTERVAL_MAX_MS: u64 = 3_600_000;

/// A document per list of symbols and interval, and one per session, for as
/// long as somebody follows it.
pub(crate) struct Documents {
    reads: AutotraderReads,
    sessions: Interned<SessionId, SessionDocument>,
    prices: Interned<(Arc<[Symbol]>, u64), PricesDocument>,
}

impl Documents {
    pub(crate) fn new(reads: AutotraderReads) -> Documents {
        Documents { reads, sessions: Interned::default(), prices: Interned::default() }
    }

    pub(crate) fn reads(&self) -> &AutotraderReads {
        &self.reads
    }

    pub(crate) fn session(&self, id: SessionId) -> Arc<SessionDocument> {
        self.sessions.get(id, |id| Arc::new(SessionDocument::new(self.reads.clone(), *id)))
    }

    /// `interval_ms` is brought within its bounds.
    pub(crate) fn prices(&self, symbols: Arc<[Symbol]>, interval_ms: u64) -> Arc<PricesDocument> {
        let interval_ms = interval_ms.clamp(PRICE_INTERVAL_MIN_MS, PRICE_INTERVAL_MAX_MS);
        self.prices.get((symbols, interval_ms), |(symbols, interval_ms)| {
            Arc::new(PricesDocument::new(self.reads.clone(), Arc::clone(symbols), *interval_ms))
        })
    }
}
