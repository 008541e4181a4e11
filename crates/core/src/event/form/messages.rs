//! Messages of the log, in protobuf. A field is `optional` where absent and zero mean two things, and in settings.

mod upstream;

use bytes::Bytes;
use prost::{Message, Oneof};

pub(super) use upstream::{Position, SymbolAmount, UnrealizedPnl, Upstream, UpstreamFact, Valuation};

/// An event with what stands beside it: the bytes of one record.
#[derive(Clone, PartialEq, Message)]
pub(super) struct Entry {
    #[prost(oneof = "Fact", tags = "1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15")]
    pub(super) fact: Option<Fact>,
    #[prost(string, optional, tag = "17")]
    pub(super) key: Option<String>,
    /// JSON of the members of its item that nobody reads.
    #[prost(string, optional, tag = "18")]
    pub(super) extras: Option<String>,
}

/// The kinds of events; a tag is a kind's number, in the frame of a record, too. Large ones are boxed, so that the usual
/// ones, which are moved several times as they are decoded, are small.
#[derive(Clone, PartialEq, Oneof)]
pub(super) enum Fact {
    #[prost(message, tag = "1")]
    Transaction(Transaction),
    #[prost(message, tag = "2")]
    Price(PriceQuote),
    #[prost(message, boxed, tag = "3")]
    TradeEvent(Box<TradeEvent>),
    #[prost(message, boxed, tag = "4")]
    QueueMetric(Box<QueueMetric>),
    #[prost(message, boxed, tag = "5")]
    DlqEvent(Box<DlqEvent>),
    #[prost(message, boxed, tag = "6")]
    ErrorEvent(Box<ErrorEvent>),
    #[prost(message, boxed, tag = "7")]
    InvalidTrade(Box<InvalidTrade>),
    #[prost(message, boxed, tag = "8")]
    Portfolio(Box<PortfolioInfo>),
    #[prost(message, tag = "9")]
    Symbol(SymbolInfo),
    #[prost(message, boxed, tag = "10")]
    Risk(Box<RiskMetrics>),
    #[prost(message, boxed, tag = "11")]
    Trading(Box<TradingRequest>),
    #[prost(message, tag = "12")]
    Tick(Tick),
    #[prost(message, tag = "13")]
    Settings(Settings),
    #[prost(message, boxed, tag = "14")]
    Rejected(Box<RejectedInput>),
    #[prost(message, boxed, tag = "15")]
    Upstream(Box<Upstream>),
}

/// The 16 bytes of a UUID, as two big-endian halves.
#[derive(Clone, Copy, PartialEq, Message)]
pub(super) struct Uuid {
    #[prost(fixed64, tag = "1")]
    pub(super) high: u64,
    #[prost(fixed64, tag = "2")]
    pub(super) low: u64,
}

/// An integer of 128 bits: `high * 2^64 + low`.
#[derive(Clone, Copy, PartialEq, Message)]
pub(super) struct Wide {
    #[prost(uint64, tag = "1")]
    pub(super) low: u64,
    #[prost(sint64, tag = "2")]
    pub(super) high: i64,
}

/// Tag of a [`Transaction`]'s symbol.
pub(super) const SYMBOL_OF_TRANSACTION: u32 = 5;

/// Side: 1 BUY, 2 SELL. Prices in units of 10^-8, quantities likewise, times in microseconds since 1970. Halves of ids
/// and quantity are fields of their own, since a message within costs two bytes and most records are of this kind.
#[derive(Clone, PartialEq, Message)]
pub(super) struct Transaction {
    #[prost(fixed64, tag = "1")]
    pub(super) id_high: u64,
    #[prost(fixed64, tag = "2")]
    pub(super) id_low: u64,
    #[prost(fixed64, tag = "3")]
    pub(super) portfolio_high: u64,
    #[prost(fixed64, tag = "4")]
    pub(super) portfolio_low: u64,
    #[prost(string, tag = "5")]
    pub(super) symbol: String,
    #[prost(uint32, tag = "6")]
    pub(super) side: u32,
    #[prost(sint64, tag = "7")]
    pub(super) price: i64,
    #[prost(sint64, optional, tag = "8")]
    pub(super) lot_price: Option<i64>,
    #[prost(uint64, tag = "9")]
    pub(super) quantity_low: u64,
    #[prost(sint64, tag = "10")]
    pub(super) quantity_high: i64,
    #[prost(uint64, optional, tag = "11")]
    pub(super) timestamp: Option<u64>,
    #[prost(message, optional, tag = "12")]
    pub(super) trade_id: Option<Uuid>,
}

