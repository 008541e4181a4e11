//! Random steps: few portfolios, symbols, ids and prices, so that they collide.

use std::fmt::Debug;
use std::str::FromStr;

use hub_core::dto::{PositionRow, UnrealizedPnl};
use hub_core::event::{
    PortfolioInfo, PriceQuote, RejectedInput, RiskMetrics, SymbolInfo, Trade, Transaction, Upstream,
};
use hub_core::settings::PriceSettings;
use hub_core::{Event, PortfolioId, Price, Rejection, Settings, Timestamp, TransactionId};
use proptest::prelude::*;

use crate::hub::START_MILLIS;

/// Portfolios that are traded and ranked.
pub(crate) const PORTFOLIOS: u8 = 6;
const SYMBOLS: [&str; 5] = ["MSFT", "AAPL", "A\"QUOTE", "A-SYMBOL-OF-MORE-THAN-23-BYTES", "UNPRICED"];
/// The last symbol is traded, but never priced.
const PRICED: usize = 4;
const PRICES: [(u32, &str); 5] =
    [(6, "10"), (6, "12"), (6, "12.5"), (6, "0.00000001"), (1, "92233720368.54775807")];
/// Mostly small and few, so that sales close positions now and then. Money holds the value of some at the largest price
/// once, and not twice.
const QUANTITIES: [(u32, &str); 8] = [
    (20, "1"),
    (20, "2"),
    (2, "3.5"),
    (2, "0.00000001"),
    (1, "99000000000.00000001"),
    (2, "40000000000"),
    (1, "1000000000000.00000001"),
    (1, "600000000000000"),
];
const LOT_PRICES: [(u32, &str); 2] = [(1, "10"), (1, "12")];
const RATIOS: [(u32, &str); 7] =
    [(3, "0"), (3, "1"), (2, "-1"), (1, "0.1"), (1, "0.2"), (1, "0.0000000000000000004"), (1, "1.5")];

/// What happens next.
#[derive(Clone, Debug)]
pub(crate) enum Step {
    /// A record comes, so many microseconds after the one before; it may claim to be so many ahead of its own time.
    Record {
        pause: i64,
        event: Event,
        ahead: Option<i64>,
    },
    Settle,
    Flush,
    /// Everything that is derived is lost; it is restored as it was saved, or the whole log is replayed.
    Restart {
        saved: bool,
    },
    /// A subscriber comes, or comes back.
    Come {
        who: usize,
        with: With,
    },
    Leave {
        who: usize,
    },
    /// A subscriber's socket has room for so many bytes.
    Take {
        who: usize,
        bytes: usize,
    },
}

/// What one brings who comes back.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum With {
    Nothing,
    /// The last `resume` that he was sent.
    Resume,
    /// One that he was sent before.
    Stale,
    /// One of another log.
    UnknownEpoch,
}

pub(crate) fn steps(most: usize) -> impl Strategy<Value = Vec<Step>> {
    prop::collection::vec(step(), 1..=most)
}

fn step() -> impl Strategy<Value = Step> {
    let who = || 0..usize::from(u8::MAX);
    let with = prop_oneof![
        2 => Just(With::Nothing), 4 => Just(With::Resume), 2 => Just(With::Stale), 1 => Just(With::UnknownEpoch)
    ];
    let bytes = prop_oneof![1 => Just(1_usize), 3 => 1..600_usize, 2 => Just(1 << 20)];
    prop_oneof![
        32 => (pause(), event(), ahead())
            .prop_map(|(pause, event, ahead)| Step::Record { pause, event, ahead }),
        3 => Just(Step::Settle),
        8 => Just(Step::Flush),
        1 => any::<bool>().prop_map(|saved| Step::Restart { saved }),
        10 => (who(), with).prop_map(|(who, with)| Step::Come { who, with }),
        4 => who().prop_map(|who| Step::Leave { who }),
        20 => (who(), bytes).prop_map(|(who, bytes)| Step::Take { who, bytes }),
    ]
}

/// Mostly none, at times beyond a horizon.
fn pause() -> impl Strategy<Value = i64> {
    let millis = prop_oneof![20 => Just(0), 20 => 1..1000_i64, 2 => 1000..900_000_i64, 1 => Just(600_000)];
    prop_oneof![3 => millis.prop_map(|millis| millis * 1000), 1 => 1..1000_i64]
}

fn ahead() -> impl Strategy<Value = Option<i64>> {
    prop_oneof![
        4 => Just(None), 4 => (-900_000_000..1_000_000_i64).prop_map(Some), 2 => (-3..3_i64).prop_map(Some),
        1 => (299_999_998..300_000_002_i64).prop_map(Some)
    ]
}

fn event() -> impl Strategy<Value = Event> {
    let names = || prop_oneof![Just("Growth"), Just("Income \"A\"")];
    prop_oneof![
        12 => transaction(),
        7 => (symbol(PRICED), weighted(&PRICES)).prop_map(|(symbol, price)| {
            Event::Price(PriceQuote { symbol, price, timestamp: None })
        }),
        2 => relayed(),
        3 => risk().prop_map(Event::Risk),
        3 => risk().prop_map(|risk| Event::Symbol(derive(&risk))),
        1 => (portfolios(), names()).prop_map(|(portfolio_id, name)| Event::Portfolio(PortfolioInfo {
            portfolio_id, name: name.into(), phone_number: None, address: None })),
        1 => Just(Event::Tick),
        1 => Just(RejectedInput::new("prices", Rejection::of("price", "is wrong"), b"{}").into()),
        1 => (horizon(), prop_oneof![Just(600_000), horizon()], stale_ms()).prop_map(|(idempotency_horizon_ms, resume_horizon_ms, stale_ms)| {
            let prices = PriceSettings { stale_ms };
            Event::Settings(Settings { idempotency_horizon_ms, resume_horizon_ms, prices, ..Settings::default() })
        }),
    ]
}

