//! A message becomes an event, or names the field that no event can have.

use std::fmt;
use std::str::FromStr;

use super::messages::{self as form, Command, Fact, UpstreamFact, Uuid, Wide};
use super::{EventError, numbers};
use crate::dto::{PositionRow, UnrealizedPnl};
use crate::event::trading::{
    CloseTrade, CreateSession, OpenTrade, SessionId, StopSession, TradeId, TradingCommand, TradingRequest,
};
use crate::event::{DlqEvent, ErrorEvent, InvalidTrade, QueueMetric, RejectedInput, Trade, TradeEvent};
use crate::event::{
    PortfolioInfo, PriceQuote, RiskMetrics, Side, SymbolInfo, Transaction, Upstream, Valuation,
};
use crate::{
    Date, Event, Money, PortfolioId, Price, Quantity, Ratio, Rejection, Symbol, Timestamp, TransactionId,
};
use crate::{RequestId, TradeId as PipelineTradeId};

pub(super) fn event(fact: Fact) -> Result<Event, EventError> {
    Ok(match fact {
        Fact::Transaction(it) => Event::Transaction(transaction(&it)?.into()),
        Fact::Price(it) => Event::Price(price(&it)?),
        Fact::Portfolio(it) => Event::Portfolio(portfolio(*it)?),
        Fact::Symbol(it) => Event::Symbol(symbol_info(it)?),
        Fact::Risk(it) => Event::Risk(risk(&it)?),
        Fact::TradeEvent(it) => Event::TradeEvent(trade_event(*it)?.into()),
        Fact::QueueMetric(it) => Event::QueueMetric(queue_metric(*it)?),
        Fact::DlqEvent(it) => Event::DlqEvent(dlq_event(*it)?.into()),
        Fact::ErrorEvent(it) => Event::ErrorEvent(error_event(*it)?),
        Fact::InvalidTrade(it) => Event::InvalidTrade(invalid_trade(*it).into()),
        Fact::Trading(it) => Event::Trading(trading(*it)?),
        Fact::Tick(form::Tick {}) => Event::Tick,
        Fact::Settings(it) => Event::Settings(
            serde_json::from_str(&it.json).map_err(|error| EventError::new("settings", error))?,
        ),
        Fact::Rejected(it) => Event::Rejected(rejected(*it).into()),
        Fact::Upstream(it) => upstream(*it)?.into(),
    })
}

/// The 16 bytes of an id that has to be there.
fn id(field: &'static str, id: Option<Uuid>) -> Result<[u8; 16], EventError> {
    id.map(bytes).ok_or_else(|| EventError::missing(field))
}

fn bytes(id: Uuid) -> [u8; 16] {
    (u128::from(id.high) << 64 | u128::from(id.low)).to_be_bytes()
}

fn wide(field: &'static str, value: Option<Wide>) -> Result<i128, EventError> {
    let value = value.ok_or_else(|| EventError::missing(field))?;
    Ok(i128::from(value.high) << 64 | i128::from(value.low))
}

fn parsed<T: FromStr<Err: fmt::Display>>(field: &'static str, text: &str) -> Result<T, EventError> {
    text.parse().map_err(|error: T::Err| EventError::new(field, error))
}

fn time(field: &'static str, micros: Option<u64>) -> Result<Option<Timestamp>, EventError> {
    let Some(micros) = micros else { return Ok(None) };
    let time = i64::try_from(micros).ok().and_then(Timestamp::from_micros);
    time.map(Some).ok_or_else(|| EventError::new(field, "is no time"))
}

fn symbol(field: &'static str, text: &str) -> Result<Symbol, EventError> {
    parsed(field, text)
}

fn side(number: u32) -> Result<Side, EventError> {
    numbers::side_of(number).ok_or_else(|| EventError::new("side", number))
}

fn quantity(value: Option<Wide>) -> Result<Quantity, EventError> {
    let quantity = Quantity::from_units_checked(wide("quantity", value)?);
    quantity.ok_or_else(|| EventError::new("quantity", "is too large"))
}

fn short(text: Option<String>) -> Option<smol_str::SmolStr> {
    text.map(Into::into)
}

