//! Documents of the sockets.

use std::sync::Arc;

use bytes::Bytes;
use hub_core::{Offset, Timestamp};
use hub_fanout::{Cadence, Composed, Document, Occasion};

use crate::host::HostMetrics;
use crate::state::{RttmReads, State};
use crate::wire;

/// Composer of one of the pipeline's documents.
type Compose = fn(&State, Timestamp) -> Vec<Bytes>;

/// Interval at which the metric cards are sent, in milliseconds.
pub(crate) const CARDS_PERIOD_MS: u64 = 2000;
/// Interval at which the pipeline's other documents are sent, in milliseconds.
pub(crate) const PERIOD_MS: u64 = 3000;

/// Numbers that windows make: shown on connect and by the period.
pub(crate) struct NumbersDocument {
    pub(crate) reads: RttmReads,
    pub(crate) period_ms: u64,
    pub(crate) compose: Compose,
}

/// `/ws/rttm/metrics`.
pub(crate) fn cards(state: &State, _: Timestamp) -> Vec<Bytes> {
    vec![wire::json(&wire::cards(state.numbers()))]
}

/// `/ws/pipeline`.
pub(crate) fn pipeline(state: &State, _: Timestamp) -> Vec<Bytes> {
    vec![wire::json(&wire::pipeline(state.numbers()))]
}

/// `/ws/dlq`.
pub(crate) fn dlq(state: &State, _: Timestamp) -> Vec<Bytes> {
    vec![wire::json(&wire::dlq(state))]
}

/// `/ws/telemetry`.
pub(crate) fn telemetry(state: &State, now: Timestamp) -> Vec<Bytes> {
    wire::telemetry(state, now)
}

impl Document for NumbersDocument {
    fn cadence(&self) -> Cadence {
        Cadence { on_change_ms: None, period_ms: Some(self.period_ms) }
    }

    fn compose(&self, _: Occasion, now: Timestamp) -> Composed {
        let state = self.reads.settled();
        Composed { messages: (self.compose)(&state, now), upto: state.applied().position.offset }
    }
}

/// The active alerts, newest first: on connect, on any change, by the period. One
/// that cleared since the subscriber's last message comes once more, behind
/// them, with `resolved: true`.
///
/// It shows the state of the last flush, as changes are told by flushes: were
/// it ahead, the message of a period could pass a clearing over before the
/// change is told.
pub(crate) struct AlertsDocument {
    pub(crate) reads: RttmReads,
    pub(crate) limit: usize,
}

impl Document for AlertsDocument {
    fn cadence(&self) -> Cadence {
        Cadence { on_change_ms: Some(0), period_ms: Some(PERIOD_MS) }
    }

    fn compose(&self, occasion: Occasion, now: Timestamp) -> Composed {
        let state = self.reads.flushed();
        let (board, upto) = (state.alerts(), state.applied().position.offset);
        let cleared_after = match occasion {
            Occasion::Changed { after } if board.version <= after => {
                return Composed { messages: Vec::new(), upto };
            }
            Occasion::Changed { after } => after,
            Occasion::Opened | Occasion::Period => Offset(u64::MAX),
        };
        let active = board.active.iter().take(self.limit);
        let cleared = board.cleared.iter().take_while(|(offset, _)| *offset > cleared_after);
        let rows: Vec<_> =
            active.chain(cleared.map(|(_, alert)| alert)).map(|alert| wire::alert(alert, now)).collect();
        Composed { messages: vec![wire::json(&rows)], upto }
    }
}

/// `/ws/metrics`: the host, as often as it is measured. Not a fact of the log: no position.
pub(crate) struct HostDocument(pub(crate) Arc<HostMetrics>);

impl Document for HostDocument {
    fn cadence(&self) -> Cadence {
        Cadence { on_change_ms: None, period_ms: Some(self.0.period_ms()) }
    }

    fn compose(&self, _: Occasion, _: Timestamp) -> Composed {
        let messages = self.0.latest().as_ref().map(wire::json).into_iter().collect();
        Composed { messages, upto: Offset::START }
    }
}
