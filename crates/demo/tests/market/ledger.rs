//! A ledger that does with normalised transactions what the rules say, to
//! judge the demo's by.

use std::collections::{BTreeMap, BTreeSet};

use hub_core::event::Trade;
use hub_core::normalize::{self, BodyForm, Kind};
use hub_core::{Event, PortfolioId, Price, Rejection, Symbol, TransactionId};

/// What became of a transaction.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub(crate) enum Verdict {
    Accepted,
    Duplicate,
    Oversell,
    UnknownSide,
    NegativeQuantity,
    MalformedId,
}

/// Lots, oldest first, by portfolio and symbol.
#[derive(Default)]
pub(crate) struct Ledger {
    seen: BTreeSet<TransactionId>,
    lots: BTreeMap<(PortfolioId, Symbol), Vec<(Price, i128)>>,
}

impl Ledger {
    pub(crate) fn apply_all(&mut self, items: &[&str]) -> BTreeMap<Verdict, usize> {
        let mut verdicts = BTreeMap::new();
        for item in items {
            *verdicts.entry(self.apply(item)).or_default() += 1;
        }
        verdicts
    }

    pub(crate) fn portfolios(&self) -> BTreeSet<String> {
        self.lots.keys().map(|(portfolio, _)| portfolio.to_string()).collect()
    }

    pub(crate) fn positions(&self) -> usize {
        self.lots.len()
    }

    fn apply(&mut self, item: &str) -> Verdict {
        let transaction = match read(Kind::Transactions, item) {
            Ok(Event::Transaction(transaction)) => *transaction,
            Ok(other) => panic!("{item} is {other:?}"),
            Err(rejection) => return Verdict::of(&rejection),
        };
        if self.seen.contains(&transaction.transaction_id) {
            return Verdict::Duplicate;
        }
        let lots = self.lots.entry((transaction.portfolio_id, transaction.symbol)).or_default();
        let quantity = transaction.quantity.units();
        match transaction.trade {
            Trade::Buy { price } => lots.push((price, quantity)),
            Trade::Sell { lot_price, .. } if !sell(lots, quantity, lot_price) => return Verdict::Oversell,
            Trade::Sell { .. } => {}
        }
        self.seen.insert(transaction.transaction_id);
        Verdict::Accepted
    }
}

impl Verdict {
    fn of(rejection: &Rejection) -> Verdict {
        match rejection.field.as_deref() {
            Some("side") => Verdict::UnknownSide,
            Some("quantity") => Verdict::NegativeQuantity,
            Some("portfolioId") => Verdict::MalformedId,
            _ => panic!("not a mistake of the demo's: {rejection}"),
        }
    }
}

/// What the hub makes of an item.
pub(crate) fn read(kind: Kind, item: &str) -> Result<Event, Rejection> {
    let items = normalize::items(item.as_bytes(), BodyForm::Json, 1).unwrap();
    normalize::item(kind, &items[0])
}

fn sell(lots: &mut [(Price, i128)], quantity: i128, lot_price: Option<Price>) -> bool {
    let meant = |price: Price| lot_price.is_none_or(|wanted| wanted == price);
    let held: i128 = lots.iter().filter(|(price, _)| meant(*price)).map(|(_, held)| held).sum();
    let mut left = quantity;
    if held < quantity {
        return false;
    }
    for (price, held) in lots {
        if meant(*price) {
            let taken = left.min(*held);
            left -= taken;
            *held -= taken;
        }
    }
    true
}
