//! Everything of one flush belongs to one position: rows add up to totals.

mod support;

use std::collections::BTreeMap;

use hub_core::event::Trade;
use hub_core::{Event, Money, Outcome, Price, Quantity};
use proptest::prelude::*;
use serde_json::value::RawValue;
use support::script::history;
use support::{Fixture, elements};

/// Numbers as their digits: nothing passes through a float.
#[derive(serde::Deserialize)]
struct Mark {
    symbol: BTreeMap<String, Box<RawValue>>,
    #[serde(rename = "overallUnrealised_Pnl")]
    overall: Box<RawValue>,
    portfolio_id: String,
    #[serde(default)]
    unpriced: Vec<String>,
}

#[derive(serde::Deserialize)]
#[serde(rename_all = "camelCase")]
struct Row {
    id: RowId,
    holdings: Box<RawValue>,
    total_invested: Box<RawValue>,
    realized_pnl: Box<RawValue>,
}

#[derive(serde::Deserialize)]
#[serde(rename_all = "camelCase")]
struct RowId {
    portfolio_id: String,
    symbol: String,
}

fn money(raw: &RawValue) -> i128 {
    raw.get().parse::<Money>().unwrap().units()
}

fn value(price: Price, quantity: Quantity) -> i128 {
    Money::of(price, quantity).unwrap().units()
}

fn parsed<T: serde::de::DeserializeOwned>(view: &dyn hub_fanout::View) -> Vec<T> {
    elements(view).iter().flatten().map(|json| serde_json::from_slice(json).unwrap()).collect()
}

/// What the accepted records say, kept apart from the projection.
#[derive(Default)]
struct Books {
    prices: BTreeMap<String, Price>,
    /// Paid for purchases less earned by sales: of all portfolios together it may be more than 128 bits hold, and is
    /// compared without what is beyond.
    spent: i128,
}

impl Books {
    fn note(&mut self, event: &Event) {
        match event {
            Event::Price(quote) => {
                self.prices.insert(quote.symbol.to_string(), quote.price);
            }
            Event::Transaction(transaction) => match transaction.trade {
                Trade::Buy { price } => self.spend(value(price, transaction.quantity)),
                Trade::Sell { price, .. } => self.spend(-value(price, transaction.quantity)),
            },
            _ => {}
        }
    }

    fn spend(&mut self, amount: i128) {
        self.spent = self.spent.wrapping_add(amount);
    }

    /// No cent appears or is lost, and each mark is the sum of its rows.
    fn check(&self, rows: &[Row], marks: &[Mark]) {
        let held = rows.iter().fold(0_i128, |sum, row| {
            sum.wrapping_add(money(&row.total_invested)).wrapping_sub(money(&row.realized_pnl))
        });
        assert_eq!(held, self.spent, "what is invested less what was gained was spent");
        for mark in marks {
            assert_eq!(mark.symbol.values().map(|value| money(value)).sum::<i128>(), money(&mark.overall));
            let own = rows.iter().filter(|row| row.id.portfolio_id == mark.portfolio_id);
            let priced = own.filter(|row| !mark.unpriced.contains(&row.id.symbol));
            let worth = priced.fold(0_i128, |sum, row| sum.wrapping_add(self.worth(row)));
            assert_eq!(worth, money(&mark.overall), "portfolio {}", mark.portfolio_id);
        }
    }

    fn worth(&self, row: &Row) -> i128 {
        let holdings: Quantity = row.holdings.get().parse().unwrap();
        if holdings.is_zero() {
            return 0;
        }
        value(self.prices[&row.id.symbol], holdings) - money(&row.total_invested)
    }
}

proptest! {
    #[test]
    fn rows_add_up_to_totals_at_every_flush(records in history(300), every in 1..20_u64, watched: bool) {
        let mut hub = if watched { Fixture::watched() } else { Fixture::new() };
        let mut books = Books::default();
        // What is relayed is as upstream adds it up.
        for record in records.iter().filter(|record| !matches!(record.event, Event::Upstream(_))) {
            if hub.apply(record) == Outcome::Accepted {
                books.note(&record.event);
            }
            if record.offset.0 % every == 0 {
                let [positions, marks] = hub.publish();
                books.check(&parsed(&*positions.view), &parsed(&*marks.view));
            }
        }
    }
}