/// Facts of the last two portfolios, which at times are computed already.
fn relayed() -> impl Strategy<Value = Event> {
    let of = || (PORTFOLIOS - 1..=PORTFOLIOS).prop_map(portfolio);
    let money = || {
        prop::sample::select(vec!["0", "5", "-2.5", "100000000000000000000"])
            .prop_map(|it| it.parse().unwrap())
    };
    let held = prop::sample::select(vec![("0", "0"), ("1", "10"), ("2.5", "24")]);
    let position = (of(), symbol(SYMBOLS.len()), held, money()).prop_map(
        |(portfolio_id, symbol, (holdings, invested), realized_pnl)| {
            Upstream::Position(PositionRow {
                portfolio_id,
                symbol,
                holdings: holdings.parse().unwrap(),
                total_invested: invested.parse().unwrap(),
                realized_pnl,
                created_at: None,
                updated_at: None,
            })
        },
    );
    let mark = (of(), symbol(SYMBOLS.len()), money(), any::<[bool; 2]>()).prop_map(
        |(portfolio_id, symbol, overall, [is_partial, is_stale])| {
            let named = |is_there: bool| is_there.then(|| symbol.clone()).into_iter().collect();
            let (unpriced, stale) = (named(is_partial), named(is_stale));
            let as_of = Timestamp::from_millis(START_MILLIS).filter(|_| is_stale);
            let symbols = [(symbol.clone(), overall)].into();
            Upstream::UnrealizedPnl(UnrealizedPnl { portfolio_id, symbols, overall, unpriced, stale, as_of })
        },
    );
    prop_oneof![3 => position, 2 => mark].prop_map(Event::from)
}

fn stale_ms() -> impl Strategy<Value = u32> {
    prop_oneof![Just(0), Just(500), Just(60_000), Just(600_000)]
}

fn horizon() -> impl Strategy<Value = i64> {
    prop_oneof![Just(0), Just(500), Just(600_000), Just(900_000), Just(i64::MAX)]
}

fn transaction() -> impl Strategy<Value = Event> {
    let bought_at = || prop_oneof![12 => weighted(&PRICES), 1 => Just(Price::ZERO)];
    let trade = prop_oneof![
        3 => bought_at().prop_map(|price| Trade::Buy { price }),
        4 => (bought_at(), prop::option::weighted(0.3, weighted(&PRICES)))
            .prop_map(|(price, lot_price)| Trade::Sell { price, lot_price }),
    ];
    let usual = (portfolios(), symbol(SYMBOLS.len()), trade, weighted(&QUANTITIES));
    // One that has many lots.
    let trade = prop_oneof![
        5 => weighted(&LOT_PRICES).prop_map(|price| Trade::Buy { price }),
        1 => (weighted(&LOT_PRICES), prop::option::of(weighted(&LOT_PRICES)))
            .prop_map(|(price, lot_price)| Trade::Sell { price, lot_price }),
    ];
    let of_many = (Just(portfolio(1)), symbol(1), trade, weighted(&QUANTITIES[..2]));
    (0..u8::MAX, prop_oneof![2 => usual.boxed(), 1 => of_many.boxed()]).prop_map(
        |(id, (portfolio, symbol, trade, quantity))| {
            let id = TransactionId::from_bytes([id; 16]);
            Event::Transaction(Transaction::new(id, portfolio, symbol, trade, quantity).into())
        },
    )
}

fn risk() -> impl Strategy<Value = RiskMetrics> {
    let ratio = || weighted(&RATIOS);
    (portfolios(), ratio(), ratio(), ratio()).prop_map(
        |(portfolio_id, avg_rate_of_return, sharpe_ratio, sortino_ratio)| RiskMetrics {
            portfolio_id,
            avg_rate_of_return,
            sharpe_ratio,
            sortino_ratio,
        },
    )
}

/// A symbol's sector from which another projection derives risk metrics.
fn derive(risk: &RiskMetrics) -> SymbolInfo {
    let RiskMetrics { portfolio_id, avg_rate_of_return, sharpe_ratio, sortino_ratio } = risk;
    let sector = format!("{portfolio_id} {avg_rate_of_return} {sharpe_ratio} {sortino_ratio}");
    SymbolInfo { symbol: SYMBOLS[0].parse().unwrap(), sector }
}

/// The metrics that follow from it.
pub(crate) fn derived_of(info: &SymbolInfo) -> Option<RiskMetrics> {
    let mut words = info.sector.split(' ');
    Some(RiskMetrics {
        portfolio_id: words.next()?.parse().ok()?,
        avg_rate_of_return: words.next()?.parse().ok()?,
        sharpe_ratio: words.next()?.parse().ok()?,
        sortino_ratio: words.next()?.parse().ok()?,
    })
}

fn symbol(of_first: usize) -> impl Strategy<Value = hub_core::Symbol> {
    prop::sample::select(&SYMBOLS[..of_first]).prop_map(|symbol| symbol.parse().unwrap())
}

fn portfolios() -> impl Strategy<Value = PortfolioId> {
    (1..=PORTFOLIOS).prop_map(portfolio)
}

pub(crate) fn portfolio(n: u8) -> PortfolioId {
    let mut bytes = [0; 16];
    bytes[15] = n;
    PortfolioId::from_bytes(bytes)
}

fn weighted<T: FromStr<Err: Debug> + Clone + Debug>(
    choices: &'static [(u32, &'static str)],
) -> impl Strategy<Value = T> {
    let choices = choices.iter().map(|(weight, text)| (*weight, Just(text.parse().unwrap())));
    prop::strategy::Union::new_weighted(choices.collect())
}
