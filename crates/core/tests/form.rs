//! The form of events in the log gives back what was put in, whatever that was.

use std::collections::{BTreeMap, BTreeSet};

use hub_core::dto::{PositionRow, UnrealizedPnl};
use hub_core::event::form::Beside;
use hub_core::event::trading::{
    self, CloseTrade, CreateSession, OpenTrade, SessionId, StopSession, TradingCommand, TradingRequest,
};
use hub_core::event::{
    DlqEvent, ErrorEvent, ErrorType, InvalidTrade, PortfolioInfo, PriceQuote, QueueMetric, RejectedInput,
    RiskMetrics, Side, Stage, SymbolInfo, Trade, TradeEvent, TradeEventType, Transaction, Upstream,
    Valuation, form,
};
use hub_core::normalize::{self, Kind};
use hub_core::settings::Settings;
use hub_core::{
    Date, Event, Money, PortfolioId, Price, Quantity, Ratio, Rejection, RequestId, Symbol, Timestamp,
    TradeId, TransactionId,
};
use proptest::option::of;
use proptest::prelude::*;
use proptest::strategy::ValueTree;
use proptest::test_runner::TestRunner;
use serde_json::Value;

fn id() -> impl Strategy<Value = [u8; 16]> {
    prop_oneof![Just([0; 16]), Just([0xff; 16]), any::<[u8; 16]>()]
}

fn time() -> impl Strategy<Value = Option<Timestamp>> {
    of((0..=253_402_300_799_999_999_i64).prop_map(|micros| Timestamp::from_micros(micros).unwrap()))
}

fn symbol() -> impl Strategy<Value = Symbol> {
    "[A-Za-z0-9.ü]{1,32}".prop_map(|text| text.parse().unwrap())
}

fn price() -> impl Strategy<Value = Price> {
    prop_oneof![1 => Just(Price::ZERO), 9 => any::<i64>().prop_map(Price::from_units)]
}

fn quantity() -> impl Strategy<Value = Quantity> {
    let most = Quantity::MAX.units();
    (-most..=most).prop_map(Quantity::from_units)
}

fn money() -> impl Strategy<Value = Money> {
    (-i128::MAX..=i128::MAX).prop_map(Money::from_units)
}

fn ratio() -> impl Strategy<Value = Ratio> {
    any::<i128>().prop_map(Ratio::from_units)
}

fn name() -> impl Strategy<Value = String> {
    ".{0,40}"
}

fn side() -> impl Strategy<Value = Side> {
    prop_oneof![Just(Side::Buy), Just(Side::Sell)]
}

fn stage() -> impl Strategy<Value = Stage> {
    proptest::sample::select(Stage::ALL)
}

fn transaction() -> impl Strategy<Value = Event> {
    (id(), id(), symbol(), side(), price(), of(price()), quantity(), time(), of(id())).prop_map(
        |(transaction, portfolio, symbol, side, price, lot_price, quantity, timestamp, trade)| {
            Event::Transaction(Box::new(Transaction {
                transaction_id: TransactionId::from_bytes(transaction),
                portfolio_id: PortfolioId::from_bytes(portfolio),
                symbol,
                trade: match side {
                    Side::Buy => Trade::Buy { price },
                    Side::Sell => Trade::Sell { price, lot_price },
                },
                quantity,
                timestamp,
                trade_id: trade.map(TradeId::from_bytes),
            }))
        },
    )
}

fn symbols() -> impl Strategy<Value = Vec<Symbol>> {
    prop::collection::vec(symbol(), 0..4)
}

fn amounts() -> impl Strategy<Value = BTreeMap<Symbol, Money>> {
    prop::collection::btree_map(symbol(), money(), 0..4)
}

