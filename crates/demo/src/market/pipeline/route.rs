//! The services of the pipeline.

use hub_core::event::{Stage, TradeEventType};

/// A stage: who works there, what they read, and how long they take.
pub(super) struct Station {
    pub(super) stage: Stage,
    pub(super) passed: TradeEventType,
    pub(super) service: &'static str,
    /// The topic that the service reads.
    pub(super) topic: &'static str,
    pub(super) group: &'static str,
    /// The topic for what it gives up.
    pub(super) dead_letters: &'static str,
    pub(super) message: &'static str,
    /// From the stage before, while nothing is jammed.
    pub(super) usual_millis: std::ops::Range<f64>,
}

/// In the order of the pipeline.
pub(super) static STATIONS: [Station; Stage::COUNT] = [
    Station {
        stage: Stage::Received,
        passed: TradeEventType::Received,
        service: "pms-trade-capture",
        topic: "incoming-trades",
        group: "trade-capture-group",
        dead_letters: "incoming-trades-dlq",
        message: "Trade captured",
        usual_millis: 0.0..1.0,
    },
    Station {
        stage: Stage::Validated,
        passed: TradeEventType::Validated,
        service: "pms-validation",
        topic: "raw-trades",
        group: "validation-group",
        dead_letters: "raw-trades-dlq",
        message: "All rules passed",
        usual_millis: 15.0..90.0,
    },
    Station {
        stage: Stage::Enriched,
        passed: TradeEventType::Enriched,
        service: "pms-transactional",
        topic: "valid-trades",
        group: "transactional-group",
        dead_letters: "valid-trades-dlq",
        message: "Matched with lots",
        usual_millis: 40.0..220.0,
    },
    Station {
        stage: Stage::Committed,
        passed: TradeEventType::Committed,
        service: "pms-analytics",
        topic: "transactions",
        group: "analytics-group",
        dead_letters: "transactions-dlq",
        message: "Transaction committed",
        usual_millis: 20.0..120.0,
    },
];

/// Each topic has so many partitions.
pub(super) const PARTITIONS: u32 = 2;
