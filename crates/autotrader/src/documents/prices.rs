//! The prices of some symbols: `price_update`.

use std::sync::Arc;

use hub_core::{Offset, Symbol, Timestamp};
use hub_fanout::{Cadence, Composed, Document, Occasion};

use crate::messages;
use crate::reads::AutotraderReads;

/// All known prices first, then those that changed, at most once an interval.
pub(crate) struct PricesDocument {
    reads: AutotraderReads,
    /// In their order messages go out.
    symbols: Arc<[Symbol]>,
    interval_ms: u64,
}

impl PricesDocument {
    pub(crate) fn new(reads: AutotraderReads, symbols: Arc<[Symbol]>, interval_ms: u64) -> PricesDocument {
        PricesDocument { reads, symbols, interval_ms }
    }
}

impl Document for PricesDocument {
    fn cadence(&self) -> Cadence {
        Cadence { on_change_ms: Some(self.interval_ms), period_ms: None }
    }

    fn compose(&self, occasion: Occasion, _: Timestamp) -> Composed {
        let after = match occasion {
            Occasion::Opened | Occasion::Period => Offset::START,
            Occasion::Changed { after } => after,
        };
        let state = self.reads.settled();
        let upto = state.applied().position.offset;
        if matches!(occasion, Occasion::Changed { after } if after >= state.priced()) {
            return Composed { messages: Vec::new(), upto };
        }
        let freshness = state.freshness();
        let changed = |symbol| {
            let quote = state.quote(symbol).filter(|quote| quote.changed > after)?;
            Some(messages::price_update(symbol, quote, freshness))
        };
        let messages = self.symbols.iter().filter_map(changed).collect();
        Composed { messages, upto }
    }
}
