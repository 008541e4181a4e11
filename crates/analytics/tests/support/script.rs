//! Random histories: few ids, symbols and prices, so that they collide.

use std::collections::BTreeMap;
use std::fmt::Debug;
use std::str::FromStr;

use hub_core::dto::{PositionRow, UnrealizedPnl};
use hub_core::event::{
    PortfolioInfo, PriceQuote, RejectedInput, SymbolInfo, Trade, Transaction, Upstream, Valuation,
};
use hub_core::settings::{Close, Closes, PriceSettings};
use hub_core::{Date, Event, Money, Offset, Price, Record, Rejection, Settings, Timestamp};
use proptest::prelude::*;

use super::{START_MILLIS, portfolio, transaction_id};

pub(crate) const SYMBOLS: [&str; 4] = ["MSFT", "AAPL", "A-SYMBOL-OF-MORE-THAN-23-BYTES", "UNPRICED"];
/// The last symbol is traded, but never priced.
const PRICED: usize = 3;
pub(crate) const PORTFOLIOS: u8 = 4;
/// With the largest quantities the last one is more than money holds, or makes totals that are.
const PRICES: [(u32, &str); 5] =
    [(6, "10"), (6, "12"), (6, "12.5"), (6, "0.00000001"), (1, "92233720368.54775807")];
/// Money holds their value at the largest price once, and not twice.
const MANY: &str = "99000000000.00000001";
/// At the dearest of the usual prices its value is one that sums are careful with, and at the others it is not.
const LARGE_WHERE_DEAR: &str = "40000000000";
/// Mostly small and few, so that sales close positions now and then.
const QUANTITIES: [(u32, &str); 8] = [
    (20, "1"),
    (20, "2"),
    (2, "3.5"),
    (2, "0.00000001"),
    (1, MANY),
    (2, LARGE_WHERE_DEAR),
    (1, "1000000000000.00000001"),
    (1, "600000000000000"),
];

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
        2 => relayed(),
        1 => Just(Event::Tick),
        1 => (0..PORTFOLIOS).prop_map(|n| Event::Portfolio(PortfolioInfo {
            portfolio_id: portfolio(n), name: n.to_string(), phone_number: None, address: None })),
        1 => symbol(PRICED).prop_map(|symbol| {
            Event::Symbol(SymbolInfo { symbol, sector: "Technology".into() })
        }),
        1 => Just(RejectedInput::new("prices", Rejection::of("price", "is wrong"), b"{}").into()),
        1 => valuation(),
        1 => (horizon(), horizon(), stale_ms(), closes()).prop_map(|(idempotency, resume, stale_ms, closes)| {
            Event::Settings(Settings {
                idempotency_horizon_ms: idempotency,
                resume_horizon_ms: resume,
                prices: PriceSettings { stale_ms },
                closes,
                ..Settings::default()
            })
        }),
    ];
    (event, ahead)
}

/// The day on which log time begins.
const START_DAY: i32 = 20_491;

fn day(n: i32) -> Date {
    Date::from_days(START_DAY + n).unwrap()
}

/// Of days that are over, are under way, or have not begun.
fn valuation() -> impl Strategy<Value = Event> {
    (0..PORTFOLIOS, -60..1_i32, prop_oneof![5 => 1..1000_i128, 1 => Just(0)]).prop_map(|(of, on, cents)| {
        let portfolio_value = Money::from_units(cents * 10_i128.pow(14));
        Upstream::Valuation(Valuation { portfolio_id: portfolio(of), date: day(on), portfolio_value }).into()
    })
}

/// Days of minutes, so that a history has many.
fn closes() -> impl Strategy<Value = Closes> {
    let step = prop_oneof![Just(7_000), Just(60_000), Just(200_000)];
    (step, prop_oneof![1 => Just(0), 9 => Just(300)]).prop_map(|(step, count)| {
        let at = |n: i32| Timestamp::from_millis(START_MILLIS + i64::from(n) * step + step / 3).unwrap();
        (0..count).map(|n| Close { date: day(n - 55), at: at(n) }).collect()
    })
}

