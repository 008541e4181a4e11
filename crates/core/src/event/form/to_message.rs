//! An event becomes a message.

use prost::Message as _;
use prost::bytes::BufMut as _;
use prost::encoding::{WireType, encode_key, encode_varint};

use super::messages::{self as form, Command, Fact, UpstreamFact, Uuid, Wide};
use super::numbers;
use crate::dto::{PositionRow, UnrealizedPnl};
use crate::event::trading::{TradingCommand, TradingRequest};
use crate::event::{DlqEvent, ErrorEvent, InvalidTrade, QueueMetric, RejectedInput, Trade, TradeEvent};
use crate::event::{PortfolioInfo, PriceQuote, RiskMetrics, SymbolInfo, Transaction, Upstream, Valuation};
use crate::{Event, Money, Price, Quantity, Symbol, Timestamp};

use super::EventError;

pub(super) fn fact(event: &Event) -> Result<Fact, EventError> {
    Ok(match event {
        Event::Transaction(it) => Fact::Transaction(transaction(it)),
        Event::Price(it) => Fact::Price(price(it)),
        Event::Portfolio(it) => Fact::Portfolio(portfolio(it).into()),
        Event::Symbol(it) => Fact::Symbol(symbol(it)),
        Event::Risk(it) => Fact::Risk(risk(it).into()),
        Event::Upstream(it) => Fact::Upstream(upstream(it).into()),
        Event::TradeEvent(it) => Fact::TradeEvent(trade_event(it).into()),
        Event::QueueMetric(it) => Fact::QueueMetric(queue_metric(it).into()),
        Event::DlqEvent(it) => Fact::DlqEvent(dlq_event(it).into()),
        Event::ErrorEvent(it) => Fact::ErrorEvent(error_event(it).into()),
        Event::InvalidTrade(it) => Fact::InvalidTrade(invalid_trade(it).into()),
        Event::Trading(it) => Fact::Trading(trading(it).into()),
        Event::Tick => Fact::Tick(form::Tick {}),
        Event::Settings(it) => {
            let json = serde_json::to_string(it).map_err(|error| EventError::new("settings", error))?;
            Fact::Settings(form::Settings { json })
        }
        Event::Rejected(it) => Fact::Rejected(rejected(it).into()),
    })
}

fn uuid(bytes: [u8; 16]) -> Uuid {
    let all = u128::from_be_bytes(bytes);
    Uuid { high: (all >> 64) as u64, low: all as u64 }
}

#[expect(clippy::unnecessary_wraps, reason = "what a field of a message takes")]
fn some_uuid(bytes: [u8; 16]) -> Option<Uuid> {
    Some(uuid(bytes))
}

#[expect(clippy::unnecessary_wraps, reason = "what a field of a message takes")]
fn wide(value: i128) -> Option<Wide> {
    Some(of_i128(value))
}

fn of_i128(value: i128) -> Wide {
    Wide { low: value as u64, high: (value >> 64) as i64 }
}

fn micros(time: Option<Timestamp>) -> Option<u64> {
    time.map(|time| time.micros().unsigned_abs())
}

fn text(value: Option<&smol_str::SmolStr>) -> Option<String> {
    value.map(ToString::to_string)
}

fn quantity(quantity: Quantity) -> Option<Wide> {
    wide(quantity.units())
}

fn units(price: Option<Price>) -> Option<i64> {
    price.map(Price::units)
}

pub(super) fn transaction(it: &Transaction) -> form::Transaction {
    form::Transaction { symbol: it.symbol.as_str().to_owned(), ..but_symbol(it) }
}

/// Bytes of a transaction's fields up to its symbol, at most, and of what stands before that.
const BEFORE_SYMBOL: usize = 64;

/// The form of a transaction, written into `room` without an allocation; `None` if it may not fit.
pub(super) fn transaction_in<'r>(room: &'r mut [u8], it: &Transaction) -> Option<&'r [u8]> {
    let symbol = it.symbol.as_str();
    let bytes = room.len();
    if symbol.is_empty() || BEFORE_SYMBOL + symbol.len() > bytes {
        return None;
    }
    let all = but_symbol(it);
    let form::Transaction { id_high, id_low, portfolio_high, portfolio_low, .. } = all;
    let before =
        form::Transaction { id_high, id_low, portfolio_high, portfolio_low, ..form::Transaction::default() };
    let after = form::Transaction { id_high: 0, id_low: 0, portfolio_high: 0, portfolio_low: 0, ..all };
    // What is 0 is not written, so that both together are the whole but for the symbol between them.
    let mut left = &mut *room;
    before.encode(&mut left).ok()?;
    encode_key(form::SYMBOL_OF_TRANSACTION, WireType::LengthDelimited, &mut left);
    encode_varint(symbol.len() as u64, &mut left);
    left.put_slice(symbol.as_bytes());
    after.encode(&mut left).ok()?;
    let written = bytes - left.len();
    Some(&room[..written])
}

