//! Reports of the trade pipeline's services about a trade's life (RT-IN-1..5).
//!
//! Where a time is absent, the record's `at` counts.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};
use smol_str::SmolStr;

use crate::{Timestamp, TradeId, time};

/// Characters that are kept of a free text (a message, a reason).
pub const MESSAGE_MAX_CHARS: usize = 1000;

macro_rules! names {
    ($(#[$doc:meta])* $type:ident { $($(#[$variant_doc:meta])* $variant:ident = $name:literal,)+ }) => {
        $(#[$doc])*
        #[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Serialize, Deserialize)]
        pub enum $type {
            $($(#[$variant_doc])* #[serde(rename = $name)] $variant,)+
        }

        impl $type {
            /// All of them, in order.
            pub const ALL: &'static [$type] = &[$($type::$variant),+];

            /// Its name on the wire.
            pub const fn as_str(self) -> &'static str {
                match self {
                    $($type::$variant => $name,)+
                }
            }
        }

        impl fmt::Display for $type {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(self.as_str())
            }
        }

        impl FromStr for $type {
            type Err = NameError;

            /// In any case.
            fn from_str(text: &str) -> Result<$type, NameError> {
                let named = |name: &&$type| name.as_str().eq_ignore_ascii_case(text);
                $type::ALL.iter().find(named).copied().ok_or(NameError(&[$($name),+]))
            }
        }
    };
}

/// A text that is none of the names there are.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct NameError(&'static [&'static str]);

impl fmt::Display for NameError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "must be one of {}", self.0.join(", "))
    }
}

impl std::error::Error for NameError {}

names! {
    /// The stages of the pipeline, in their order.
    Stage {
        /// Taken in.
        Received = "RECEIVED",
        /// Found to be valid.
        Validated = "VALIDATED",
        /// Matched with lots.
        Enriched = "ENRICHED",
        /// Durable.
        Committed = "COMMITTED",
    }
}

impl Stage {
    /// Number of stages.
    pub const COUNT: usize = Stage::ALL.len();

    /// Its place in the pipeline, from 0.
    pub const fn index(self) -> usize {
        self as usize
    }
}

names! {
    /// Event in a trade's life at a stage (RT-IN-1).
    TradeEventType {
        /// It was received.
        Received = "TRADE_RECEIVED",
        /// It was validated.
        Validated = "TRADE_VALIDATED",
        /// It was enriched.
        Enriched = "TRADE_ENRICHED",
        /// It was committed.
        Committed = "TRADE_COMMITTED",
        /// It broke a rule.
        Rejected = "TRADE_REJECTED",
        /// Something went wrong.
        Failed = "TRADE_FAILED",
        /// It was given up.
        SentToDlq = "TRADE_SENT_TO_DLQ",
    }
}

names! {
    /// Kind of an error (RT-IN-4).
    ErrorType {
        /// Of the machinery.
        Technical = "TECHNICAL",
        /// Of the matter.
        Business = "BUSINESS",
        /// Something did not answer in time.
        Timeout = "TIMEOUT",
        /// Something could not be read.
        Deserialization = "DESERIALIZATION",
    }
}

/// A trade reached a stage, or failed there (RT-IN-1).
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct TradeEvent {
    /// Which trade.
    pub trade_id: TradeId,
    /// Service that reports it.
    pub service_name: SmolStr,
    /// Event that happened.
    pub event_type: TradeEventType,
    /// Stage at which it happened.
    pub event_stage: Stage,
    /// `SUCCESS`, `FAILED`, `RETRY`, `DLQ`: free text.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub event_status: Option<SmolStr>,
    /// Queue that it came from.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub source_queue: Option<SmolStr>,
    /// Queue that it went to.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub target_queue: Option<SmolStr>,
    /// The topic it was consumed from.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub topic_name: Option<SmolStr>,
    /// By which group.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub consumer_group: Option<SmolStr>,
    /// From which partition.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub partition_id: Option<u32>,
    /// At which offset.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub offset_value: Option<u64>,
    /// Time at which it happened.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub event_time: Option<Timestamp>,
    /// In words.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub message: Option<String>,
}

/// Position of a consumer group in a partition (RT-IN-2).
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct QueueMetric {
    /// Service that reports it.
    pub service_name: SmolStr,
    /// Which topic.
    pub topic_name: SmolStr,
    /// Which of its partitions.
    pub partition_id: u32,
    /// Offset up to which it was written.
    pub produced_offset: u64,
    /// Offset up to which it was read.
    pub consumed_offset: u64,
    /// By which group.
    pub consumer_group: SmolStr,
    /// Time at which that was so.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub snapshot_time: Option<Timestamp>,
}

impl QueueMetric {
    /// Messages that wait to be read (RT-Q1). The two offsets are not read at one moment: a group that seems to be
    /// ahead of its topic has caught up.
    pub fn lag(&self) -> u64 {
        self.produced_offset.saturating_sub(self.consumed_offset)
    }
}

/// A message was given up and went to a dead-letter queue (RT-IN-3).
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct DlqEvent {
    /// Which trade, where that could be told.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub trade_id: Option<TradeId>,
    /// Service that gave it up.
    pub service_name: SmolStr,
    /// The dead-letter queue.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub topic_name: Option<SmolStr>,
    /// Topic that the message came from.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub original_topic: Option<SmolStr>,
    /// Reason, in words.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
    /// Stage at which it happened.
    pub event_stage: Stage,
    /// Time at which it happened.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub event_time: Option<Timestamp>,
}

/// Something went wrong in a service (RT-IN-4).
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct ErrorEvent {
    /// With which trade, where that could be told.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub trade_id: Option<TradeId>,
    /// In which service.
    pub service_name: SmolStr,
    /// Of what kind.
    pub error_type: ErrorType,
    /// Error, in words.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub error_message: Option<String>,
    /// Stage at which it happened.
    pub event_stage: Stage,
    /// Time at which it happened.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub event_time: Option<Timestamp>,
}

/// A trade that validation refused (RT-IN-5). What it says of itself may be what is wrong with it, so that all of it is
/// evidence: texts as they came, numbers by their digits, each cut at [`MESSAGE_MAX_CHARS`].
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct InvalidTrade {
    /// Which; a UUID leads to the trade's way through the pipeline.
    pub trade_id: SmolStr,
    /// Portfolio of the trade.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub portfolio_id: Option<SmolStr>,
    /// Of what.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub symbol: Option<SmolStr>,
    /// BUY or SELL, or whatever else was said.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub side: Option<SmolStr>,
    /// Per unit.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub price_per_stock: Option<SmolStr>,
    /// Quantity of the trade.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub quantity: Option<SmolStr>,
    /// Time of the trade.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub timestamp: Option<SmolStr>,
    /// Reasons for the refusal, in words.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub validation_errors: Option<String>,
}

impl InvalidTrade {
    /// The time of the trade, where what it says is one that can be meant.
    pub fn time(&self) -> Option<Timestamp> {
        time::claimed(self.timestamp.as_ref()?).ok()
    }
}
