//! Everything that analytics remembers of the log.

use hub_core::{Offset, Settings, TransactionId};
use hub_fanout::ExpiringMap;

use crate::ledger::Ledger;
use crate::symbol_cases::SymbolCases;

/// The part of the projection that is a function of the log: whoever has it
/// can go on from its position. The rest follows from it, or is of this
/// process.
#[derive(Default)]
pub(crate) struct Memory {
    pub(crate) ledger: Ledger,
    /// Transactions that have been applied (AN-IDEM, BUG-A4), for as
    /// long as the settings say. One that was rejected is not among them: it may
    /// come again. With a digest of its content, so that another one of the same id is told.
    pub(crate) applied_ids: ExpiringMap<TransactionId, [u8; 8]>,
    pub(crate) symbol_cases: SymbolCases,
    pub(crate) settings: Settings,
    /// The last record seen.
    pub(crate) last: Offset,
}
