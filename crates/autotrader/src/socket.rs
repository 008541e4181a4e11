//! `/ws/auto-trader`: what can be asked for.

mod command;
mod symbols;

use std::collections::BTreeSet;
use std::sync::Arc;

use hub_core::event::trading::SessionId;
use hub_core::{Parameter, Symbol, SymbolCase};
use hub_fanout::{EventFilter, EventKey};
use hub_server::native::{Action, DocumentPart, Followed, NativeEndpoint, NativeSession};
use hub_server::{Query, SocketRoute};

use self::command::Command;
use self::symbols::{FollowedSymbols, is_about};
use crate::documents::Documents;
use crate::reads::AutotraderReads;
use crate::schema;

/// The name by which a connection follows its session.
const SESSION: &str = "session";
const TRADES: &str = "trades";
const PRICES: &str = "prices";

/// The socket of this service. The symbols whose prices a connection follows have at most
/// `symbols_bytes` together, and are taken in the case that those which come in have.
pub fn sockets(reads: AutotraderReads, symbol_case: SymbolCase, symbols_bytes: usize) -> Vec<SocketRoute> {
    let documents = Arc::new(Documents::new(reads));
    vec![SocketRoute::new(
        "/ws/auto-trader",
        "Sends a session's numbers and trades, and prices, as they are asked for",
        schema::socket_message,
        Arc::new(AutotraderEndpoint { documents, symbol_case, symbols_bytes }),
    )]
}

struct AutotraderEndpoint {
    documents: Arc<Documents>,
    symbol_case: SymbolCase,
    symbols_bytes: usize,
}

impl NativeEndpoint for AutotraderEndpoint {
    fn parameters(&self) -> &'static [Parameter] {
        &[]
    }

    fn open(&self) -> Box<dyn NativeSession> {
        Box::new(Subscriptions {
            documents: Arc::clone(&self.documents),
            symbol_case: self.symbol_case,
            symbols_bytes: self.symbols_bytes,
            symbols: FollowedSymbols::default(),
            interval_ms: 0,
        })
    }
}

/// One connection: at most one session, and some prices.
struct Subscriptions {
    documents: Arc<Documents>,
    symbol_case: SymbolCase,
    symbols_bytes: usize,
    symbols: FollowedSymbols,
    interval_ms: u64,
}

impl NativeSession for Subscriptions {
    fn opened(&mut self, query: &Query) -> Result<Vec<Action>, String> {
        query.read(&[])?;
        Ok(Vec::new())
    }

    fn command(&mut self, kind: &str, json: &str) -> Result<Vec<Action>, String> {
        match Command::read(kind, json)? {
            Command::SubscribeSession(id) => self.follow_session(id),
            Command::UnsubscribeSession => {
                Ok(vec![Action::Unfollow { name: TRADES }, Action::Unfollow { name: SESSION }])
            }
            Command::SubscribePrices { symbols, interval_ms } => {
                self.add_symbols(&self.folded(symbols), interval_ms)
            }
            Command::UnsubscribePrices(symbols) => {
                let symbols = symbols.map(|symbols| self.folded(symbols));
                Ok(self.remove_symbols(symbols.as_ref()))
            }
        }
    }
}

impl Subscriptions {
    fn folded(&self, symbols: BTreeSet<Symbol>) -> BTreeSet<Symbol> {
        let fold = |mut symbol| {
            self.symbol_case.fold(&mut symbol);
            symbol
        };
        symbols.into_iter().map(fold).collect()
    }

    /// Instead of the one followed before. The feed comes first, so that no
    /// trade falls between it and the numbers.
    fn follow_session(&self, id: SessionId) -> Result<Vec<Action>, String> {
        let reads = self.documents.reads();
        if reads.settled().session(id).is_none() {
            return Err(format!("there is no session {id}"));
        }
        let filter = EventFilter::Keys(Arc::new(BTreeSet::from([EventKey(id.0.into())])));
        let trades = Followed::Feed { feed: reads.feed(), filter };
        let numbers = Followed::Document(self.documents.session(id));
        Ok(vec![
            Action::Follow { name: TRADES, what: trades },
            Action::Follow { name: SESSION, what: numbers },
        ])
    }

    /// Beside those followed before; the interval is from now on that of all.
    fn add_symbols(&mut self, symbols: &BTreeSet<Symbol>, interval_ms: u64) -> Result<Vec<Action>, String> {
        if !self.symbols.add(symbols, self.symbols_bytes) {
            return Err(format!(
                "symbols: all that this connection follows would be more than \
                 limits.followed_symbols_bytes ({})",
                self.symbols_bytes
            ));
        }
        self.interval_ms = interval_ms;
        Ok(vec![self.follow_prices(symbols)])
    }

    fn remove_symbols(&mut self, symbols: Option<&BTreeSet<Symbol>>) -> Vec<Action> {
        let removed = match symbols {
            Some(symbols) => self.symbols.remove(symbols),
            None => !std::mem::take(&mut self.symbols).is_empty(),
        };
        if removed { vec![self.follow_prices(&BTreeSet::new())] } else { Vec::new() }
    }

    /// Follows prices. Whoever asks for a price is told it, be it for the second time; and with it the others
    /// of its part, since a document does not know who has seen what.
    fn follow_prices(&self, asked: &BTreeSet<Symbol>) -> Action {
        if self.symbols.is_empty() {
            return Action::Unfollow { name: PRICES };
        }
        let parts = self.symbols.parts().iter().map(|symbols| DocumentPart {
            document: self.documents.prices(Arc::clone(symbols), self.interval_ms),
            anew: is_about(symbols, asked),
        });
        Action::Follow { name: PRICES, what: Followed::Parts(parts.collect()) }
    }
}
