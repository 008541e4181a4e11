//! Everything that analytics remembers of the log.

mod walk;

use std::convert::Infallible;

use hub_core::dto::Execution;
use hub_core::event::Transaction;
use hub_core::{Offset, Record, Rejection, Settings, Symbol, Timestamp, TransactionId};
use hub_fanout::{Applied, SharedMap, Vacancy};
use serde::{Deserialize, Serialize};

use crate::ledger::Ledger;
use crate::listing::SymbolKey;
use crate::rules::Accounts;
use crate::state::{Beside, ReferenceData, State};
use crate::symbol_cases::SymbolCases;

/// The part of the projection that is a function of the log: whoever has it
/// can go on from its position. The rest follows from it, or is of this
/// process.
#[derive(Default, Serialize, Deserialize)]
#[serde(try_from = "walk::Walked")]
pub(crate) struct Memory {
    pub(crate) ledger: Ledger,
    /// Transactions that have been applied (AN-IDEM, BUG-A4), for as
    /// long as the settings say. One that was rejected is not among them: it may
    /// come again. With a digest of its content, so that another one of the same id is told.
    pub(crate) applied_ids: SharedMap<TransactionId, [u8; 8]>,
    /// It follows from the symbols that are known, and their order.
    #[serde(skip)]
    pub(crate) symbol_cases: SymbolCases,
    pub(crate) settings: Settings,
    /// The last record seen.
    pub(crate) last: Offset,
}

/// The form in which it is walked.
pub(crate) const FORM: &str = "analytics/1";

impl Memory {
    /// All of it as readers see it, as of the last record.
    pub(crate) fn state(&mut self, applied: Applied) -> State {
        let (applied_ids, symbol_cases) = (self.applied_ids.view(), self.symbol_cases.clone());
        self.ledger.state(applied, Beside { applied_ids, symbol_cases, settings: self.settings.clone() })
    }
}

impl Accounts for Memory {
    type Error = Infallible;
    type Vacancy = Vacancy<TransactionId>;

    fn look(&self, id: TransactionId) -> Result<[u8; 8], Vacancy<TransactionId>> {
        self.applied_ids.look(id)
    }

    fn fill(&mut self, vacancy: Vacancy<TransactionId>, digest: [u8; 8], at: Timestamp) {
        self.applied_ids.fill(vacancy, digest, at);
    }

    fn trade(
        &mut self,
        record: &Record,
        event: &Transaction,
    ) -> Result<Result<Execution, Rejection>, Infallible> {
        Ok(self.ledger.trade(record, event))
    }

    fn symbol_key(&self, symbol: &Symbol) -> Option<SymbolKey> {
        self.ledger.symbol_key(symbol)
    }

    fn list(&mut self, symbol: &Symbol) -> SymbolKey {
        self.ledger.list(symbol)
    }

    fn reference(&mut self) -> &mut ReferenceData {
        &mut self.ledger.reference
    }

    fn symbol_cases(&mut self) -> &mut SymbolCases {
        &mut self.symbol_cases
    }

    fn configure(&mut self, settings: Settings) {
        self.settings = settings;
    }
}
