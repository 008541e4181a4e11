//! Bounds on what is remembered of the pipeline.

use serde::{Deserialize, Serialize};

/// Bounds on what is remembered of the pipeline, since strangers' events fill it. What is beyond a bound is forgotten,
/// the oldest first.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct PipelineSettings {
    /// Trades whose way can be looked at: the newest by their first event.
    pub trades_kept: u32,
    /// Bytes that they take together.
    pub trades_bytes: u32,
    /// Events of one trade: the first that came.
    pub trade_events_kept: u32,
    /// Identities of events, by which one that is sent again is known.
    pub event_ids_kept: u32,
    /// The hub's own rejections that can be looked at.
    pub dead_letters_kept: u32,
    /// Classes into which dead letters are told apart; those of others are counted with their stage.
    pub dead_letter_classes: u16,
    /// Consumer groups' places in partitions.
    pub queues_kept: u32,
    /// Alerts that were cleared.
    pub cleared_alerts_kept: u32,
}

impl Default for PipelineSettings {
    fn default() -> PipelineSettings {
        PipelineSettings {
            trades_kept: 50_000,
            trades_bytes: 64 << 20,
            trade_events_kept: 64,
            event_ids_kept: 400_000,
            dead_letters_kept: 10_000,
            dead_letter_classes: 1000,
            queues_kept: 500,
            cleared_alerts_kept: 100,
        }
    }
}
