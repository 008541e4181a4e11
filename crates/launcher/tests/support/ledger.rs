//! What the rules of the domain make of transactions and prices, in whole numbers: to judge the hub's by.

use std::collections::btree_map::Iter;
use std::collections::{BTreeMap, VecDeque};
use std::iter::Peekable;

use serde_json::{Value, json};

/// A transaction at a price of whole numbers; a SELL names no lot.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(crate) struct Trade {
    pub(crate) id: String,
    pub(crate) portfolio: String,
    pub(crate) symbol: String,
    pub(crate) is_buy: bool,
    pub(crate) quantity: u64,
    pub(crate) price: u64,
}

/// What is ingested.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(crate) enum Event {
    Trade(Trade),
    Price(String, u64),
}

/// What was ingested, by where it stands in the log.
pub(crate) type History = BTreeMap<u64, Event>;

/// By portfolio and symbol.
pub(crate) type Key = (String, String);

/// A position.
#[derive(Clone, Default, PartialEq, Eq, Debug)]
pub(crate) struct Held {
    /// Price and quantity, oldest first.
    lots: VecDeque<(u64, u64)>,
    pub(crate) holdings: u64,
    pub(crate) invested: u64,
    pub(crate) realized: i64,
}

/// Positions and prices.
#[derive(Clone, Default, Debug)]
pub(crate) struct Ledger {
    pub(crate) positions: BTreeMap<Key, Held>,
    pub(crate) prices: BTreeMap<String, u64>,
}

impl Trade {
    pub(crate) fn key(&self) -> Key {
        (self.portfolio.clone(), self.symbol.clone())
    }

    /// As it is ingested.
    pub(crate) fn item(&self) -> Value {
        json!({"transactionId": self.id, "portfolioId": self.portfolio, "symbol": self.symbol,
               "side": self.side(), "quantity": self.quantity, "price": self.price})
    }

    pub(crate) fn side(&self) -> &'static str {
        if self.is_buy { "BUY" } else { "SELL" }
    }
}

impl Event {
    pub(crate) fn item(&self) -> Value {
        match self {
            Event::Trade(trade) => trade.item(),
            Event::Price(symbol, price) => json!({"symbol": symbol, "price": price}),
        }
    }
}

impl Held {
    fn buy(&mut self, price: u64, quantity: u64) {
        self.lots.push_back((price, quantity));
        self.holdings += quantity;
        self.invested += price * quantity;
    }

    /// The oldest lots leave; what this earns.
    fn sell(&mut self, price: u64, quantity: u64) -> i64 {
        let (mut left, mut cost) = (quantity, 0);
        while let Some((bought_at, held)) = self.lots.front_mut().filter(|_| left > 0) {
            let sold = left.min(*held);
            *held -= sold;
            left -= sold;
            cost += *bought_at * sold;
            if *held == 0 {
                self.lots.pop_front();
            }
        }
        self.holdings -= quantity;
        self.invested -= cost;
        let earned = (price * quantity).cast_signed() - cost.cast_signed();
        self.realized += earned;
        earned
    }
}

impl Ledger {
    pub(crate) fn holdings(&self, key: &Key) -> u64 {
        self.positions.get(key).map_or(0, |held| held.holdings)
    }

    /// Counts a transaction; what it earned, or `None` where it sells more than is held.
    pub(crate) fn trade(&mut self, trade: &Trade) -> Option<i64> {
        if !trade.is_buy && self.holdings(&trade.key()) < trade.quantity {
            return None;
        }
        let held = self.positions.entry(trade.key()).or_default();
        if trade.is_buy {
            held.buy(trade.price, trade.quantity);
            return Some(0);
        }
        Some(held.sell(trade.price, trade.quantity))
    }

    pub(crate) fn apply(&mut self, event: &Event) {
        match event {
            Event::Trade(trade) => drop(self.trade(trade).expect("no more is sold than is held")),
            Event::Price(symbol, price) => drop(self.prices.insert(symbol.clone(), *price)),
        }
    }

    /// What the unrealised P&L of a portfolio has to say: `price * holdings - totalInvested` of each open
    /// position, 0 of a closed one; `None` where nothing has a value.
    pub(crate) fn mark(&self, portfolio: &str) -> Option<Value> {
        let (mut symbols, mut unpriced) = (BTreeMap::new(), Vec::new());
        for ((_, symbol), held) in self.positions.iter().filter(|((owner, _), _)| owner == portfolio) {
            match (held.holdings, self.prices.get(symbol)) {
                (0, _) => drop(symbols.insert(symbol, 0)),
                (holdings, Some(price)) => {
                    let value = (price * holdings).cast_signed() - held.invested.cast_signed();
                    symbols.insert(symbol, value);
                }
                (_, None) => unpriced.push(symbol),
            }
        }
        if symbols.is_empty() {
            return None;
        }
        let overall: i64 = symbols.values().sum();
        let mut mark =
            json!({"symbol": symbols, "overallUnrealised_Pnl": overall, "portfolio_id": portfolio});
        if !unpriced.is_empty() {
            mark["unpriced"] = json!(unpriced);
        }
        Some(mark)
    }
}

/// The state at any offset, asked for in the order of the log.
pub(crate) struct Replay<'a> {
    rest: Peekable<Iter<'a, u64, Event>>,
    ledger: Ledger,
}

impl<'a> Replay<'a> {
    pub(crate) fn of(history: &'a History) -> Replay<'a> {
        Replay { rest: history.iter().peekable(), ledger: Ledger::default() }
    }

    pub(crate) fn at(&mut self, offset: u64) -> &Ledger {
        while let Some((_, event)) = self.rest.next_if(|(at, _)| **at <= offset) {
            self.ledger.apply(event);
        }
        &self.ledger
    }
}
