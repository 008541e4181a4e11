//! Trades as they are walked: each once, in the order of their first events. How many bytes they take follows.

use std::collections::VecDeque;
use std::sync::Arc;

use hub_core::event::{ErrorType, Stage};
use hub_core::settings::PipelineSettings;
use hub_core::{Timestamp, TradeId};
use serde::ser::SerializeTuple as _;
use serde::{Deserialize, Serialize, Serializer};

use super::{Entry, Firsts, TRADE_BYTES, Trade, TradeMap, Trades};

/// A [`Trade`] that was walked.
#[derive(Deserialize)]
pub(super) struct WalkedTrade {
    entries: Vec<Arc<Entry>>,
    firsts: Firsts,
    errors: [Option<ErrorType>; Stage::COUNT],
}

impl From<WalkedTrade> for Trade {
    fn from(WalkedTrade { entries, firsts, errors }: WalkedTrade) -> Trade {
        let bytes = entries.iter().map(|entry| entry.bytes()).sum();
        Trade { entries, bytes, firsts, errors }
    }
}

/// [`Trades`] that were walked.
#[derive(Deserialize)]
pub(super) struct WalkedTrades {
    settings: PipelineSettings,
    order: VecDeque<(Timestamp, TradeId)>,
    /// In that order.
    trades: Vec<Arc<Trade>>,
}

impl Serialize for Trades {
    fn serialize<S: Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        let Trades { map, order, bytes: _, settings } = self;
        let mut parts = to.serialize_tuple(3)?;
        parts.serialize_element(settings)?;
        parts.serialize_element(order)?;
        parts.serialize_element(&InOrder { map, order })?;
        parts.end()
    }
}

struct InOrder<'a> {
    map: &'a TradeMap,
    order: &'a VecDeque<(Timestamp, TradeId)>,
}

impl Serialize for InOrder<'_> {
    fn serialize<S: Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        to.collect_seq(self.order.iter().filter_map(|(_, id)| self.map.get(id)))
    }
}

impl TryFrom<WalkedTrades> for Trades {
    type Error = &'static str;

    fn try_from(WalkedTrades { settings, order, trades }: WalkedTrades) -> Result<Trades, &'static str> {
        if order.len() != trades.len() {
            return Err("trades are not as many as they are");
        }
        let bytes = trades.iter().map(|trade| trade.bytes + TRADE_BYTES).sum();
        let mut map = TradeMap::new_sync();
        for ((_, id), trade) in order.iter().zip(trades) {
            map.insert_mut(*id, trade);
        }
        if map.size() != order.len() {
            return Err("a trade is there twice");
        }
        Ok(Trades { map, order, bytes, settings })
    }
}