fn reference() -> impl Strategy<Value = Event> {
    prop_oneof![
        (symbol(), price(), time()).prop_map(|(symbol, price, timestamp)| Event::Price(PriceQuote {
            symbol,
            price,
            timestamp
        })),
        (id(), name(), of(name()), of(name())).prop_map(|(id, name, phone_number, address)| {
            let portfolio_id = PortfolioId::from_bytes(id);
            Event::Portfolio(PortfolioInfo { portfolio_id, name, phone_number, address })
        }),
        (id(), 0..2_932_897, money()).prop_map(|(id, days, portfolio_value)| {
            let date = Date::from_days(days).unwrap();
            let portfolio_id = PortfolioId::from_bytes(id);
            Upstream::Valuation(Valuation { portfolio_id, date, portfolio_value }).into()
        }),
        (id(), symbol(), quantity(), money(), money(), time(), time()).prop_map(
            |(id, symbol, holdings, total_invested, realized_pnl, created_at, updated_at)| {
                let portfolio_id = PortfolioId::from_bytes(id);
                Upstream::Position(PositionRow {
                    portfolio_id,
                    symbol,
                    holdings,
                    total_invested,
                    realized_pnl,
                    created_at,
                    updated_at,
                })
                .into()
            }
        ),
        (id(), amounts(), money(), symbols(), symbols(), time()).prop_map(
            |(id, symbols, overall, unpriced, stale, as_of)| {
                let portfolio_id = PortfolioId::from_bytes(id);
                Upstream::UnrealizedPnl(UnrealizedPnl {
                    portfolio_id,
                    symbols,
                    overall,
                    unpriced,
                    stale,
                    as_of,
                })
                .into()
            }
        ),
        (symbol(), name()).prop_map(|(symbol, sector)| Event::Symbol(SymbolInfo { symbol, sector })),
        (id(), ratio(), ratio(), ratio()).prop_map(
            |(id, avg_rate_of_return, sharpe_ratio, sortino_ratio)| {
                let portfolio_id = PortfolioId::from_bytes(id);
                Event::Risk(RiskMetrics { portfolio_id, avg_rate_of_return, sharpe_ratio, sortino_ratio })
            }
        ),
    ]
}

fn trade_event() -> impl Strategy<Value = Event> {
    let texts = (name(), of(name()), of(name()), of(name()), of(name()), of(name()), of(name()));
    let numbers = (of(any::<u32>()), of(any::<u64>()), time());
    (id(), proptest::sample::select(TradeEventType::ALL), stage(), texts, numbers).prop_map(
        |(id, event_type, event_stage, texts, (partition_id, offset_value, event_time))| {
            let (service, status, source, target, topic, group, message) = texts;
            Event::TradeEvent(Box::new(TradeEvent {
                trade_id: TradeId::from_bytes(id),
                service_name: service.into(),
                event_type,
                event_stage,
                event_status: status.map(Into::into),
                source_queue: source.map(Into::into),
                target_queue: target.map(Into::into),
                topic_name: topic.map(Into::into),
                consumer_group: group.map(Into::into),
                partition_id,
                offset_value,
                event_time,
                message,
            }))
        },
    )
}

fn pipeline() -> impl Strategy<Value = Event> {
    prop_oneof![
        (name(), name(), any::<u32>(), any::<u64>(), any::<u64>(), name(), time()).prop_map(
            |(service, topic, partition_id, produced_offset, consumed_offset, group, snapshot_time)| {
                Event::QueueMetric(QueueMetric {
                    service_name: service.into(),
                    topic_name: topic.into(),
                    partition_id,
                    produced_offset,
                    consumed_offset,
                    consumer_group: group.into(),
                    snapshot_time,
                })
            }
        ),
        (of(id()), name(), of(name()), of(name()), of(name()), stage(), time()).prop_map(
            |(id, service, topic, original, reason, event_stage, event_time)| {
                Event::DlqEvent(Box::new(DlqEvent {
                    trade_id: id.map(TradeId::from_bytes),
                    service_name: service.into(),
                    topic_name: topic.map(Into::into),
                    original_topic: original.map(Into::into),
                    reason,
                    event_stage,
                    event_time,
                }))
            }
        ),
        (of(id()), name(), proptest::sample::select(ErrorType::ALL), of(name()), stage(), time()).prop_map(
            |(id, service, error_type, error_message, event_stage, event_time)| {
                Event::ErrorEvent(ErrorEvent {
                    trade_id: id.map(TradeId::from_bytes),
                    service_name: service.into(),
                    error_type,
                    error_message,
                    event_stage,
                    event_time,
                })
            }
        ),
    ]
}

