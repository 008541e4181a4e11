//! The projection in a driver, and what its topics show.
#![allow(dead_code, reason = "every test binary compiles this and uses its part of it")]

pub(crate) mod days;
pub(crate) mod model;
pub(crate) mod on_log;
pub(crate) mod rest;
pub(crate) mod script;

use std::ops::{Deref, DerefMut};
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use hub_analytics::{AnalyticsReads, register};
use hub_core::event::{PriceQuote, Trade, Transaction};
use hub_core::limits::Limits;
use hub_core::settings::PriceSettings;
use hub_core::{Event, Offset, Outcome, PortfolioId, Settings, Timestamp, TransactionId};
use hub_fanout::testing::Driver;
use hub_fanout::{Catalog, Changed, Filter, RowKey, StateFlush, View, ViewMeter};

/// Where the tests' log time begins.
pub(crate) const START_MILLIS: i64 = 1_770_460_200_000;

pub(crate) struct Fixture {
    pub(crate) driver: Driver,
    pub(crate) reads: AnalyticsReads,
    pub(crate) catalog: Catalog,
    pub(crate) meter: Arc<ViewMeter>,
}

impl Fixture {
    pub(crate) fn new() -> Fixture {
        Fixture::within(Limits::default().view_bytes)
    }

    /// One that keeps no more than so much for states that are held.
    pub(crate) fn within(view_bytes: usize) -> Fixture {
        Fixture::keeping(Duration::ZERO, view_bytes)
    }

    /// One that keeps the states of flushes, too.
    pub(crate) fn keeping(time: Duration, view_bytes: usize) -> Fixture {
        let mut catalog = Catalog::default();
        let (projection, reads) = register(&mut catalog, &Limits { view_bytes, ..Limits::default() });
        let projection = projection.keeping(time);
        let meter = Arc::clone(projection.meter());
        Fixture { driver: Driver::new(START_MILLIS, vec![Box::new(projection)]), reads, catalog, meter }
    }

    /// As [`Fixture::new`], with somebody subscribed to everything.
    pub(crate) fn watched() -> Fixture {
        let fixture = Fixture::new();
        fixture.catalog.states().iter().for_each(|topic| topic.interest().enter());
        fixture
    }

    pub(crate) fn buy(&mut self, id: u8, symbol: &str, quantity: &str, price: &str) -> Outcome {
        self.send(trade(id, 1, symbol, quantity, Trade::Buy { price: price.parse().unwrap() }))
    }

    pub(crate) fn sell(
        &mut self,
        id: u8,
        symbol: &str,
        quantity: &str,
        price: &str,
        lot: Option<&str>,
    ) -> Outcome {
        let trade_at =
            Trade::Sell { price: price.parse().unwrap(), lot_price: lot.map(|lot| lot.parse().unwrap()) };
        self.send(trade(id, 1, symbol, quantity, trade_at))
    }

    pub(crate) fn price(&mut self, symbol: &str, price: &str) -> Outcome {
        self.send(quote(symbol, price, None))
    }

    pub(crate) fn configure(&mut self, idempotency_horizon_ms: i64, resume_horizon_ms: i64) {
        self.send(Event::Settings(Settings {
            idempotency_horizon_ms,
            resume_horizon_ms,
            ..Settings::default()
        }));
    }

    /// Prices are stale from this age on.
    pub(crate) fn stale_after(&mut self, stale_ms: u32) {
        self.send(Event::Settings(Settings { prices: PriceSettings { stale_ms }, ..Settings::default() }));
    }

    /// The positions' topic, then the marks'.
    pub(crate) fn publish(&mut self) -> [StateFlush; 2] {
        let [positions, marks, ..] = self.publish_all();
        [positions, marks]
    }

    /// All topics: behind those the summaries', the movers' and the sectors'.
    pub(crate) fn publish_all(&mut self) -> [StateFlush; 5] {
        self.driver.flush().states.try_into().ok().expect("five topics")
    }

    /// The only portfolio's mark as it is now.
    pub(crate) fn mark(&mut self) -> Option<String> {
        let [_, marks] = self.publish();
        marks.view.element(0).unwrap().map(text)
    }

    /// The position with this key as it is now.
    pub(crate) fn row(&mut self, key: RowKey) -> Option<String> {
        let [positions, _] = self.publish();
        positions.view.element(key).unwrap().map(text)
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

pub(crate) fn portfolio(n: u8) -> PortfolioId {
    let mut bytes = [0; 16];
    bytes[15] = n;
    PortfolioId::from_bytes(bytes)
}

pub(crate) fn transaction_id(n: u8) -> TransactionId {
    TransactionId::from_bytes([n; 16])
}

pub(crate) fn trade(id: u8, of: u8, symbol: &str, quantity: &str, trade: Trade) -> Event {
    let (symbol, quantity) = (symbol.parse().unwrap(), quantity.parse().unwrap());
    let transaction = Transaction::new(transaction_id(id), portfolio(of), symbol, trade, quantity);
    Event::Transaction(transaction.into())
}

pub(crate) fn buy(hub: &mut Fixture, id: u8, of: u8, symbol: &str, quantity: &str, price: &str) {
    hub.send(trade(id, of, symbol, quantity, Trade::Buy { price: price.parse().unwrap() }));
}

pub(crate) fn quote(symbol: &str, price: &str, timestamp: Option<Timestamp>) -> Event {
    Event::Price(PriceQuote { symbol: symbol.parse().unwrap(), price: price.parse().unwrap(), timestamp })
}

pub(crate) fn text(bytes: Bytes) -> String {
    String::from_utf8(bytes.into()).unwrap()
}

/// Everything the view has, however it is asked.
pub(crate) fn all_changed(view: &dyn View, after: u64) -> Vec<RowKey> {
    let mut keys = vec![];
    let more = view.changed(Offset(after), None, &Filter::ALL, usize::MAX, &mut keys);
    assert_eq!(more, Ok(false), "there can't be more");
    keys
}

/// Every element by key; `None` where it has no value.
pub(crate) fn elements(view: &dyn View) -> Vec<Option<Bytes>> {
    let keys = all_changed(view, 0);
    assert!(keys.iter().copied().eq(0..keys.len() as RowKey), "keys are dense");
    keys.into_iter().map(|key| view.element(key).unwrap()).collect()
}

pub(crate) fn keys(changed: &Changed) -> &[RowKey] {
    match changed {
        Changed::Keys(keys) => keys,
        Changed::Unlisted | Changed::Apart => panic!("not listed"),
    }
}

pub(crate) fn field(outcome: &Outcome) -> Option<&str> {
    match outcome {
        Outcome::Rejected(rejection) => rejection.field.as_deref(),
        _ => None,
    }
}
