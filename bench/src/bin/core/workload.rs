//! Transactions, drawn before any clock starts.

mod permutation;
mod random;

use std::num::NonZeroUsize;

use anyhow::ensure;
use clap::Args;
use hub_core::event::{PriceQuote, Trade, Transaction};
use hub_core::{Event, Offset, PortfolioId, Price, Quantity, Record, Symbol, Timestamp, TransactionId};

use self::permutation::Permutation;
use self::random::Random;

/// Symbols that each portfolio may hold.
pub(crate) const SYMBOLS: u64 = 500;

/// Log time of the first record, in milliseconds since 1970.
const START_MILLIS: i64 = 1_770_460_200_000;

/// Records of one millisecond of log time.
const RECORDS_PER_MILLI: u64 = 100;

/// Units of a quantity and of a price in a hundredth, which is what trades are drawn in.
const HUNDREDTH: i64 = 1_000_000;

/// Most hundredths of one purchase.
const QUANTITY_MAX: u64 = 100_000;

/// Options of how much is drawn.
#[derive(Args)]
pub(crate) struct Size {
    /// Transactions that open a position each.
    #[arg(long, default_value = "1000000")]
    pub(crate) positions: NonZeroUsize,
    /// Transactions of these positions, drawn at random, that follow.
    #[arg(long, default_value_t = 300_000)]
    pub(crate) again: usize,
    /// Portfolios that hold them, of 500 symbols.
    #[arg(long, default_value_t = 50_000)]
    pub(crate) portfolios: u32,
}

/// Draws transactions one by one, none of which a ledger refuses: the same from the same seed.
pub(crate) struct Workload {
    random: Random,
    symbols: Vec<Symbol>,
    /// Of all pairs of portfolio and symbol.
    pairs: Permutation,
    /// Hundredths that each position holds, in the order in which they were opened.
    held: Vec<u64>,
    offset: u64,
}

impl Workload {
    /// Nothing is drawn yet, and `positions` can be.
    pub(crate) fn new(seed: u64, portfolios: u32, positions: usize) -> anyhow::Result<Workload> {
        let pairs = u64::from(portfolios) * SYMBOLS;
        ensure!(positions as u64 <= pairs, "{portfolios} portfolios have at most {pairs} positions");
        let mut random = Random::new(seed);
        let symbols = (0..SYMBOLS).map(|n| format!("S{n:03}").parse()).collect::<Result<Vec<Symbol>, _>>()?;
        let pairs = Permutation::new(pairs, &mut random);
        Ok(Workload { random, symbols, pairs, held: Vec::with_capacity(positions), offset: 0 })
    }

    /// The next record: a purchase that opens a position.
    pub(crate) fn open(&mut self) -> Record {
        self.held.push(0);
        self.buy(self.held.len() - 1)
    }

    /// The next record: a trade of one of the positions that there are. Half are purchases, each at a price of its own;
    /// an eighth sell all that is held.
    pub(crate) fn trade(&mut self) -> Record {
        let position = self.random.below(self.held.len() as u64) as usize;
        let held = self.held[position];
        match self.random.below(8) {
            _ if held == 0 => self.buy(position),
            0 => self.sell(position, held),
            1..=3 => {
                let part = 1 + self.random.below(held);
                self.sell(position, part)
            }
            _ => self.buy(position),
        }
    }

    /// The next record: a price of one of the symbols.
    pub(crate) fn tick(&mut self, symbol: usize) -> Record {
        let (symbol, price) = (self.symbols[symbol].clone(), self.price());
        self.next(Event::Price(PriceQuote { symbol, price, timestamp: None }))
    }

    /// Holdings of all positions together, as of the last record drawn.
    pub(crate) fn holdings(&self) -> Quantity {
        hundredths(self.held.iter().sum())
    }

    fn buy(&mut self, position: usize) -> Record {
        let bought = 1 + self.random.below(QUANTITY_MAX);
        self.held[position] += bought;
        let trade = Trade::Buy { price: self.price() };
        self.record(position, trade, bought)
    }

    fn sell(&mut self, position: usize, sold: u64) -> Record {
        self.held[position] -= sold;
        let trade = Trade::Sell { price: self.price(), lot_price: None };
        self.record(position, trade, sold)
    }

    /// From 10 to 999.99.
    fn price(&mut self) -> Price {
        Price::from_units((1_000 + self.random.below(99_000)).cast_signed() * HUNDREDTH)
    }

    fn record(&mut self, position: usize, trade: Trade, quantity: u64) -> Record {
        let pair = self.pairs.at(position as u64);
        let symbol = self.symbols[(pair % SYMBOLS) as usize].clone();
        // The same portfolio has the same id whatever the seed.
        let portfolio = PortfolioId::from_bytes(Random::new(pair / SYMBOLS).bytes());
        let id = TransactionId::from_bytes(self.random.bytes());
        let transaction = Transaction {
            timestamp: Some(self.now()),
            ..Transaction::new(id, portfolio, symbol, trade, hundredths(quantity))
        };
        self.next(Event::Transaction(transaction.into()))
    }

    fn next(&mut self, event: Event) -> Record {
        let at = self.now();
        self.offset += 1;
        Record { offset: Offset(self.offset), at, event }
    }

    /// Log time of the next record.
    fn now(&self) -> Timestamp {
        Timestamp::default().plus_millis(START_MILLIS + (self.offset / RECORDS_PER_MILLI).cast_signed())
    }
}

fn hundredths(count: u64) -> Quantity {
    Quantity::from_units(i128::from(count) * i128::from(HUNDREDTH))
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use super::*;

    fn transaction(record: Record) -> Transaction {
        match record.event {
            Event::Transaction(transaction) => *transaction,
            other => panic!("not a transaction: {other:?}"),
        }
    }

    #[test]
    fn positions_and_ids_are_distinct() {
        // All that three portfolios can have.
        let mut workload = Workload::new(7, 3, 1_500).unwrap();
        let opened: Vec<_> = (0..1_500).map(|_| transaction(workload.open())).collect();
        let positions: HashSet<_> = opened.iter().map(|it| (it.portfolio_id, it.symbol.clone())).collect();
        let ids: HashSet<_> = opened.iter().map(|it| it.transaction_id).collect();
        let portfolios: HashSet<_> = opened.iter().map(|it| it.portfolio_id).collect();
        assert_eq!((positions.len(), ids.len(), portfolios.len()), (1_500, 1_500, 3));
        assert!(Workload::new(7, 3, 1_501).is_err(), "there are no more");
    }

    #[test]
    fn a_seed_is_one_history() {
        let drawn = |seed: u64| {
            let mut workload = Workload::new(seed, 2, 10).unwrap();
            let opened: Vec<_> = (0..10).map(|_| workload.open()).collect();
            let traded: Vec<_> = (0..50).map(|_| workload.trade()).collect();
            [opened, traded].concat()
        };
        assert_eq!(drawn(1), drawn(1));
        assert_ne!(drawn(1), drawn(2));
    }
}
