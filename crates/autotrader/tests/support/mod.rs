//! The projection in a driver, and what its socket is sent.
#![allow(dead_code, reason = "every test binary compiles this and uses its part of it")]

pub(crate) mod model;
pub(crate) mod script;

use std::ops::{Deref, DerefMut};
use std::sync::Arc;

use hub_autotrader::{AutotraderReads, register, sockets};
use hub_core::event::trading::{
    CloseTrade, CreateSession, OpenTrade, SessionId, StopSession, TradeId, TradingCommand, TradingRequest,
};
use hub_core::event::{PriceQuote, Side};
use hub_core::settings::AutotraderSettings;
use hub_core::{Event, Offset, Outcome, Record, RequestId, Settings, SymbolCase, Timestamp};
use hub_fanout::testing::Driver;
use hub_fanout::{Catalog, Document, Occasion};
use hub_server::native::{Action, Followed, NativeEndpoint, NativeSession};

/// 2026-02-12T13:30:45.123Z, when the documented examples happen.
pub(crate) const START_MILLIS: i64 = 1_770_903_045_123;

/// What the symbols that a connection follows may have.
pub(crate) const SYMBOLS_BYTES: usize = 1 << 20;

pub(crate) struct Fixture {
    driver: Driver,
    pub(crate) reads: AutotraderReads,
    pub(crate) endpoint: Arc<dyn NativeEndpoint>,
    /// What the last record told, as session and message.
    pub(crate) told: Vec<(u128, String)>,
}

impl Fixture {
    pub(crate) fn new() -> Fixture {
        let mut catalog = Catalog::default();
        let (projection, reads) = register(&mut catalog);
        let endpoint = Arc::clone(&sockets(reads.clone(), SymbolCase::Kept, SYMBOLS_BYTES)[0].endpoint);
        Fixture {
            driver: Driver::new(START_MILLIS, vec![Box::new(projection)]),
            reads,
            endpoint,
            told: vec![],
        }
    }

    /// Applies the next record, at the time it is now, and lets it be read.
    pub(crate) fn send(&mut self, event: Event) -> Outcome {
        let record = Record { offset: Offset(self.offset + 1), at: self.now(), event };
        let outcome = self.apply(&record);
        self.settle();
        outcome
    }

    pub(crate) fn apply(&mut self, record: &Record) -> Outcome {
        let outcome = self.driver.apply(record);
        let message = |json: &[u8]| String::from_utf8(json.to_vec()).unwrap();
        let items = self.driver.items();
        self.told = items.iter().map(|item| (item.key.0, message(&item.json.get()))).collect();
        assert!(items.iter().all(|item| item.feed == self.reads.feed()));
        outcome
    }

    pub(crate) fn pass(&mut self, millis: i64) {
        self.millis += millis;
        self.send(Event::Tick);
    }

    pub(crate) fn configure(&mut self, settings: AutotraderSettings) {
        self.send(Event::Settings(Settings { autotrader: settings, ..Settings::default() }));
    }

    /// Every session that is created gets the next id, from 1.
    pub(crate) fn create(&mut self, capital: &str) -> Outcome {
        self.send(create(capital))
    }

    pub(crate) fn price(&mut self, symbol: &str, price: &str) -> Outcome {
        self.send(quote(symbol, price, None))
    }

    /// The messages told by the last record.
    pub(crate) fn messages(&self) -> Vec<&str> {
        self.told.iter().map(|(_, message)| message.as_str()).collect()
    }

    /// A new connection follows this session: its numbers.
    pub(crate) fn session_document(&self, id: u64) -> Option<Arc<dyn Document>> {
        let mut socket = self.endpoint.open();
        let json = format!(r#"{{"sessionId":{id}}}"#);
        socket.command("subscribe_session", &json).ok().and_then(document)
    }

    /// What a follower of the session is sent when it is composed now.
    pub(crate) fn numbers(&self, id: u64) -> Vec<String> {
        let document = self.session_document(id).expect("a session");
        compose(&*document, Occasion::Period, self.now())
    }

    pub(crate) fn socket(&self) -> Box<dyn NativeSession> {
        self.endpoint.open()
    }
}

impl Deref for Fixture {
    type Target = Driver;

    fn deref(&self) -> &Driver {
        &self.driver
    }
}

impl DerefMut for Fixture {
    fn deref_mut(&mut self) -> &mut Driver {
        &mut self.driver
    }
}

/// The document that is followed from now on.
pub(crate) fn document(actions: Vec<Action>) -> Option<Arc<dyn Document>> {
    actions.into_iter().find_map(|action| match action {
        Action::Follow { what: Followed::Document(document), .. } => Some(document),
        Action::Follow { what: Followed::Parts(mut parts), .. } => {
            assert_eq!(parts.len(), 1);
            parts.pop().map(|part| part.document)
        }
        _ => None,
    })
}

pub(crate) fn compose(document: &dyn Document, occasion: Occasion, now: Timestamp) -> Vec<String> {
    let composed = document.compose(occasion, now);
    composed.messages.iter().map(|message| String::from_utf8(message.to_vec()).unwrap()).collect()
}

pub(crate) fn command(command: TradingCommand) -> Event {
    Event::Trading(TradingRequest { request_id: None, command })
}

pub(crate) fn keyed(key: u8, event: Event) -> Event {
    let Event::Trading(request) = event else { panic!("no command: {event:?}") };
    Event::Trading(TradingRequest { request_id: Some(RequestId::from_bytes([key; 16])), ..request })
}

pub(crate) fn create(capital: &str) -> Event {
    let initial_capital = capital.parse().unwrap();
    command(TradingCommand::CreateSession(CreateSession { name: None, initial_capital }))
}

/// A trade: `open(6, "BUY NIFTY 50")`, `open(6, "SELL X 1 @100 sl 110 target 90")`.
pub(crate) fn open(session: u64, text: &str) -> Event {
    let words: Vec<&str> = text.split(' ').collect();
    let side = if words[0] == "SELL" { Side::Sell } else { Side::Buy };
    let after = |word: &str| words.iter().position(|at| *at == word).map(|at| words[at + 1].parse().unwrap());
    let entry_price =
        words.iter().find_map(|word| word.strip_prefix('@')).map(|price| price.parse().unwrap());
    command(TradingCommand::OpenTrade(OpenTrade {
        session_id: SessionId(session),
        symbol: words[1].parse().unwrap(),
        side,
        quantity: words[2].parse().unwrap(),
        entry_price,
        stop_loss: after("sl"),
        target: after("target"),
    }))
}

pub(crate) fn close(trade: u64, price: Option<&str>) -> Event {
    let price = price.map(|price| price.parse().unwrap());
    command(TradingCommand::CloseTrade(CloseTrade { trade_id: TradeId(trade), price }))
}

pub(crate) fn stop(session: u64) -> Event {
    command(TradingCommand::StopSession(StopSession { session_id: SessionId(session) }))
}

pub(crate) fn quote(symbol: &str, price: &str, timestamp: Option<Timestamp>) -> Event {
    Event::Price(PriceQuote { symbol: symbol.parse().unwrap(), price: price.parse().unwrap(), timestamp })
}

/// The field at fault, or the reason where it is the whole.
pub(crate) fn fault(outcome: &Outcome) -> String {
    match outcome {
        Outcome::Rejected(rejection) => rejection.field.as_deref().unwrap_or(&rejection.reason).to_owned(),
        other => panic!("not rejected: {other:?}"),
    }
}
