//! Random histories.

use hub_core::event::trading::{
    CloseTrade, CreateSession, OpenTrade, SessionId, StopSession, TradeId, TradingCommand, TradingRequest,
};
use hub_core::event::{PriceQuote, Side};
use hub_core::settings::{AutotraderSettings, PriceSettings};
use hub_core::{Event, Offset, Price, Record, RequestId, Settings, Symbol, Timestamp};
use proptest::prelude::*;

use super::START_MILLIS;

/// The last symbol is never priced.
pub(crate) const SYMBOLS: [&str; 3] = ["NIFTY", "BANKNIFTY", "UNPRICED"];
const PRICED: usize = 2;
/// Mostly few and close together, so that levels are crossed often. Times the
/// large quantities, the last but one earns nearly all that can be represented, or more.
const PRICES: [(u32, &str); 7] =
    [(6, "90"), (6, "95.5"), (8, "100"), (6, "104.25"), (6, "110"), (1, "92233720"), (2, "0.00000001")];
/// As dear as it gets. Only as a quote and an exit.
const DEAREST: &str = "92233720368";
const QUANTITIES: [(u32, &str); 6] = [
    (8, "1"),
    (8, "2"),
    (2, "0.5"),
    (1, "0.00000001"),
    (2, "90000000000000"),
    (1, "900000000000000.00000001"),
];
const CAPITALS: [(u32, &str); 4] = [(1, "150"), (4, "1000"), (4, "1000000"), (3, "16000000000000000000000")];

/// A history of up to `records` records, offsets from 1 without gaps. Now and
/// then somebody sends again what came shortly before.
pub(crate) fn history(records: usize) -> impl Strategy<Value = Vec<Record>> {
    let again = prop::option::weighted(0.1, 1..12_usize);
    prop::collection::vec((pause(), event(), again), 1..=records).prop_map(|steps| {
        let mut millis = START_MILLIS;
        let mut history: Vec<Record> = vec![];
        for (pause, (event, ahead), again) in steps {
            millis += pause;
            let at = Timestamp::from_millis(millis).unwrap();
            let earlier = again.and_then(|back| history.len().checked_sub(back));
            let event = earlier.map_or(event, |place| history[place].event.clone());
            let offset = Offset(history.len() as u64 + 1);
            history.push(Record { offset, at, event: claim(event, at, ahead) });
        }
        history
    })
}

/// From one record to the next: mostly nothing, at times half a day.
fn pause() -> impl Strategy<Value = i64> {
    prop_oneof![8 => Just(0), 8 => 1..1000_i64, 1 => 1000..900_000_i64, 1 => Just(43_200_000)]
}

/// An event, and how far ahead of its record's time a price claims to be.
fn event() -> impl Strategy<Value = (Event, Option<i64>)> {
    let ahead = prop_oneof![6 => Just(None), 3 => (-500..500_i64).prop_map(Some),
        1 => (299_999..300_002_i64).prop_map(Some)];
    let event = prop_oneof![
        12 => command(),
        10 => quote(),
        1 => Just(Event::Tick),
        1 => settings().prop_map(Event::Settings),
    ];
    (event, ahead)
}

fn settings() -> impl Strategy<Value = Settings> {
    let horizon = prop_oneof![1 => Just(0), 1 => Just(500), 3 => Just(i64::MAX)];
    let bound = || prop_oneof![1 => 0..3_u32, 4 => Just(100)];
    let stale = prop_oneof![Just(0), Just(1), Just(1000), Just(60_000), Just(u32::MAX)];
    (horizon, bound(), bound(), bound(), bound(), stale).prop_map(
        |(horizon, active, stopped, open, closed, stale_ms)| Settings {
            idempotency_horizon_ms: horizon,
            autotrader: AutotraderSettings {
                active_sessions_max: active.max(2),
                stopped_sessions_kept: stopped,
                open_trades_max: open.max(2),
                closed_trades_kept: closed,
            },
            prices: PriceSettings { stale_ms },
            ..Settings::default()
        },
    )
}

fn command() -> impl Strategy<Value = Event> {
    let id =
        prop::option::weighted(0.4, 0..60_u8).prop_map(|id| id.map(|id| RequestId::from_bytes([id; 16])));
    let session = || (1..6_u64).prop_map(SessionId);
    let create = weighted(&CAPITALS).prop_map(|capital| {
        let initial_capital = capital.parse().unwrap();
        TradingCommand::CreateSession(CreateSession { name: None, initial_capital })
    });
    let price = prop::option::weighted(0.3, dear());
    let close = ((1..40_u64).prop_map(TradeId), price)
        .prop_map(|(trade_id, price)| TradingCommand::CloseTrade(CloseTrade { trade_id, price }));
    let stop = session().prop_map(|session_id| TradingCommand::StopSession(StopSession { session_id }));
    let command = prop_oneof![2 => create, 10 => open(session()), 4 => close, 1 => stop];
    (id, command).prop_map(|(request_id, command)| Event::Trading(TradingRequest { request_id, command }))
}

fn open(session: impl Strategy<Value = SessionId>) -> impl Strategy<Value = TradingCommand> {
    let side = prop_oneof![2 => Just(Side::Buy), 1 => Just(Side::Sell)];
    let quantity = weighted(&QUANTITIES).prop_map(|quantity| quantity.parse().unwrap());
    let level = || prop::option::weighted(0.4, price());
    (session, symbol(SYMBOLS.len()), side, quantity, level(), level(), level()).prop_map(
        |(session_id, symbol, side, quantity, entry_price, a, b)| {
            // Mostly the right way round.
            let entry = entry_price.unwrap_or(Price::from_units(10_000_000_000));
            let swap = a.is_some_and(|a| (a > entry) == (side == Side::Buy));
            let (stop_loss, target) = if swap { (b, a) } else { (a, b) };
            let command = OpenTrade { session_id, symbol, side, quantity, entry_price, stop_loss, target };
            TradingCommand::OpenTrade(command)
        },
    )
}

fn quote() -> impl Strategy<Value = Event> {
    (symbol(PRICED), dear())
        .prop_map(|(symbol, price)| Event::Price(PriceQuote { symbol, price, timestamp: None }))
}

fn symbol(of_first: usize) -> impl Strategy<Value = Symbol> {
    prop::sample::select(&SYMBOLS[..of_first]).prop_map(|symbol| symbol.parse().unwrap())
}

fn price() -> impl Strategy<Value = Price> {
    weighted(&PRICES).prop_map(|price| price.parse().unwrap())
}

fn dear() -> impl Strategy<Value = Price> {
    prop_oneof![12 => price(), 1 => Just(DEAREST.parse().unwrap())]
}

fn weighted(choices: &'static [(u32, &'static str)]) -> impl Strategy<Value = &'static str> {
    let choices = choices.iter().map(|(weight, text)| (*weight, Just(*text)));
    prop::strategy::Union::new_weighted(choices.collect())
}

fn claim(mut event: Event, at: Timestamp, ahead: Option<i64>) -> Event {
    if let Event::Price(quote) = &mut event {
        quote.timestamp = ahead.map(|ahead| at.plus_millis(ahead));
    }
    event
}
