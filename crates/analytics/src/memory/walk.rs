//! Memory as it is walked.

use hub_core::{FreshPrices, Offset, Settings, Timestamp, TransactionId};
use hub_fanout::SharedMap;
use serde::Deserialize;

use super::{History, Lapses, Ledger, Memory, RiskPass, SymbolCases};

/// A [`Memory`] that was walked.
#[derive(Deserialize)]
pub(super) struct Walked {
    ledger: Ledger,
    applied_ids: SharedMap<TransactionId, [u8; 8]>,
    settings: Settings,
    history: History,
    pass: RiskPass,
    lapses: Lapses,
    last: Offset,
    now: Timestamp,
}

impl TryFrom<Walked> for Memory {
    type Error = &'static str;

    fn try_from(walked: Walked) -> Result<Memory, &'static str> {
        let Walked { ledger, applied_ids, settings, history, pass, lapses, last, now } = walked;
        if !ledger.is_as_of(last) {
            return Err("a position was changed by a record that is yet to come");
        }
        if !lapses.is_in_order() {
            return Err("a portfolio's turns are not in their order");
        }
        let mut symbol_cases = SymbolCases::default();
        ledger.reference.listings.iter().for_each(|listing| symbol_cases.add(&listing.symbol));
        let fresh = FreshPrices::of(ledger.reference.priced(), settings.prices, now);
        let mut memory = Memory {
            ledger,
            applied_ids,
            symbol_cases,
            settings,
            history,
            pass,
            lapses,
            last,
            applied: last,
            now,
            fresh,
            next_close: None,
        };
        memory.find_next_close(now);
        Ok(memory)
    }
}
