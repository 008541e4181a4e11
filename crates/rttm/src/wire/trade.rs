//! A trade's way on the wire.

use schemars::JsonSchema;
use serde::Serialize;

use crate::trades::{Entry, Source};

/// One row of `track-trade`; `id` is the offset of its record.
#[derive(Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct TradeRow<'a> {
    id: u64,
    trade_id: &'a str,
    service_name: &'a str,
    event_stage: &'static str,
    event_time: String,
    message: &'a str,
    source_table: &'static str,
}

pub(crate) fn trade_row<'a>(trade_id: &'a str, entry: &'a Entry) -> TradeRow<'a> {
    TradeRow {
        id: entry.offset.0,
        trade_id,
        service_name: &entry.service,
        event_stage: entry.stage.as_str(),
        event_time: entry.time.to_string(),
        message: &entry.message,
        source_table: match entry.source {
            Source::TradeEvent => "TRADE_EVENT",
            Source::Invalid => "INVALID",
            Source::Dlq => "DLQ",
            Source::Error => "ERROR",
        },
    }
}