fn transaction(it: &form::Transaction) -> Result<Transaction, EventError> {
    let price = Price::from_units(it.price);
    Ok(Transaction {
        transaction_id: TransactionId::from_bytes(bytes(Uuid { high: it.id_high, low: it.id_low })),
        portfolio_id: PortfolioId::from_bytes(bytes(Uuid { high: it.portfolio_high, low: it.portfolio_low })),
        symbol: symbol("symbol", &it.symbol)?,
        trade: match side(it.side)? {
            Side::Buy => Trade::Buy { price },
            Side::Sell => Trade::Sell { price, lot_price: it.lot_price.map(Price::from_units) },
        },
        quantity: quantity(Some(Wide { low: it.quantity_low, high: it.quantity_high }))?,
        timestamp: time("timestamp", it.timestamp)?,
        trade_id: it.trade_id.map(bytes).map(PipelineTradeId::from_bytes),
    })
}

fn price(it: &form::PriceQuote) -> Result<PriceQuote, EventError> {
    Ok(PriceQuote {
        symbol: symbol("symbol", &it.symbol)?,
        price: Price::from_units(it.price),
        timestamp: time("timestamp", it.timestamp)?,
    })
}

fn portfolio(it: form::PortfolioInfo) -> Result<PortfolioInfo, EventError> {
    Ok(PortfolioInfo {
        portfolio_id: PortfolioId::from_bytes(id("portfolioId", it.portfolio_id)?),
        name: it.name,
        phone_number: it.phone_number,
        address: it.address,
    })
}

fn symbol_info(it: form::SymbolInfo) -> Result<SymbolInfo, EventError> {
    Ok(SymbolInfo { symbol: symbol("symbol", &it.symbol)?, sector: it.sector })
}

fn risk(it: &form::RiskMetrics) -> Result<RiskMetrics, EventError> {
    let ratio = |field, value| wide(field, value).map(Ratio::from_units);
    Ok(RiskMetrics {
        portfolio_id: PortfolioId::from_bytes(id("portfolioId", it.portfolio_id)?),
        avg_rate_of_return: ratio("avgRateOfReturn", it.avg_rate_of_return)?,
        sharpe_ratio: ratio("sharpeRatio", it.sharpe_ratio)?,
        sortino_ratio: ratio("sortinoRatio", it.sortino_ratio)?,
    })
}

fn upstream(it: form::Upstream) -> Result<Upstream, EventError> {
    let fact =
        it.fact.ok_or_else(|| EventError::new("upstream", "is of a kind that this program does not know"))?;
    match fact {
        UpstreamFact::Valuation(it) => valuation(&it).map(Upstream::Valuation),
        UpstreamFact::Position(it) => position(&it).map(Upstream::Position),
        UpstreamFact::UnrealizedPnl(it) => unrealized(&it).map(Upstream::UnrealizedPnl),
    }
}

fn money(field: &'static str, value: Option<Wide>) -> Result<Money, EventError> {
    Money::from_units_checked(wide(field, value)?).ok_or_else(|| EventError::new(field, "is too large"))
}

fn position(it: &form::Position) -> Result<PositionRow, EventError> {
    let holdings = Quantity::from_units_checked(wide("holdings", it.holdings)?);
    Ok(PositionRow {
        portfolio_id: PortfolioId::from_bytes(id("portfolioId", it.portfolio_id)?),
        symbol: parsed("symbol", &it.symbol)?,
        holdings: holdings.ok_or_else(|| EventError::new("holdings", "is too large"))?,
        total_invested: money("totalInvested", it.total_invested)?,
        realized_pnl: money("realizedPnl", it.realized_pnl)?,
        created_at: time("createdAt", it.created_at)?,
        updated_at: time("updatedAt", it.updated_at)?,
    })
}

fn unrealized(it: &form::UnrealizedPnl) -> Result<UnrealizedPnl, EventError> {
    let symbols = |field, texts: &[String]| {
        texts.iter().map(|text| parsed(field, text)).collect::<Result<Vec<Symbol>, _>>()
    };
    let amounts =
        it.symbols.iter().map(|it| Ok((parsed("symbol", &it.symbol)?, money("symbol", it.amount)?)));
    Ok(UnrealizedPnl {
        portfolio_id: PortfolioId::from_bytes(id("portfolioId", it.portfolio_id)?),
        symbols: amounts.collect::<Result<_, EventError>>()?,
        overall: money("overallUnrealised_Pnl", it.overall)?,
        unpriced: symbols("unpriced", &it.unpriced)?,
        stale: symbols("stale", &it.stale)?,
        as_of: time("asOf", it.as_of)?,
    })
}

fn valuation(it: &form::Valuation) -> Result<Valuation, EventError> {
    let date = i32::try_from(it.date).ok().and_then(Date::from_days);
    Ok(Valuation {
        portfolio_id: PortfolioId::from_bytes(id("portfolioId", it.portfolio_id)?),
        date: date.ok_or_else(|| EventError::new("date", "is no day"))?,
        portfolio_value: money("portfolioValue", it.portfolio_value)?,
    })
}