/// Facts of the last two portfolios, which at times are computed already.
fn relayed() -> impl Strategy<Value = Event> {
    let of = || (PORTFOLIOS - 2..PORTFOLIOS).prop_map(portfolio);
    let money = || {
        prop::sample::select(vec!["0", "5", "-2.5", "100000000000000000000"])
            .prop_map(|it| it.parse().unwrap())
    };
    let held = prop::sample::select(vec![("0", "0"), ("1", "10"), ("2.5", "24"), ("2.5", "24")]);
    let position = (of(), symbol(SYMBOLS.len()), held, money()).prop_map(
        |(portfolio_id, symbol, held, realized_pnl)| {
            Upstream::Position(PositionRow {
                portfolio_id,
                symbol,
                holdings: held.0.parse().unwrap(),
                total_invested: held.1.parse().unwrap(),
                realized_pnl,
                created_at: None,
                updated_at: None,
            })
        },
    );
    let mark = (of(), symbol(SYMBOLS.len()), money(), any::<bool>(), any::<bool>()).prop_map(
        |(portfolio_id, symbol, overall, is_partial, is_stale)| {
            let symbols = BTreeMap::from([(symbol, overall)]);
            let some =
                |is_there: bool, name: &str| is_there.then(|| name.parse().unwrap()).into_iter().collect();
            let as_of = Timestamp::from_millis(START_MILLIS).filter(|_| is_stale);
            let (unpriced, stale) = (some(is_partial, "X"), some(is_stale, "Y"));
            Upstream::UnrealizedPnl(UnrealizedPnl { portfolio_id, symbols, overall, unpriced, stale, as_of })
        },
    );
    prop_oneof![3 => position, 2 => mark].prop_map(Event::from)
}

fn horizon() -> impl Strategy<Value = i64> {
    prop_oneof![Just(0), Just(500), Just(600_000), Just(900_000), Just(i64::MAX)]
}

fn stale_ms() -> impl Strategy<Value = u32> {
    prop_oneof![Just(0), Just(1), Just(500), Just(60_000), Just(600_000), Just(u32::MAX)]
}

fn symbol(of_first: usize) -> impl Strategy<Value = hub_core::Symbol> {
    prop::sample::select(&SYMBOLS[..of_first]).prop_map(|symbol| symbol.parse().unwrap())
}

fn value() -> impl Strategy<Value = Price> {
    weighted(&PRICES)
}

/// Free shares, and worthless ones that are sold.
fn traded_at() -> impl Strategy<Value = Price> {
    prop_oneof![12 => value(), 1 => Just(Price::ZERO)]
}

fn weighted<T: FromStr<Err: Debug> + Clone + Debug>(
    choices: &'static [(u32, &'static str)],
) -> impl Strategy<Value = T> {
    let choices = choices.iter().map(|(weight, text)| (*weight, Just(text.parse().unwrap())));
    prop::strategy::Union::new_weighted(choices.collect())
}

/// At two prices of which the dearer makes totals of [`MANY`] that money does not hold.
fn dear_or_cheap() -> impl Strategy<Value = Trade> {
    let price = || prop_oneof![Just(Price::from_units(1)), Just(Price::MAX)];
    prop_oneof![
        price().prop_map(|price| Trade::Buy { price }),
        price().prop_map(|price| Trade::Sell { price, lot_price: None }),
    ]
}

fn transaction() -> impl Strategy<Value = Event> {
    let trade = prop_oneof![
        3 => traded_at().prop_map(|price| Trade::Buy { price }),
        4 => (traded_at(), prop::option::weighted(0.3, value()))
            .prop_map(|(price, lot_price)| Trade::Sell { price, lot_price }),
    ];
    let usual = (0..PORTFOLIOS, symbol(SYMBOLS.len()), trade, weighted(&QUANTITIES));
    let of_one = (Just(0), symbol(1), dear_or_cheap(), Just(MANY.parse().unwrap()));
    (0..200_u8, prop_oneof![9 => usual.boxed(), 1 => of_one.boxed()]).prop_map(
        |(id, (of, symbol, trade, quantity))| {
            let transaction = Transaction::new(transaction_id(id), portfolio(of), symbol, trade, quantity);
            Event::Transaction(transaction.into())
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
        Event::Upstream(fact) => {
            if let Upstream::Position(row) = &mut **fact {
                row.updated_at = claimed;
            }
        }
        _ => {}
    }
    event
}
