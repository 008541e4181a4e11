//! Sessions and trades: commands and prices, taken in one at a time.

mod exits;
mod freshness;
mod orders;
mod sessions;
mod walk;

use std::collections::{HashMap, VecDeque};
use std::sync::Arc;

use hub_core::event::PriceQuote;
use hub_core::event::trading::{SessionId, TradeId, TradingCommand};
use hub_core::settings::AutotraderSettings;
use hub_core::{FreshPrices, Outcome, Price, Record, Rejection, Symbol, Timestamp};
use serde::Deserialize;

use crate::answers::Answer;
use crate::quote::Quote;
use crate::session::Session;
use crate::state::State;
use crate::trade::Trade;
use crate::triggers::Triggers;

/// The state that is shown, and what only the next record needs to know.
///
/// Whatever can fail is computed first; only then is anything changed.
#[derive(Default, Deserialize)]
#[serde(try_from = "walk::Walked")]
pub(crate) struct Ledger {
    pub(crate) state: State,
    settings: AutotraderSettings,
    /// Log time, as far as it has come.
    now: Timestamp,
    /// The fresh prices, by the time at which each becomes stale.
    fresh: FreshPrices<Symbol>,
    /// The last id given out. They are dense, so that an id is known to have
    /// been given though what it named is forgotten.
    last_session: u64,
    last_trade: u64,
    active_sessions: u32,
    /// Those that are kept, in the order in which they were stopped.
    stopped: VecDeque<SessionId>,
    /// Session of each open trade. Looked up, never walked.
    open: HashMap<TradeId, SessionId>,
    /// The levels of open trades. Looked up, never walked.
    triggers: HashMap<Symbol, Triggers>,
}

/// The answer to a command, and the trades that were opened or closed by it.
pub(crate) type Done = (Answer, Vec<Arc<Trade>>);

impl Ledger {
    /// Does what is asked for, or says why it can't be done: a
    /// [`Rejection`] of `sessionId` or `tradeId` means that there is none.
    pub(crate) fn command(&mut self, record: &Record, command: &TradingCommand) -> Result<Done, Rejection> {
        match command {
            TradingCommand::CreateSession(command) => self.create(record, command),
            TradingCommand::OpenTrade(command) => self.open(record, command),
            TradingCommand::CloseTrade(command) => self.close(record, command),
            TradingCommand::StopSession(command) => self.stop(record, command),
        }
    }

    /// A price: the newest by event time wins, and ends the trades whose
    /// levels it crosses. They are returned by id.
    pub(crate) fn price(
        &mut self,
        record: &Record,
        event: &PriceQuote,
    ) -> Result<(Outcome, Vec<Arc<Trade>>), Rejection> {
        let quote = Quote::of(record, event)?;
        let (held, freshness) = (self.state.quote(&event.symbol), self.state.prices.at(self.now));
        let Some(quote) = quote.after(held, freshness) else {
            return Ok((Outcome::Stale, Vec::new()));
        };
        if freshness.begins(quote.time, held.map(|held| held.time)) {
            self.fresh.insert(event.symbol.clone(), quote.time, self.state.prices);
        }
        self.state.quotes.insert_mut(event.symbol.clone(), quote);
        self.state.priced = self.state.priced.max(quote.changed);
        Ok((Outcome::Accepted, self.exits(record, &event.symbol, quote.price)))
    }

    /// From here on. What is beyond a smaller bound is forgotten at once.
    pub(crate) fn configure(&mut self, settings: AutotraderSettings) {
        if self.settings == settings {
            return;
        }
        self.settings = settings;
        self.forget_stopped();
        let ids: Vec<SessionId> = self.state.sessions.keys().copied().collect();
        for id in ids {
            if let Some(session) = self.state.sessions.get_mut(&id) {
                Arc::make_mut(session).forget_closed(settings.closed_trades_kept);
            }
        }
    }

    /// The session, if there is one and it is active.
    fn active_session(&self, id: SessionId) -> Result<&Arc<Session>, Rejection> {
        let session = self.state.session(id);
        let session =
            session.ok_or_else(|| Rejection::of("sessionId", format!("there is no session {id}")))?;
        if !session.is_active() {
            return Err(Rejection::whole(format!("session {id} is STOPPED")));
        }
        Ok(session)
    }

    fn last_price(&self, symbol: &Symbol) -> Option<Price> {
        self.state.quote(symbol).map(|quote| quote.price)
    }
}
