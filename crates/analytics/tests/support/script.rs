//! Random histories: few ids, symbols and prices, so that they collide.

use hub_core::event::{PortfolioInfo, PriceQuote, RejectedInput, SymbolInfo, Trade, Transaction};
use hub_core::{Event, Offset, Record, Rejection, Settings, Timestamp};
use proptest::prelude::*;

use super::{START_MILLIS, portfolio, transaction_id};

pub(crate) const SYMBOLS: [&str; 4] = ["MSFT", "AAPL", "A-SYMBOL-OF-MORE-THAN-23-BYTES", "UNPRICED"];
/// The last symbol is traded, but never priced.
const PRICED: usize = 3;
pub(crate) const PORTFOLIOS: u8 = 4;
const PRICES: [&str; 4] = ["10", "12", "12.5", "0.00000001"];
/// Mostly small and few, so that sales close positions now and then.
const QUANTITIES: [(u32, &str); 5] =
    [(20, "1"), (20, "2"), (2, "3.5"), (2, "0.000001"), (1, "9000000000000")];

/// A history of up to `records` records, offsets from 1 without gaps.
pub(crate) fn history(records: usize) -> impl Strategy<Value = Vec<Record>> {
    prop::collection::vec((pause(), event()), 1..=records).prop_map(|steps| {
        let mut micros = START_MILLIS * 1000;
        let number = |(place, (pause, (event, ahead))): (usize, (i64, (Event, Option<i64>)))| {
            micros += pause;
            let at = Timestamp::from_micros(micros).unwrap();
            Record { offset: Offset(place as u64 + 1), at, event: claim(event, at, ahead) }
        };
        steps.into_iter().enumerate().map(number).collect()
    })
}

/// Microseconds from one record to the next: mostly none, at times beyond a horizon.
fn pause() -> impl Strategy<Value = i64> {
    let millis = prop_oneof![5 => Just(0), 5 => 1..1000_i64, 1 => 1000..900_000_i64, 1 => Just(600_000)];
    prop_oneof![3 => millis.prop_map(|millis| millis * 1000), 1 => 1..1000_i64]
}

/// An event, and how many microseconds ahead of its record's time it claims to be.
fn event() -> impl Strategy<Value = (Event, Option<i64>)> {
    let ahead = prop_oneof![4 => Just(None), 4 => (-900_000_000..1_000_000_i64).prop_map(Some),
        2 => (-3..3_i64).prop_map(Some), 1 => (0..240_000_000_i64).prop_map(Some),
        1 => (299_999_998..300_000_002_i64).prop_map(Some)];
    let event = prop_oneof![
        8 => transaction(),
        5 => price(),
        1 => Just(Event::Tick),
        1 => (0..PORTFOLIOS).prop_map(|n| Event::Portfolio(PortfolioInfo {
            portfolio_id: portfolio(n), name: n.to_string(), phone_number: None, address: None })),
        1 => symbol(PRICED).prop_map(|symbol| {
            Event::Symbol(SymbolInfo { symbol, sector: "Technology".into() })
        }),
        1 => Just(RejectedInput::new("prices", Rejection::of("price", "is wrong"), b"{}").into()),
        1 => (horizon(), horizon()).prop_map(|(idempotency_horizon_ms, resume_horizon_ms)| {
            Event::Settings(Settings { idempotency_horizon_ms, resume_horizon_ms, ..Settings::default() })
        }),
    ];
    (event, ahead)
}

fn horizon() -> impl Strategy<Value = i64> {
    prop_oneof![Just(0), Just(500), Just(600_000), Just(900_000), Just(i64::MAX)]
}

fn symbol(of_first: usize) -> impl Strategy<Value = hub_core::Symbol> {
    prop::sample::select(&SYMBOLS[..of_first]).prop_map(|symbol| symbol.parse().unwrap())
}

fn value() -> impl Strategy<Value = hub_core::Price> {
    prop::sample::select(&PRICES[..]).prop_map(|price| price.parse().unwrap())
}

fn transaction() -> impl Strategy<Value = Event> {
    let trade = prop_oneof![
        3 => value().prop_map(|price| Trade::Buy { price }),
        4 => (value(), prop::option::weighted(0.3, value()))
            .prop_map(|(price, lot_price)| Trade::Sell { price, lot_price }),
    ];
    let weighted = QUANTITIES.map(|(weight, quantity)| (weight, Just(quantity.parse().unwrap())));
    let quantity = prop::strategy::Union::new_weighted(weighted.to_vec());
    (0..200_u8, 0..PORTFOLIOS, symbol(SYMBOLS.len()), trade, quantity).prop_map(
        |(id, of, symbol, trade, quantity)| {
            Event::Transaction(Box::new(Transaction {
                transaction_id: transaction_id(id),
                portfolio_id: portfolio(of),
                symbol,
                trade,
                quantity,
                timestamp: None,
                trade_id: None,
            }))
        },
    )
}

fn price() -> impl Strategy<Value = Event> {
    (symbol(PRICED), value())
        .prop_map(|(symbol, price)| Event::Price(PriceQuote { symbol, price, timestamp: None }))
}

fn claim(mut event: Event, at: Timestamp, ahead: Option<i64>) -> Event {
    let claimed = ahead.and_then(|ahead| Timestamp::from_micros(at.micros() + ahead));
    match &mut event {
        Event::Transaction(transaction) => transaction.timestamp = claimed,
        Event::Price(quote) => quote.timestamp = claimed,
        _ => {}
    }
    event
}