fn invalid_trade() -> impl Strategy<Value = Event> {
    let texts = [(); 7].map(|()| of(name()));
    (name(), texts).prop_map(|(id, [portfolio, symbol, side, price, quantity, time, errors])| {
        Event::InvalidTrade(Box::new(InvalidTrade {
            trade_id: id.into(),
            portfolio_id: portfolio.map(Into::into),
            symbol: symbol.map(Into::into),
            side: side.map(Into::into),
            price_per_stock: price.map(Into::into),
            quantity: quantity.map(Into::into),
            timestamp: time.map(Into::into),
            validation_errors: errors,
        }))
    })
}

fn command() -> impl Strategy<Value = Event> {
    let command = prop_oneof![
        (of(name()), any::<i128>()).prop_map(|(name, capital)| TradingCommand::CreateSession(
            CreateSession { name, initial_capital: Money::from_units(capital) }
        )),
        (any::<u64>(), symbol(), side(), quantity(), of(price()), of(price()), of(price())).prop_map(
            |(session, symbol, side, quantity, entry_price, stop_loss, target)| TradingCommand::OpenTrade(
                OpenTrade {
                    session_id: SessionId(session),
                    symbol,
                    side,
                    quantity,
                    entry_price,
                    stop_loss,
                    target
                }
            )
        ),
        (any::<u64>(), of(price())).prop_map(|(trade, price)| TradingCommand::CloseTrade(CloseTrade {
            trade_id: trading::TradeId(trade),
            price
        })),
        any::<u64>()
            .prop_map(|session| TradingCommand::StopSession(StopSession { session_id: SessionId(session) })),
    ];
    (of(id()), command).prop_map(|(id, command)| {
        Event::Trading(TradingRequest { request_id: id.map(RequestId::from_bytes), command })
    })
}

fn event() -> impl Strategy<Value = Event> {
    let way = (of(name()), name(), of(name()), of(name()));
    let rejected = (name(), name(), of(name()), any::<Vec<u8>>(), way).prop_map(
        |(kind, reason, field, raw, (content_type, door, sender, path))| {
            let rejection = Rejection { reason: reason.into(), field: field.map(Into::into) };
            let (content_type, sender) = (content_type.map(Into::into), sender.map(Into::into));
            let (door, path) = (door.into(), path.map(Into::into));
            let input = RejectedInput::new(&kind, rejection, &raw);
            RejectedInput { content_type, door, sender, path, ..input }.into()
        },
    );
    let settings = (any::<i64>(), any::<i64>()).prop_map(|(idempotency_horizon_ms, resume_horizon_ms)| {
        Event::Settings(Settings { idempotency_horizon_ms, resume_horizon_ms, ..Settings::default() })
    });
    prop_oneof![
        transaction(),
        reference(),
        trade_event(),
        pipeline(),
        command(),
        invalid_trade(),
        rejected,
        settings,
        Just(Event::Tick)
    ]
}

#[test]
fn the_events_have_every_member_of_their_kinds() {
    let mut runner = TestRunner::deterministic();
    let mut given: BTreeMap<&str, BTreeSet<String>> = BTreeMap::new();
    for _ in 0..1000 {
        let event = event().new_tree(&mut runner).unwrap().current();
        if let Some(Ok(Value::Object(members))) =
            normalize::canonical(&event).map(|item| serde_json::from_str(&item))
        {
            given.entry(event.kind()).or_default().extend(members.into_iter().map(|(name, _)| name));
        }
    }
    for kind in Kind::ALL {
        // It is written as `price`.
        let names = normalize::names(kind).map(|(name, _)| name).filter(|name| *name != "sellPrice");
        assert_eq!(given[kind.as_str()], names.map(str::to_owned).collect(), "{kind:?}");
    }
}

