//! A transaction that was applied, as it is told with its record.

use std::io::Write as _;

use hub_core::dto::put_string;
use hub_core::event::{Side, Trade, Transaction};
use hub_core::schema::{Schema, json_schema};
use hub_core::{Epoch, Event, Offset, Position, Record, Timestamp};

/// A transaction and its record.
pub(crate) struct Traded<'a> {
    epoch: Epoch,
    record: &'a Record,
    transaction: &'a Transaction,
    /// The time at which it happened.
    timestamp: Timestamp,
}

impl<'a> Traded<'a> {
    /// The transaction of a record of this log that was applied; `None` for another record.
    pub(crate) fn of(epoch: Epoch, record: &'a Record) -> Option<Traded<'a>> {
        let Event::Transaction(transaction) = &record.event else { return None };
        let timestamp = record.event_time(transaction.timestamp).ok()?;
        Some(Traded { epoch, record, transaction, timestamp })
    }

    /// Appends `{"transactionId","portfolioId","symbol","side","quantity","price","lotPrice"?,"timestamp","tradeId"?,
    /// "position","at"`, without the end: others may follow. Times have microseconds, as the log has them. `lotPrice` is
    /// that of a SELL which names its lots.
    pub(crate) fn write_members(&self, out: &mut Vec<u8>) {
        let Transaction { transaction_id, portfolio_id, symbol, trade, quantity, .. } = self.transaction;
        // Writing to a Vec does not fail.
        let _ =
            write!(out, r#"{{"transactionId":"{transaction_id}","portfolioId":"{portfolio_id}","symbol":"#);
        put_string(out, symbol.as_str());
        let (side, price, lot_price) = match trade {
            Trade::Buy { price } => (Side::Buy, price, None),
            Trade::Sell { price, lot_price } => (Side::Sell, price, *lot_price),
        };
        let _ = write!(out, r#","side":"{}","quantity":{quantity},"price":{price}"#, side.as_str());
        if let Some(lot_price) = lot_price {
            let _ = write!(out, r#","lotPrice":{lot_price}"#);
        }
        let _ = write!(out, r#","timestamp":"{}""#, self.timestamp.to_string_micros());
        if let Some(id) = self.transaction.trade_id {
            let _ = write!(out, r#","tradeId":"{id}""#);
        }
        put_record(out, self.epoch, self.record.offset, self.record.at);
    }
}

/// Appends `,"position","at"`: where a record stands, and when the log took it.
pub(crate) fn put_record(out: &mut Vec<u8>, epoch: Epoch, offset: Offset, at: Timestamp) {
    let position = Position { epoch, offset };
    let _ = write!(out, r#","position":"{position}","at":"{}""#, at.to_string_micros());
}

/// The shape of a transaction with its record, and with `others` besides.
pub(crate) fn schema(others: &[(&str, Schema)]) -> Schema {
    let mut schema = json_schema!({
        "type": "object",
        "properties": {
            "transactionId": { "type": "string", "format": "uuid" },
            "portfolioId": { "type": "string", "format": "uuid" },
            "symbol": { "type": "string" },
            "side": { "enum": ["BUY", "SELL"] },
            "quantity": { "type": "number" },
            "price": { "type": "number" },
            "lotPrice": { "type": "number" },
            "timestamp": { "type": "string", "format": "date-time" },
            "tradeId": { "type": "string", "format": "uuid" },
            "position": { "type": "string" },
            "at": { "type": "string", "format": "date-time" },
        },
        "required": ["transactionId", "portfolioId", "symbol", "side", "quantity", "price", "timestamp", "position", "at"],
    });
    if let Some(serde_json::Value::Object(properties)) = schema.get_mut("properties") {
        properties.extend(others.iter().map(|(name, shape)| ((*name).to_owned(), shape.clone().to_value())));
    }
    schema
}