fn trade_event(it: form::TradeEvent) -> Result<TradeEvent, EventError> {
    Ok(TradeEvent {
        trade_id: PipelineTradeId::from_bytes(id("tradeId", it.trade_id)?),
        service_name: it.service_name.into(),
        event_type: numbers::trade_event_type_of(it.event_type)
            .ok_or_else(|| EventError::new("eventType", it.event_type))?,
        event_stage: stage(it.event_stage)?,
        event_status: short(it.event_status),
        source_queue: short(it.source_queue),
        target_queue: short(it.target_queue),
        topic_name: short(it.topic_name),
        consumer_group: short(it.consumer_group),
        partition_id: it.partition_id,
        offset_value: it.offset_value,
        event_time: time("eventTime", it.event_time)?,
        message: it.message,
    })
}

fn stage(number: u32) -> Result<crate::event::Stage, EventError> {
    numbers::stage_of(number).ok_or_else(|| EventError::new("eventStage", number))
}

fn queue_metric(it: form::QueueMetric) -> Result<QueueMetric, EventError> {
    Ok(QueueMetric {
        service_name: it.service_name.into(),
        topic_name: it.topic_name.into(),
        partition_id: it.partition_id,
        produced_offset: it.produced_offset,
        consumed_offset: it.consumed_offset,
        consumer_group: it.consumer_group.into(),
        snapshot_time: time("snapshotTime", it.snapshot_time)?,
    })
}

fn dlq_event(it: form::DlqEvent) -> Result<DlqEvent, EventError> {
    Ok(DlqEvent {
        trade_id: it.trade_id.map(bytes).map(PipelineTradeId::from_bytes),
        service_name: it.service_name.into(),
        topic_name: short(it.topic_name),
        original_topic: short(it.original_topic),
        reason: it.reason,
        event_stage: stage(it.event_stage)?,
        event_time: time("eventTime", it.event_time)?,
    })
}

fn error_event(it: form::ErrorEvent) -> Result<ErrorEvent, EventError> {
    Ok(ErrorEvent {
        trade_id: it.trade_id.map(bytes).map(PipelineTradeId::from_bytes),
        service_name: it.service_name.into(),
        error_type: numbers::error_type_of(it.error_type)
            .ok_or_else(|| EventError::new("errorType", it.error_type))?,
        error_message: it.error_message,
        event_stage: stage(it.event_stage)?,
        event_time: time("eventTime", it.event_time)?,
    })
}

fn invalid_trade(it: form::InvalidTrade) -> InvalidTrade {
    InvalidTrade {
        trade_id: it.trade_id.into(),
        portfolio_id: short(it.portfolio_id),
        symbol: short(it.symbol),
        side: short(it.side),
        price_per_stock: short(it.price_per_stock),
        quantity: short(it.quantity),
        timestamp: short(it.timestamp),
        validation_errors: it.validation_errors,
    }
}

fn trading(it: form::TradingRequest) -> Result<TradingRequest, EventError> {
    let command = match it.command.ok_or_else(|| EventError::missing("command"))? {
        Command::CreateSession(it) => TradingCommand::CreateSession(CreateSession {
            name: it.name,
            initial_capital: Money::from_units(wide("initialCapital", it.initial_capital)?),
        }),
        Command::OpenTrade(it) => TradingCommand::OpenTrade(OpenTrade {
            session_id: SessionId(it.session_id),
            symbol: symbol("symbol", &it.symbol)?,
            side: side(it.side)?,
            quantity: quantity(it.quantity)?,
            entry_price: it.entry_price.map(Price::from_units),
            stop_loss: it.stop_loss.map(Price::from_units),
            target: it.target.map(Price::from_units),
        }),
        Command::CloseTrade(it) => TradingCommand::CloseTrade(CloseTrade {
            trade_id: TradeId(it.trade_id),
            price: it.price.map(Price::from_units),
        }),
        Command::StopSession(it) => {
            TradingCommand::StopSession(StopSession { session_id: SessionId(it.session_id) })
        }
    };
    Ok(TradingRequest { request_id: it.request_id.map(bytes).map(RequestId::from_bytes), command })
}

fn rejected(it: form::RejectedInput) -> RejectedInput {
    RejectedInput {
        kind: it.kind,
        rejection: Rejection { reason: it.reason.into(), field: it.field.map(Into::into) },
        raw: it.raw,
        content_type: short(it.content_type),
        door: it.door.into(),
        sender: short(it.sender),
        path: short(it.path),
    }
}
