//! What a subscriber of the computed topics knows by now.

use std::collections::BTreeMap;

use hub_testkit::stomp::Frame;
use serde_json::Value;

/// The latest of every element, put together from snapshot and deltas as a browser does.
#[derive(Debug, Default, PartialEq, Eq, Clone)]
pub(crate) struct Picture {
    /// Holdings by portfolio and symbol.
    pub(crate) holdings: BTreeMap<(String, String), u64>,
    /// Overall unrealised P&L by portfolio.
    pub(crate) marks: BTreeMap<String, i64>,
}

impl Picture {
    /// Takes a MESSAGE in.
    pub(crate) fn see(&mut self, message: &Frame) {
        match message.json().unwrap() {
            Value::Array(rows) => self.holdings.extend(super::holdings(&Value::Array(rows))),
            mark => {
                let portfolio = mark["portfolio_id"].as_str().unwrap().to_owned();
                self.marks.insert(portfolio, mark["overallUnrealised_Pnl"].as_i64().unwrap());
            }
        }
    }
}