fn but_symbol(it: &Transaction) -> form::Transaction {
    let (price, lot_price) = match it.trade {
        Trade::Buy { price } => (price, None),
        Trade::Sell { price, lot_price } => (price, lot_price),
    };
    let (id, portfolio) = (uuid(it.transaction_id.to_bytes()), uuid(it.portfolio_id.to_bytes()));
    let quantity = of_i128(it.quantity.units());
    form::Transaction {
        id_high: id.high,
        id_low: id.low,
        portfolio_high: portfolio.high,
        portfolio_low: portfolio.low,
        symbol: String::new(),
        side: numbers::side(it.trade.side()),
        price: price.units(),
        lot_price: units(lot_price),
        quantity_low: quantity.low,
        quantity_high: quantity.high,
        timestamp: micros(it.timestamp),
        trade_id: it.trade_id.map(|id| uuid(id.to_bytes())),
    }
}

fn price(it: &PriceQuote) -> form::PriceQuote {
    form::PriceQuote {
        symbol: it.symbol.as_str().to_owned(),
        price: it.price.units(),
        timestamp: micros(it.timestamp),
    }
}

fn portfolio(it: &PortfolioInfo) -> form::PortfolioInfo {
    form::PortfolioInfo {
        portfolio_id: some_uuid(it.portfolio_id.to_bytes()),
        name: it.name.clone(),
        phone_number: it.phone_number.clone(),
        address: it.address.clone(),
    }
}

fn symbol(it: &SymbolInfo) -> form::SymbolInfo {
    form::SymbolInfo { symbol: it.symbol.as_str().to_owned(), sector: it.sector.clone() }
}

fn risk(it: &RiskMetrics) -> form::RiskMetrics {
    form::RiskMetrics {
        portfolio_id: some_uuid(it.portfolio_id.to_bytes()),
        avg_rate_of_return: wide(it.avg_rate_of_return.units()),
        sharpe_ratio: wide(it.sharpe_ratio.units()),
        sortino_ratio: wide(it.sortino_ratio.units()),
    }
}

fn upstream(it: &Upstream) -> form::Upstream {
    let fact = match it {
        Upstream::Valuation(it) => UpstreamFact::Valuation(valuation(it)),
        Upstream::Position(it) => UpstreamFact::Position(position(it)),
        Upstream::UnrealizedPnl(it) => UpstreamFact::UnrealizedPnl(unrealized(it)),
    };
    form::Upstream { fact: Some(fact) }
}

fn position(it: &PositionRow) -> form::Position {
    form::Position {
        portfolio_id: some_uuid(it.portfolio_id.to_bytes()),
        symbol: it.symbol.as_str().to_owned(),
        holdings: quantity(it.holdings),
        total_invested: wide(it.total_invested.units()),
        realized_pnl: wide(it.realized_pnl.units()),
        created_at: micros(it.created_at),
        updated_at: micros(it.updated_at),
    }
}

fn unrealized(it: &UnrealizedPnl) -> form::UnrealizedPnl {
    let texts = |symbols: &[Symbol]| symbols.iter().map(|symbol| symbol.as_str().to_owned()).collect();
    let amount = |(symbol, amount): (&Symbol, &Money)| form::SymbolAmount {
        symbol: symbol.as_str().to_owned(),
        amount: wide(amount.units()),
    };
    form::UnrealizedPnl {
        portfolio_id: some_uuid(it.portfolio_id.to_bytes()),
        symbols: it.symbols.iter().map(amount).collect(),
        overall: wide(it.overall.units()),
        unpriced: texts(&it.unpriced),
        stale: texts(&it.stale),
        as_of: micros(it.as_of),
    }
}

fn valuation(it: &Valuation) -> form::Valuation {
    form::Valuation {
        portfolio_id: some_uuid(it.portfolio_id.to_bytes()),
        // A day is not before 1970.
        date: it.date.days().cast_unsigned(),
        portfolio_value: wide(it.portfolio_value.units()),
    }
}

fn trade_event(it: &TradeEvent) -> form::TradeEvent {
    form::TradeEvent {
        trade_id: some_uuid(it.trade_id.to_bytes()),
        service_name: it.service_name.to_string(),
        event_type: numbers::trade_event_type(it.event_type),
        event_stage: numbers::stage(it.event_stage),
        event_status: text(it.event_status.as_ref()),
        source_queue: text(it.source_queue.as_ref()),
        target_queue: text(it.target_queue.as_ref()),
        topic_name: text(it.topic_name.as_ref()),
        consumer_group: text(it.consumer_group.as_ref()),
        partition_id: it.partition_id,
        offset_value: it.offset_value,
        event_time: micros(it.event_time),
        message: it.message.clone(),
    }
}