proptest! {
    #[test]
    fn an_entry_is_given_back_with_what_is_beside_it(
        event in event(), key in of(".{0,20}"), extras in of(".{0,20}"),
    ) {
        let beside = Beside { key, extras };
        let bytes = form::encode(&event, &beside).unwrap();
        prop_assert_eq!(form::decode(&bytes).unwrap(), (event, beside));
    }

    #[test]
    fn bytes_that_are_no_entry_are_refused_or_mean_something(bytes: Vec<u8>) {
        if let Ok((event, _)) = form::decode(&bytes) {
            prop_assert!((1..16).contains(&event.number()));
        }
    }
}

#[test]
fn a_transaction_has_at_most_80_bytes_beside_its_id() {
    let price = "12345.12345678".parse().unwrap();
    let largest_usual = Event::Transaction(Box::new(Transaction {
        timestamp: Timestamp::from_micros(1_770_000_000_123_456),
        ..Transaction::new(
            TransactionId::from_bytes([0xff; 16]),
            PortfolioId::from_bytes([0xff; 16]),
            "RELIANCE.NS".parse().unwrap(),
            Trade::Sell { price, lot_price: Some(price) },
            "1000000".parse().unwrap(),
        )
    }));
    // Length, kind, checksum and time of its frame.
    let bytes = largest_usual.encode().unwrap().len() + 7;
    assert!(bytes - 16 <= 80, "{bytes}");
}

#[test]
fn what_a_newer_version_added_is_passed_over_and_a_kind_it_added_is_refused() {
    let mut price = Event::Tick.encode().unwrap();
    // Field 31, a varint.
    price.extend([0xf8, 0x01, 0x07]);
    assert_eq!(Event::decode(&price).unwrap(), Event::Tick);
    // Field 15, a message: no kind that this version knows.
    let error = Event::decode(&[0x7a, 0x00]).unwrap_err().to_string();
    assert!(error.contains("kind"), "{error}");
}

#[test]
fn the_digest_of_a_transaction_is_of_all_it_says_and_for_ever() {
    let transaction = Transaction {
        timestamp: Timestamp::from_micros(1_770_000_000_123_456),
        ..Transaction::new(
            TransactionId::from_bytes([1; 16]),
            PortfolioId::from_bytes([2; 16]),
            "AAPL".parse().unwrap(),
            Trade::Buy { price: "150.25".parse().unwrap() },
            "10".parse().unwrap(),
        )
    };
    let digest = transaction.digest();
    assert_eq!(u64::from_be_bytes(digest), DIGEST, "ids in logs were compared by it: {digest:x?}");
    let others = [
        Transaction { symbol: "aapl".parse().unwrap(), ..transaction.clone() },
        Transaction { trade: Trade::Buy { price: "150.26".parse().unwrap() }, ..transaction.clone() },
        Transaction {
            trade: Trade::Sell { price: "150.25".parse().unwrap(), lot_price: None },
            ..transaction.clone()
        },
        Transaction { quantity: "10.000001".parse().unwrap(), ..transaction.clone() },
        Transaction { timestamp: None, ..transaction.clone() },
        Transaction { trade_id: Some(TradeId::from_bytes([3; 16])), ..transaction.clone() },
        Transaction { portfolio_id: PortfolioId::from_bytes([3; 16]), ..transaction.clone() },
    ];
    for other in others {
        assert_ne!(other.digest(), digest, "{other:?}");
    }
    // However long the symbol is, the last character counts.
    let long = |last: char| Transaction {
        symbol: format!("{}{last}", "\u{1d11e}".repeat(31)).parse().unwrap(),
        ..transaction.clone()
    };
    assert_ne!(long('a').digest(), long('b').digest());
    assert_eq!(long('a').digest(), long('a').digest());
}

/// As it was first computed.
const DIGEST: u64 = 0xc029_56db_1c46_1eee;