#[derive(Clone, PartialEq, Message)]
pub(super) struct PriceQuote {
    #[prost(string, tag = "1")]
    pub(super) symbol: String,
    #[prost(sint64, tag = "2")]
    pub(super) price: i64,
    #[prost(uint64, optional, tag = "3")]
    pub(super) timestamp: Option<u64>,
}

/// Stages and types: 1 and up, in the order in which docs/platform.md names them.
#[derive(Clone, PartialEq, Message)]
pub(super) struct TradeEvent {
    #[prost(message, optional, tag = "1")]
    pub(super) trade_id: Option<Uuid>,
    #[prost(string, tag = "2")]
    pub(super) service_name: String,
    #[prost(uint32, tag = "3")]
    pub(super) event_type: u32,
    #[prost(uint32, tag = "4")]
    pub(super) event_stage: u32,
    #[prost(string, optional, tag = "5")]
    pub(super) event_status: Option<String>,
    #[prost(string, optional, tag = "6")]
    pub(super) source_queue: Option<String>,
    #[prost(string, optional, tag = "7")]
    pub(super) target_queue: Option<String>,
    #[prost(string, optional, tag = "8")]
    pub(super) topic_name: Option<String>,
    #[prost(string, optional, tag = "9")]
    pub(super) consumer_group: Option<String>,
    #[prost(uint32, optional, tag = "10")]
    pub(super) partition_id: Option<u32>,
    #[prost(uint64, optional, tag = "11")]
    pub(super) offset_value: Option<u64>,
    #[prost(uint64, optional, tag = "12")]
    pub(super) event_time: Option<u64>,
    #[prost(string, optional, tag = "13")]
    pub(super) message: Option<String>,
}

#[derive(Clone, PartialEq, Message)]
pub(super) struct QueueMetric {
    #[prost(string, tag = "1")]
    pub(super) service_name: String,
    #[prost(string, tag = "2")]
    pub(super) topic_name: String,
    #[prost(uint32, tag = "3")]
    pub(super) partition_id: u32,
    #[prost(uint64, tag = "4")]
    pub(super) produced_offset: u64,
    #[prost(uint64, tag = "5")]
    pub(super) consumed_offset: u64,
    #[prost(string, tag = "6")]
    pub(super) consumer_group: String,
    #[prost(uint64, optional, tag = "7")]
    pub(super) snapshot_time: Option<u64>,
}

#[derive(Clone, PartialEq, Message)]
pub(super) struct DlqEvent {
    #[prost(message, optional, tag = "1")]
    pub(super) trade_id: Option<Uuid>,
    #[prost(string, tag = "2")]
    pub(super) service_name: String,
    #[prost(string, optional, tag = "3")]
    pub(super) topic_name: Option<String>,
    #[prost(string, optional, tag = "4")]
    pub(super) original_topic: Option<String>,
    #[prost(string, optional, tag = "5")]
    pub(super) reason: Option<String>,
    #[prost(uint32, tag = "6")]
    pub(super) event_stage: u32,
    #[prost(uint64, optional, tag = "7")]
    pub(super) event_time: Option<u64>,
}

#[derive(Clone, PartialEq, Message)]
pub(super) struct ErrorEvent {
    #[prost(message, optional, tag = "1")]
    pub(super) trade_id: Option<Uuid>,
    #[prost(string, tag = "2")]
    pub(super) service_name: String,
    #[prost(uint32, tag = "3")]
    pub(super) error_type: u32,
    #[prost(string, optional, tag = "4")]
    pub(super) error_message: Option<String>,
    #[prost(uint32, tag = "5")]
    pub(super) event_stage: u32,
    #[prost(uint64, optional, tag = "6")]
    pub(super) event_time: Option<u64>,
}

/// Evidence: every field is the text that came.
#[derive(Clone, PartialEq, Message)]
pub(super) struct InvalidTrade {
    #[prost(string, tag = "1")]
    pub(super) trade_id: String,
    #[prost(string, optional, tag = "2")]
    pub(super) portfolio_id: Option<String>,
    #[prost(string, optional, tag = "3")]
    pub(super) symbol: Option<String>,
    #[prost(string, optional, tag = "4")]
    pub(super) side: Option<String>,
    #[prost(string, optional, tag = "5")]
    pub(super) price_per_stock: Option<String>,
    #[prost(string, optional, tag = "6")]
    pub(super) quantity: Option<String>,
    #[prost(string, optional, tag = "7")]
    pub(super) timestamp: Option<String>,
    #[prost(string, optional, tag = "8")]
    pub(super) validation_errors: Option<String>,
}

