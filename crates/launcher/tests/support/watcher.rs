//! What a subscriber of the computed topics knows by now.

use std::collections::BTreeMap;

use hub_testkit::stomp::Frame;
use serde_json::Value;

use super::session::{Topic, Update};

/// The latest of every element, put together from snapshot and deltas as a browser does, in a market where
/// everything only grows: an older value after a newer one is a fault.
#[derive(Debug, Default)]
pub(crate) struct Picture {
    /// Holdings by portfolio and symbol.
    pub(crate) holdings: BTreeMap<(String, String), u64>,
    /// Overall unrealised P&L by portfolio.
    pub(crate) marks: BTreeMap<String, u64>,
    totals: Totals,
}

/// As nothing shrinks, equal totals of equally many elements are equal elements.
#[derive(Debug, Default, PartialEq, Eq, Clone, Copy)]
pub(crate) struct Totals {
    pub(crate) positions: u64,
    pub(crate) holdings: u64,
    pub(crate) portfolios: u64,
    pub(crate) marks: u64,
}

impl Picture {
    /// Takes a MESSAGE in.
    pub(crate) fn see(&mut self, message: &Frame) {
        self.see_body(message.json().unwrap());
    }

    /// Takes a message of any wire in.
    pub(crate) fn see_update(&mut self, update: &Update) {
        let elements: Vec<Value> =
            update.elements.iter().map(|text| serde_json::from_str(text).unwrap()).collect();
        match update.topic {
            Topic::Positions => self.see_body(elements.into()),
            Topic::Marks => elements.into_iter().for_each(|mark| self.see_body(mark)),
            Topic::Transactions => panic!("no state: {update:?}"),
        }
    }

    fn see_body(&mut self, body: Value) {
        match body {
            rows @ Value::Array(_) => {
                for (key, held) in super::holdings(&rows) {
                    let before = self.holdings.insert(key, held).unwrap_or_else(|| {
                        self.totals.positions += 1;
                        0
                    });
                    self.totals.holdings += grown(before, held);
                }
            }
            mark => {
                let portfolio = mark["portfolio_id"].as_str().unwrap().to_owned();
                let amount = mark["overallUnrealised_Pnl"].as_u64().unwrap();
                let before = self.marks.insert(portfolio, amount).unwrap_or_else(|| {
                    self.totals.portfolios += 1;
                    0
                });
                self.totals.marks += grown(before, amount);
            }
        }
    }

    pub(crate) fn totals(&self) -> Totals {
        self.totals
    }
}

fn grown(before: u64, now: u64) -> u64 {
    now.checked_sub(before).unwrap_or_else(|| panic!("{now} after the newer {before}"))
}
