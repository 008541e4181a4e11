//! Random histories of a few portfolios: days that end, values of days that are said and said again, things without a
//! price, and risk that is ingested.

use hub_core::dto::PositionRow;
use hub_core::event::{PriceQuote, RiskMetrics, Trade, Transaction, Upstream, Valuation};
use hub_core::settings::Close;
use hub_core::{Date, Event, Offset, PortfolioId, Record, Settings, Timestamp, TransactionId};
use rand::{RngExt as _, SeedableRng as _};
use rand_chacha::ChaCha8Rng;

pub(crate) const START_MILLIS: i64 = 1_770_460_200_000;
const START_DAY: i32 = 20_491;
pub(crate) const PORTFOLIOS: u8 = 5;
/// One that is relayed.
const RELAYED: u8 = 4;

pub(crate) fn portfolio(n: u8) -> PortfolioId {
    PortfolioId::from_bytes([n + 1; 16])
}

pub(crate) fn at(micros: i64) -> Timestamp {
    Timestamp::from_micros(micros).unwrap()
}

/// A random history of a few portfolios.
pub(crate) struct History {
    random: ChaCha8Rng,
    micros: i64,
    transactions: u64,
    records: Vec<Record>,
}

impl History {
    pub(crate) fn of(seed: u64) -> Vec<Record> {
        let random = ChaCha8Rng::seed_from_u64(seed);
        let mut history =
            History { random, micros: START_MILLIS * 1000, transactions: 0, records: Vec::new() };
        if !seed.is_multiple_of(3) {
            history.closes();
        }
        let first = if seed.is_multiple_of(2) { -36 } else { -30 };
        for day in first..-1 {
            for of in 0..PORTFOLIOS {
                history.valuation(of, day);
            }
        }
        for _ in 0..260 {
            history.step();
        }
        history.records
    }

    fn add(&mut self, event: Event) {
        let place = self.records.len() as u64;
        self.micros = match self.random.random_range(0..20) {
            0..8 => self.micros,
            8..15 => self.micros + self.random.random_range(0..900_000),
            15..17 => self.next_turn(self.micros),
            17..19 => self.micros + self.random.random_range(0..32_000_000),
            _ => self.micros + self.random.random_range(0..90_000_000),
        };
        self.records.push(Record { offset: Offset(place + 1), at: at(self.micros), event });
    }

    /// The next turn of some portfolio after a time, or a moment after it.
    fn next_turn(&mut self, micros: i64) -> i64 {
        let round = micros - micros % 30_000_000 + 30_000_000;
        let after = if self.random.random_bool(0.7) { 0 } else { self.random.random_range(1..400_000) };
        round + 500_000 * self.random.random_range(0..i64::from(PORTFOLIOS)) + after
    }

    fn step(&mut self) {
        let of = self.random.random_range(0..PORTFOLIOS);
        match self.random.random_range(0..100) {
            0..30 => self.price(),
            30..55 if of == RELAYED => self.relay(),
            30..55 => self.trade(of),
            55..70 => {
                let day = self.random.random_range(-33..4);
                self.valuation(of, day);
            }
            70..72 => self.closes(),
            // The first ones are never said to have a risk.
            72..77 if of > 1 => self.risk(of),
            _ => self.add(Event::Tick),
        }
    }

    fn price(&mut self) {
        let (symbol, price) = (self.random.random_range(0..3), self.random.random_range(1..40));
        let timestamp = self.random.random_bool(0.5).then(|| {
            let ago = self.random.random_range(0..40_000_000);
            at(self.micros - ago)
        });
        let (symbol, price) = (["A", "B", "C"][symbol].parse().unwrap(), price.to_string().parse().unwrap());
        self.add(Event::Price(PriceQuote { symbol, price, timestamp }));
    }

    fn trade(&mut self, of: u8) {
        // Nobody quotes the last one.
        let symbol = if self.random.random_bool(0.07) { "U" } else { ["A", "B", "C"][usize::from(of) % 3] };
        let price = "5".parse().unwrap();
        let is_sale = self.random.random_bool(0.5);
        let trade = if is_sale { Trade::Sell { price, lot_price: None } } else { Trade::Buy { price } };
        self.transactions += 1;
        let mut id = [0; 16];
        id[8..].copy_from_slice(&self.transactions.to_be_bytes());
        let quantity = self.random.random_range(1..3).to_string().parse().unwrap();
        let id = TransactionId::from_bytes(id);
        let transaction = Transaction::new(id, portfolio(of), symbol.parse().unwrap(), trade, quantity);
        self.add(Event::Transaction(transaction.into()));
    }

    fn relay(&mut self) {
        let holdings = self.random.random_range(1..9).to_string().parse().unwrap();
        self.add(Event::from(Upstream::Position(PositionRow {
            portfolio_id: portfolio(RELAYED),
            symbol: "A".parse().unwrap(),
            holdings,
            total_invested: "5".parse().unwrap(),
            realized_pnl: "0".parse().unwrap(),
            created_at: None,
            updated_at: None,
        })));
    }

    fn valuation(&mut self, of: u8, day: i32) {
        let value = if self.random.random_bool(0.02) { 0 } else { self.random.random_range(20..25) };
        let date = Date::from_days(START_DAY + day).unwrap();
        let portfolio_value = value.to_string().parse().unwrap();
        self.add(
            Upstream::Valuation(Valuation { portfolio_id: portfolio(of), date, portfolio_value }).into(),
        );
    }

    /// Days of seconds or minutes, the first of which ends some time after this.
    fn closes(&mut self) {
        let step = [7_000, 60_000, 210_000][self.random.random_range(0..3)];
        let first = (self.next_turn(self.micros) + self.random.random_range(0..7) * 30_000_000) / 1000;
        let from = START_DAY + self.random.random_range(-4..2);
        let close = |n: i32| Close {
            date: Date::from_days(from + n).unwrap(),
            at: Timestamp::from_millis(first + i64::from(n) * step).unwrap(),
        };
        let closes = (0..300).map(close).collect();
        self.add(Event::Settings(Settings { closes, ..Settings::default() }));
    }

    fn risk(&mut self, of: u8) {
        let mut ratio = || self.random.random_range(1..3).to_string().parse().unwrap();
        let (avg_rate_of_return, sharpe_ratio) = (ratio(), ratio());
        let (portfolio_id, sortino_ratio) = (portfolio(of), "1.5".parse().unwrap());
        let risk = RiskMetrics { portfolio_id, avg_rate_of_return, sharpe_ratio, sortino_ratio };
        self.add(Event::Risk(risk));
    }
}