#[derive(Clone, PartialEq, Message)]
pub(super) struct PortfolioInfo {
    #[prost(message, optional, tag = "1")]
    pub(super) portfolio_id: Option<Uuid>,
    #[prost(string, tag = "2")]
    pub(super) name: String,
    #[prost(string, optional, tag = "3")]
    pub(super) phone_number: Option<String>,
    #[prost(string, optional, tag = "4")]
    pub(super) address: Option<String>,
}

#[derive(Clone, PartialEq, Message)]
pub(super) struct SymbolInfo {
    #[prost(string, tag = "1")]
    pub(super) symbol: String,
    #[prost(string, tag = "2")]
    pub(super) sector: String,
}

/// Ratios in units of 10^-18.
#[derive(Clone, PartialEq, Message)]
pub(super) struct RiskMetrics {
    #[prost(message, optional, tag = "1")]
    pub(super) portfolio_id: Option<Uuid>,
    #[prost(message, optional, tag = "2")]
    pub(super) avg_rate_of_return: Option<Wide>,
    #[prost(message, optional, tag = "3")]
    pub(super) sharpe_ratio: Option<Wide>,
    #[prost(message, optional, tag = "4")]
    pub(super) sortino_ratio: Option<Wide>,
}

#[derive(Clone, PartialEq, Message)]
pub(super) struct TradingRequest {
    #[prost(message, optional, tag = "1")]
    pub(super) request_id: Option<Uuid>,
    #[prost(oneof = "Command", tags = "2, 3, 4, 5")]
    pub(super) command: Option<Command>,
}

#[derive(Clone, PartialEq, Oneof)]
pub(super) enum Command {
    #[prost(message, tag = "2")]
    CreateSession(CreateSession),
    #[prost(message, tag = "3")]
    OpenTrade(OpenTrade),
    #[prost(message, tag = "4")]
    CloseTrade(CloseTrade),
    #[prost(message, tag = "5")]
    StopSession(StopSession),
}

/// Money in units of 10^-16.
#[derive(Clone, PartialEq, Message)]
pub(super) struct CreateSession {
    #[prost(string, optional, tag = "1")]
    pub(super) name: Option<String>,
    #[prost(message, optional, tag = "2")]
    pub(super) initial_capital: Option<Wide>,
}

#[derive(Clone, PartialEq, Message)]
pub(super) struct OpenTrade {
    #[prost(uint64, tag = "1")]
    pub(super) session_id: u64,
    #[prost(string, tag = "2")]
    pub(super) symbol: String,
    #[prost(uint32, tag = "3")]
    pub(super) side: u32,
    #[prost(message, optional, tag = "4")]
    pub(super) quantity: Option<Wide>,
    #[prost(sint64, optional, tag = "5")]
    pub(super) entry_price: Option<i64>,
    #[prost(sint64, optional, tag = "6")]
    pub(super) stop_loss: Option<i64>,
    #[prost(sint64, optional, tag = "7")]
    pub(super) target: Option<i64>,
}

#[derive(Clone, PartialEq, Message)]
pub(super) struct CloseTrade {
    #[prost(uint64, tag = "1")]
    pub(super) trade_id: u64,
    #[prost(sint64, optional, tag = "2")]
    pub(super) price: Option<i64>,
}

#[derive(Clone, PartialEq, Message)]
pub(super) struct StopSession {
    #[prost(uint64, tag = "1")]
    pub(super) session_id: u64,
}

#[derive(Clone, PartialEq, Message)]
pub(super) struct Tick {}

/// The JSON of `core::settings::Settings`, whose members have defaults: a setting is new more often than an event.
#[derive(Clone, PartialEq, Message)]
pub(super) struct Settings {
    #[prost(string, tag = "1")]
    pub(super) json: String,
}

#[derive(Clone, PartialEq, Message)]
pub(super) struct RejectedInput {
    #[prost(string, tag = "1")]
    pub(super) kind: String,
    #[prost(string, tag = "2")]
    pub(super) reason: String,
    #[prost(string, optional, tag = "3")]
    pub(super) field: Option<String>,
    #[prost(bytes = "bytes", tag = "4")]
    pub(super) raw: Bytes,
    #[prost(string, optional, tag = "5")]
    pub(super) content_type: Option<String>,
    #[prost(string, tag = "6")]
    pub(super) door: String,
    #[prost(string, optional, tag = "7")]
    pub(super) sender: Option<String>,
    #[prost(string, optional, tag = "8")]
    pub(super) path: Option<String>,
}
