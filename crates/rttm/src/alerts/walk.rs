//! Alerts as they are walked: what the board shows follows.

use std::collections::VecDeque;
use std::sync::Arc;

use hub_core::Offset;
use serde::{Deserialize, Serialize, Serializer};

use super::{Active, Alert, AlertBoard, Alerts, Metric};

/// [`Alerts`] that were walked.
#[derive(Deserialize)]
pub(super) struct Walked {
    active: [Option<Active>; Metric::ALL.len()],
    cleared: VecDeque<(Offset, Alert)>,
    cleared_max: usize,
    board: Offset,
}

/// The board's version in its place.
pub(super) fn version<S: Serializer>(board: &AlertBoard, to: S) -> Result<S::Ok, S::Error> {
    board.version.serialize(to)
}

impl From<Walked> for Alerts {
    fn from(Walked { active, cleared, cleared_max, board }: Walked) -> Alerts {
        let mut alerts = Alerts { active, cleared, cleared_max, board: Arc::default() };
        alerts.show(board);
        alerts
    }
}
