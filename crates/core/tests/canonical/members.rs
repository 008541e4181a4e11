//! Members of items of all kinds, at random.

use hub_core::Date;
use hub_core::event::{Side, Stage};
use hub_core::normalize::Kind;
use proptest::option::weighted;
use proptest::prelude::*;
use proptest::sample::select;
use serde_json::Value;

/// A member of an object: its name and, where it is there, its JSON.
pub(crate) type Member = (&'static str, BoxedStrategy<Option<String>>);

/// A member that is mostly there, and at times not what it should be.
pub(crate) fn member(
    name: &'static str,
    there: f64,
    value: impl Strategy<Value = String> + 'static,
) -> Member {
    let garbage = select(vec!["null", "\"\"", "-1", "0", "[]", "\"\\ud800\"", "1e99", "{\"a\":1}"]);
    let value = prop_oneof![40 => value.boxed(), 1 => garbage.prop_map(str::to_owned)];
    (name, weighted(there, value).prop_map(move |value| Some(format!("\"{name}\":{}", value?))).boxed())
}

pub(crate) fn json(text: impl Into<Value>) -> String {
    text.into().to_string()
}

pub(crate) fn uuid() -> impl Strategy<Value = String> {
    any::<[u8; 16]>().prop_map(|bytes| json(hub_core::TradeId::from_bytes(bytes).to_string()))
}

/// Mostly in range, of a price and of a quantity.
pub(crate) fn decimal() -> impl Strategy<Value = String> {
    let whole = prop_oneof![8 => 0..100_000_000_u64, 1 => 0..2_000_000_000_000_000_u64, 1 => Just(0)];
    let places = prop_oneof!["[0-9]{1,4}", "[0-9]{8}", "0{1,8}"];
    (whole, places, any::<bool>()).prop_map(|(whole, places, quoted)| {
        let digits = format!("{whole}.{places}");
        if quoted { json(digits) } else { digits }
    })
}

fn ratio() -> impl Strategy<Value = String> {
    (-1000..1000_i64, 0..1_000_000_000_000_000_000_u64)
        .prop_map(|(whole, places)| format!("{whole}.{places:018}"))
}

fn ratio_of_money() -> impl Strategy<Value = String> {
    (-1000..1000_i64, 0..10_000_u64).prop_map(|(whole, places)| format!("{whole}.{places:04}"))
}

fn symbols() -> impl Strategy<Value = String> {
    prop::collection::vec(symbol(), 0..4).prop_map(|symbols| format!("[{}]", symbols.join(",")))
}

fn amounts() -> impl Strategy<Value = String> {
    prop::collection::btree_map("[A-Z\"ü]{1,32}", ratio_of_money(), 0..4).prop_map(|amounts| {
        let members = amounts.into_iter().map(|(symbol, amount)| format!("{}:{amount}", json(symbol)));
        format!("{{{}}}", members.collect::<Vec<_>>().join(","))
    })
}

pub(crate) fn symbol() -> impl Strategy<Value = String> {
    "[ \n]?[A-Za-z0-9.ü\"\\\\]{1,32} ?".prop_map(json)
}

pub(crate) fn text() -> impl Strategy<Value = String> {
    ".{1,60}".prop_map(json)
}

fn count() -> impl Strategy<Value = String> {
    any::<u32>().prop_map(|count| count.to_string())
}

fn offset() -> impl Strategy<Value = String> {
    any::<u64>().prop_map(|count| count.to_string())
}

fn time() -> impl Strategy<Value = String> {
    let text = |nanos| format!("\"2026-02-07T10:30:00.{nanos:09}Z\"");
    let digits = (946_684_800_000..4_102_444_800_000_u64).prop_map(|millis| millis.to_string());
    prop_oneof![digits, (0..1_000_000_000_u64).prop_map(text)]
}

fn day() -> impl Strategy<Value = String> {
    (0..3_000_000).prop_map(|days| json(Date::from_days(days).unwrap_or_default().to_string()))
}

fn word(words: Vec<&'static str>) -> impl Strategy<Value = String> {
    select(words).prop_map(json)
}

pub(crate) fn side() -> impl Strategy<Value = String> {
    word(vec![Side::Buy.as_str(), Side::Sell.as_str(), "buy", "Sell"])
}

fn stage() -> impl Strategy<Value = String> {
    word(Stage::ALL.iter().map(|stage| stage.as_str()).collect())
}

fn errors() -> impl Strategy<Value = String> {
    prop_oneof![
        text(),
        prop::collection::vec(text(), 0..4).prop_map(|texts| format!("[{}]", texts.join(",")))
    ]
}

pub(crate) fn members(kind: Kind) -> Vec<Member> {
    match kind {
        Kind::Transactions => vec![
            member("transactionId", 0.99, uuid()),
            member("portfolioId", 0.99, uuid()),
            member("symbol", 0.99, symbol()),
            member("side", 0.99, side()),
            member("quantity", 0.99, decimal()),
            member("price", 0.8, decimal()),
            member("buyPrice", 0.5, decimal()),
            member("lotPrice", 0.3, decimal()),
            member("sellPrice", 0.5, decimal()),
            member("timestamp", 0.5, time()),
            member("tradeId", 0.5, uuid()),
        ],
        Kind::Prices => vec![
            member("symbol", 0.99, symbol()),
            member("price", 0.99, decimal()),
            member("timestamp", 0.5, time()),
        ],
        Kind::Portfolios => vec![
            member("portfolioId", 0.99, uuid()),
            member("name", 0.99, text()),
            member("phoneNumber", 0.5, prop_oneof![text(), count()]),
            member("address", 0.5, text()),
        ],
        Kind::Symbols => {
            vec![member("symbol", 0.99, symbol()), member("sector", 0.99, prop_oneof![text(), symbol()])]
        }
        Kind::Risk => vec![
            member("portfolioId", 0.99, uuid()),
            member("avgRateOfReturn", 0.99, ratio()),
            member("sharpeRatio", 0.99, ratio()),
            member("sortinoRatio", 0.99, ratio()),
        ],
        Kind::Valuations => vec![
            member("portfolioId", 0.99, uuid()),
            member("date", 0.99, day()),
            member("portfolioValue", 0.99, decimal()),
        ],
        Kind::Positions => vec![
            member("portfolioId", 0.99, uuid()),
            member("symbol", 0.99, symbol()),
            member("holdings", 0.99, decimal()),
            member("totalInvested", 0.99, decimal()),
            member("realizedPnl", 0.99, ratio_of_money()),
            member("createdAt", 0.5, time()),
            member("updatedAt", 0.5, time()),
        ],
        Kind::UnrealizedPnl => vec![
            member("portfolioId", 0.99, uuid()),
            member("symbol", 0.9, amounts()),
            member("overallUnrealised_Pnl", 0.99, ratio_of_money()),
            member("unpriced", 0.3, symbols()),
            member("stale", 0.3, symbols()),
            member("asOf", 0.3, time()),
        ],
        kind => members_of_pipeline(kind),
    }
}

fn members_of_pipeline(kind: Kind) -> Vec<Member> {
    let pipeline = |event: f64| {
        vec![
            member("tradeId", event, uuid()),
            member("serviceName", 0.98, text()),
            member("eventStage", 0.98, stage()),
            member("eventTime", 0.6, time()),
        ]
    };
    let with = |mut members: Vec<Member>, more: Vec<Member>| {
        members.extend(more);
        members
    };
    match kind {
        Kind::TradeEvents => with(
            pipeline(0.98),
            vec![
                member("eventType", 0.98, word(vec!["TRADE_RECEIVED", "TRADE_FAILED", "trade_committed"])),
                member("eventStatus", 0.5, text()),
                member("sourceQueue", 0.5, text()),
                member("targetQueue", 0.5, text()),
                member("topicName", 0.6, text()),
                member("consumerGroup", 0.5, text()),
                member("partitionId", 0.5, count()),
                member("offsetValue", 0.5, offset()),
                member("message", 0.5, ".{0,1100}".prop_map(json)),
            ],
        ),
        Kind::QueueMetrics => vec![
            member("serviceName", 0.98, text()),
            member("topicName", 0.98, text()),
            member("partitionId", 0.98, count()),
            member("producedOffset", 0.98, offset()),
            member("consumedOffset", 0.98, offset()),
            member("consumerGroup", 0.98, text()),
            member("snapshotTime", 0.5, time()),
        ],
        Kind::DlqEvents => with(
            pipeline(0.5),
            vec![
                member("topicName", 0.6, text()),
                member("originalTopic", 0.5, text()),
                member("reason", 0.5, ".{0,1100}".prop_map(json)),
            ],
        ),
        Kind::ErrorEvents => with(
            pipeline(0.5),
            vec![
                member("errorType", 0.98, word(vec!["TECHNICAL", "Business", "TIMEOUT", "DESERIALIZATION"])),
                member("errorMessage", 0.5, text()),
            ],
        ),
        Kind::InvalidTrades => vec![
            member("tradeId", 0.98, uuid()),
            member("portfolioId", 0.5, uuid()),
            member("symbol", 0.5, symbol()),
            member("side", 0.5, side()),
            member("pricePerStock", 0.5, ratio()),
            member("quantity", 0.5, decimal()),
            member("timestamp", 0.5, time()),
            member("validationErrors", 0.5, errors()),
        ],
        kind => panic!("{kind:?} is none of the pipeline's"),
    }
}
