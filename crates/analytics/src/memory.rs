//! Everything that analytics remembers of the log.

mod days;
mod walk;

use std::convert::Infallible;
use std::mem;

use hub_core::dto::{Execution, UnrealizedPnl};
use hub_core::event::Transaction;
use hub_core::settings::{Close, PriceSettings};
use hub_core::{
    FreshPrices, Offset, PortfolioId, Record, Rejection, Settings, Symbol, Timestamp, TransactionId,
};
use hub_fanout::{Applied, FeedId, SharedMap, Step, Vacancy};
use serde::{Deserialize, Serialize};

use crate::history::History;
use crate::ledger::Ledger;
use crate::listing::{Quote, Superseded, SymbolKey};
use crate::relayed::{Origin, RelayedPosition};
use crate::risk::{Lapses, RiskPass};
use crate::rules::{self, Accounts};
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
    pub(crate) history: History,
    pass: RiskPass,
    lapses: Lapses,
    /// The last record seen.
    pub(crate) last: Offset,
    /// The last record applied: the one before it, while time passes before one.
    #[serde(skip)]
    applied: Offset,
    /// Log time, as far as it has come.
    pub(crate) now: Timestamp,
    /// The fresh prices, by the time at which each becomes stale. They follow from the rest.
    #[serde(skip)]
    pub(crate) fresh: FreshPrices<SymbolKey>,
    /// The next end of a day: it follows from the settings, the time and the last one.
    #[serde(skip)]
    next_close: Option<Close>,
}

/// The form in which it is walked.
pub(crate) const FORM: &str = "analytics/2";

impl Memory {
    /// All of it as readers see it, as of the last record.
    pub(crate) fn state(&mut self, applied: Applied) -> State {
        let (applied_ids, symbol_cases) = (self.applied_ids.view(), self.symbol_cases.clone());
        let (settings, history) = (self.settings.clone(), self.history.clone());
        let lapses = self.lapses.clone();
        self.ledger.state(applied, Beside { applied_ids, symbol_cases, settings, history, lapses })
    }

    /// Applies a record.
    pub(crate) fn apply(&mut self, record: &Record, executions: FeedId, step: &mut Step) {
        self.last = record.offset;
        let Ok(()) = rules::apply(self, executions, record, step);
        self.applied_to_days(record.offset);
    }
}

/// Changes that time alone makes.
impl Memory {
    /// The next time at which that can be seen.
    pub(crate) fn next_boundary(&self) -> Option<Timestamp> {
        let closing = self.ledger.next_closing(self.settings.resume_horizon_ms);
        closing.into_iter().chain(self.fresh.next_due()).chain(self.next_of_days()).min()
    }

    /// Log time passes to `now`; changes count as made at `offset`.
    pub(crate) fn advance(&mut self, now: Timestamp, offset: Offset, step: &mut Step) {
        (self.last, self.now) = (offset, now);
        self.applied_ids.expire(now, self.settings.idempotency_horizon());
        self.pass_days(now, offset, step);
        self.ledger.drop_closings(now, self.settings.resume_horizon_ms, offset);
        let Memory { ledger, fresh, settings, .. } = self;
        for symbol in fresh.take_stale(settings.prices, now, |symbol| ledger.reference.priced_at(*symbol)) {
            ledger.reference.touch_price(symbol, offset);
        }
    }

    /// Other prices are stale by now than before.
    fn judge_prices(&mut self, before: PriceSettings) {
        let (reference, prices) = (&mut self.ledger.reference, self.settings.prices);
        let [was, is] = [before, prices].map(|prices| prices.at(self.now));
        let differ = reference.priced().filter(|(_, time)| was.is_stale(*time) != is.is_stale(*time));
        for (symbol, _) in differ.collect::<Vec<_>>() {
            reference.touch_price(symbol, self.last);
        }
        self.fresh = FreshPrices::of(reference.priced(), prices, self.now);
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

    fn quote(&mut self, symbol: SymbolKey, quote: Quote, offset: Offset) -> Result<(), Superseded> {
        let prices = self.settings.prices;
        let freshness = prices.at(self.now);
        let held = self.ledger.reference.quote(symbol, quote, freshness, offset)?;
        if freshness.begins(quote.time, held.map(|held| held.time)) {
            self.fresh.insert(symbol, quote.time, prices);
        }
        Ok(())
    }

    fn origin(&self, id: PortfolioId) -> Option<Origin> {
        self.ledger.origin(id)
    }

    fn relay_position(&mut self, record: &Record, position: &RelayedPosition<'_>) -> Result<(), Infallible> {
        self.ledger.relay_position(record, position);
        Ok(())
    }

    fn relay_mark(&mut self, record: &Record, pnl: &UnrealizedPnl) {
        self.ledger.relay_mark(record, pnl);
    }

    fn reference(&mut self) -> &mut ReferenceData {
        &mut self.ledger.reference
    }

    fn symbol_cases(&mut self) -> &mut SymbolCases {
        &mut self.symbol_cases
    }

    fn history(&mut self) -> &mut History {
        &mut self.history
    }

    fn configure(&mut self, settings: Settings) {
        let before = mem::replace(&mut self.settings, settings).prices;
        if before != self.settings.prices {
            self.judge_prices(before);
        }
        let before = self.next_close;
        self.find_next_close(self.now);
        if self.next_close != before {
            // Which day is under way may be another.
            self.pass.begin_anew();
            self.history.begin(self.last, self.next_close.map(|close| close.date));
        }
    }
}
