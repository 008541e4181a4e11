//! `/ws/auto-trader`: what can be asked for.

mod command;

use std::collections::BTreeSet;
use std::sync::Arc;

use hub_core::Symbol;
use hub_core::event::trading::SessionId;
use hub_fanout::{EventFilter, EventKey};
use hub_server::native::{Action, Followed, NativeEndpoint, NativeSession, Query};

use self::command::Command;
use crate::documents::Documents;
use crate::reads::AutotraderReads;

/// The most symbols one connection may follow.
const SYMBOLS_MAX: usize = 1000;

/// What a connection follows, by name.
const SESSION: &str = "session";
const TRADES: &str = "trades";
const PRICES: &str = "prices";

/// The socket of this service, by path.
pub fn endpoints(reads: AutotraderReads) -> Vec<(&'static str, Arc<dyn NativeEndpoint>)> {
    vec![("/ws/auto-trader", Arc::new(AutotraderEndpoint(Arc::new(Documents::new(reads)))))]
}

struct AutotraderEndpoint(Arc<Documents>);

impl NativeEndpoint for AutotraderEndpoint {
    fn open(&self) -> Box<dyn NativeSession> {
        Box::new(Subscriptions { documents: Arc::clone(&self.0), symbols: BTreeSet::new(), interval_ms: 0 })
    }
}

/// One connection: at most one session, and some prices.
struct Subscriptions {
    documents: Arc<Documents>,
    symbols: BTreeSet<Symbol>,
    interval_ms: u64,
}

impl NativeSession for Subscriptions {
    fn opened(&mut self, _: &Query) -> Result<Vec<Action>, String> {
        Ok(Vec::new())
    }

    fn command(&mut self, kind: &str, json: &str) -> Result<Vec<Action>, String> {
        match Command::read(kind, json)? {
            Command::SubscribeSession(id) => self.follow_session(id),
            Command::UnsubscribeSession => {
                Ok(vec![Action::Unfollow { name: TRADES }, Action::Unfollow { name: SESSION }])
            }
            Command::SubscribePrices { symbols, interval_ms } => self.add_symbols(symbols, interval_ms),
            Command::UnsubscribePrices(symbols) => Ok(self.remove_symbols(symbols)),
        }
    }
}

impl Subscriptions {
    /// Instead of the one followed before. The feed comes first, so that no
    /// trade falls between it and the numbers.
    fn follow_session(&self, id: SessionId) -> Result<Vec<Action>, String> {
        let reads = self.documents.reads();
        if reads.current().session(id).is_none() {
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
    fn add_symbols(&mut self, symbols: BTreeSet<Symbol>, interval_ms: u64) -> Result<Vec<Action>, String> {
        let new = symbols.iter().filter(|symbol| !self.symbols.contains(*symbol)).count();
        if self.symbols.len() + new > SYMBOLS_MAX {
            return Err(format!("a connection may follow at most {SYMBOLS_MAX} symbols"));
        }
        self.symbols.extend(symbols);
        self.interval_ms = interval_ms;
        Ok(vec![self.follow_prices()])
    }

    fn remove_symbols(&mut self, symbols: Option<BTreeSet<Symbol>>) -> Vec<Action> {
        let before = self.symbols.len();
        match symbols {
            Some(symbols) => self.symbols.retain(|symbol| !symbols.contains(symbol)),
            None => self.symbols.clear(),
        }
        if self.symbols.len() == before { Vec::new() } else { vec![self.follow_prices()] }
    }

    /// What is followed anew is sent anew: the prices of all that is followed
    /// now, since a document does not know who has seen what.
    fn follow_prices(&self) -> Action {
        if self.symbols.is_empty() {
            return Action::Unfollow { name: PRICES };
        }
        let document = self.documents.prices(self.symbols.clone(), self.interval_ms);
        Action::Follow { name: PRICES, what: Followed::Document(document) }
    }
}
