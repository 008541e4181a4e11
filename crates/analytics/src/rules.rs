//! The rules of positions and prices: what records make of what the projection [remembers](crate::memory), and of a
//! [fork](crate::fork) of it.

use hub_core::dto::{Execution, UnrealizedPnl};
use hub_core::event::{PriceQuote, Transaction, Upstream};
use hub_core::{
    Event, Offset, Outcome, PortfolioId, Record, Rejection, Settings, Symbol, Timestamp, TransactionId,
};
use hub_fanout::{FeedId, Step};

use crate::execution;
use crate::history::History;
use crate::listing::{Quote, Superseded, SymbolKey};
use crate::relayed::{self, Origin, RelayedPosition};
use crate::state::ReferenceData;
use crate::symbol_cases::SymbolCases;

/// Positions, prices and ids that records are applied to.
pub(crate) trait Accounts {
    /// A reason why it may be unreadable.
    type Error;
    /// The place of an id that was not applied.
    type Vacancy;

    /// The digest of the transaction that was applied under an id.
    fn look(&self, id: TransactionId) -> Result<[u8; 8], Self::Vacancy>;

    /// Notes that a transaction was applied.
    fn fill(&mut self, vacancy: Self::Vacancy, digest: [u8; 8], at: Timestamp);

    /// AN-POS: adds to or takes from a position.
    fn trade(
        &mut self,
        record: &Record,
        event: &Transaction,
    ) -> Result<Result<Execution, Rejection>, Self::Error>;

    /// The symbol's key, if it was traded or priced.
    fn symbol_key(&self, symbol: &Symbol) -> Option<SymbolKey>;

    /// Gives out a symbol's key.
    fn list(&mut self, symbol: &Symbol) -> SymbolKey;

    /// Takes a symbol's price in, or not if a newer one is held.
    fn quote(&mut self, symbol: SymbolKey, quote: Quote, offset: Offset) -> Result<(), Superseded>;

    /// The origin of a portfolio, if there is one.
    fn origin(&self, id: PortfolioId) -> Option<Origin>;

    /// Takes over a position of a portfolio that is not computed here.
    fn relay_position(&mut self, record: &Record, position: &RelayedPosition<'_>) -> Result<(), Self::Error>;

    /// Takes over the unrealised P&L of such a portfolio.
    fn relay_mark(&mut self, record: &Record, pnl: &UnrealizedPnl);

    fn reference(&mut self) -> &mut ReferenceData;

    fn symbol_cases(&mut self) -> &mut SymbolCases;

    fn history(&mut self) -> &mut History;

    fn configure(&mut self, settings: Settings);
}

/// Applies a record. An error leaves all of it as it was.
pub(crate) fn apply<S: Accounts>(
    accounts: &mut S,
    executions: FeedId,
    record: &Record,
    step: &mut Step,
) -> Result<(), S::Error> {
    let known_before = accounts.reference().listings.len();
    let outcome = match &record.event {
        Event::Transaction(event) => transaction(accounts, executions, record, event, step)?,
        Event::Price(event) => quote(accounts, record, event),
        Event::Upstream(fact) => match &**fact {
            Upstream::Position(row) => relayed::position(accounts, record, row)?,
            Upstream::UnrealizedPnl(pnl) => relayed::unrealized(accounts, record, pnl, step),
            Upstream::Valuation(valuation) => accounts.history().value(record, valuation),
        },
        Event::Portfolio(info) => {
            accounts.reference().describe_portfolio(info, record.offset);
            Ok(Outcome::Accepted)
        }
        Event::Symbol(info) => {
            accounts.reference().describe_symbol(info, record.offset);
            Ok(Outcome::Accepted)
        }
        Event::Rejected(input) => Err(input.rejection.clone()),
        Event::Settings(settings) => {
            accounts.configure(settings.clone());
            return Ok(());
        }
        _ => return Ok(()),
    };
    step.decide(outcome.unwrap_or_else(Outcome::Rejected));
    tell_case(accounts, &record.event, known_before, step);
    Ok(())
}

fn transaction<S: Accounts>(
    accounts: &mut S,
    executions: FeedId,
    record: &Record,
    event: &Transaction,
    step: &mut Step,
) -> Result<Result<Outcome, Rejection>, S::Error> {
    let vacancy = match accounts.look(event.transaction_id) {
        Err(vacancy) => vacancy,
        Ok(applied) => {
            if applied != event.digest() {
                step.warn("transactionId: was applied before, with other content");
            }
            return Ok(Ok(Outcome::Duplicate));
        }
    };
    // Mostly none is.
    if !accounts.reference().relayed.is_empty()
        && let Err(rejection) = relayed::refuse(accounts, event.portfolio_id, Origin::Relayed)
    {
        return Ok(Err(rejection));
    }
    Ok(accounts.trade(record, event)?.map(|execution| {
        step.emit(executions, event.portfolio_id.into(), execution::json(execution));
        accounts.fill(vacancy, event.digest(), record.at);
        Outcome::Accepted
    }))
}

/// A price: the newest by event time wins.
fn quote(accounts: &mut impl Accounts, record: &Record, event: &PriceQuote) -> Result<Outcome, Rejection> {
    let quote = Quote::of(record, event)?;
    let symbol = accounts.symbol_key(&event.symbol).unwrap_or_else(|| accounts.list(&event.symbol));
    let taken = accounts.quote(symbol, quote, record.offset);
    Ok(taken.map_or(Outcome::Stale, |()| Outcome::Accepted))
}

/// Tells who names a symbol that differs only in case from one that was known before: that may be meant.
fn tell_case(accounts: &mut impl Accounts, event: &Event, known_before: u32, step: &mut Step) {
    let (symbol, makes_known) = match event {
        Event::Transaction(event) => (&event.symbol, true),
        Event::Price(event) => (&event.symbol, true),
        Event::Symbol(info) => (&info.symbol, false),
        Event::Upstream(fact) => match &**fact {
            Upstream::Position(row) => (&row.symbol, true),
            _ => return,
        },
        _ => return,
    };
    if accounts.reference().listings.len() > known_before {
        accounts.symbol_cases().add(symbol);
    }
    // What was applied made its symbol known: mostly nothing has to be looked up.
    let was_applied = makes_known && !matches!(step.outcome(), Some(Outcome::Rejected(_)));
    let is_known = was_applied || accounts.symbol_key(symbol).is_some();
    let cases = accounts.symbol_cases();
    let other = if is_known { cases.of_known(symbol) } else { cases.of_unknown(symbol) };
    if let Some(other) = other {
        step.warn(format!("symbol: {symbol} differs only in case from {other}, which was known before"));
    }
}