fn queue_metric(it: &QueueMetric) -> form::QueueMetric {
    form::QueueMetric {
        service_name: it.service_name.to_string(),
        topic_name: it.topic_name.to_string(),
        partition_id: it.partition_id,
        produced_offset: it.produced_offset,
        consumed_offset: it.consumed_offset,
        consumer_group: it.consumer_group.to_string(),
        snapshot_time: micros(it.snapshot_time),
    }
}

fn dlq_event(it: &DlqEvent) -> form::DlqEvent {
    form::DlqEvent {
        trade_id: it.trade_id.map(|id| uuid(id.to_bytes())),
        service_name: it.service_name.to_string(),
        topic_name: text(it.topic_name.as_ref()),
        original_topic: text(it.original_topic.as_ref()),
        reason: it.reason.clone(),
        event_stage: numbers::stage(it.event_stage),
        event_time: micros(it.event_time),
    }
}

fn error_event(it: &ErrorEvent) -> form::ErrorEvent {
    form::ErrorEvent {
        trade_id: it.trade_id.map(|id| uuid(id.to_bytes())),
        service_name: it.service_name.to_string(),
        error_type: numbers::error_type(it.error_type),
        error_message: it.error_message.clone(),
        event_stage: numbers::stage(it.event_stage),
        event_time: micros(it.event_time),
    }
}

fn invalid_trade(it: &InvalidTrade) -> form::InvalidTrade {
    form::InvalidTrade {
        trade_id: it.trade_id.to_string(),
        portfolio_id: text(it.portfolio_id.as_ref()),
        symbol: text(it.symbol.as_ref()),
        side: text(it.side.as_ref()),
        price_per_stock: text(it.price_per_stock.as_ref()),
        quantity: text(it.quantity.as_ref()),
        timestamp: text(it.timestamp.as_ref()),
        validation_errors: it.validation_errors.clone(),
    }
}

fn trading(it: &TradingRequest) -> form::TradingRequest {
    let command = match &it.command {
        TradingCommand::CreateSession(it) => Command::CreateSession(form::CreateSession {
            name: it.name.clone(),
            initial_capital: wide(it.initial_capital.units()),
        }),
        TradingCommand::OpenTrade(it) => Command::OpenTrade(form::OpenTrade {
            session_id: it.session_id.0,
            symbol: it.symbol.as_str().to_owned(),
            side: numbers::side(it.side),
            quantity: quantity(it.quantity),
            entry_price: units(it.entry_price),
            stop_loss: units(it.stop_loss),
            target: units(it.target),
        }),
        TradingCommand::CloseTrade(it) => {
            Command::CloseTrade(form::CloseTrade { trade_id: it.trade_id.0, price: units(it.price) })
        }
        TradingCommand::StopSession(it) => {
            Command::StopSession(form::StopSession { session_id: it.session_id.0 })
        }
    };
    form::TradingRequest { request_id: it.request_id.map(|id| uuid(id.to_bytes())), command: Some(command) }
}

fn rejected(it: &RejectedInput) -> form::RejectedInput {
    form::RejectedInput {
        kind: it.kind.clone(),
        reason: it.rejection.reason.to_string(),
        field: it.rejection.field.as_ref().map(ToString::to_string),
        raw: it.raw.clone(),
        content_type: text(it.content_type.as_ref()),
        door: it.door.to_string(),
        sender: text(it.sender.as_ref()),
        path: text(it.path.as_ref()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{PortfolioId, TransactionId};

    #[test]
    fn a_form_that_is_written_in_parts_is_the_message() {
        let symbols = ["A".to_owned(), "é".repeat(31), "\u{1d11e}".repeat(32)];
        let ids = [[0; 16], [7; 16], [255; 16]];
        let trades = [
            Trade::Buy { price: Price::from_units(1) },
            Trade::Sell { price: Price::MAX, lot_price: None },
            Trade::Sell { price: Price::MAX, lot_price: Some(Price::MAX) },
        ];
        for symbol in &symbols {
            for (id, trade) in ids.iter().flat_map(|id| trades.map(|trade| (*id, trade))) {
                let it = Transaction {
                    timestamp: (id[0] > 0).then(Timestamp::default),
                    trade_id: (id[0] > 7).then(|| crate::id::TradeId::from_bytes(id)),
                    ..Transaction::new(
                        TransactionId::from_bytes(id),
                        PortfolioId::from_bytes(id),
                        symbol.parse().unwrap(),
                        trade,
                        Quantity::MAX,
                    )
                };
                let message = transaction(&it).encode_to_vec();
                assert_eq!(transaction_in(&mut [0; 512], &it), Some(&*message));
                assert_eq!(transaction_in(&mut vec![0; message.len() - 1], &it), None);
            }
        }
    }
}
