//! An entry as it is walked: its score follows.

use std::sync::Arc;

use hub_core::{Offset, PortfolioId, Timestamp};
use serde::Deserialize;

use super::{Entry, Ingested, Metrics};

/// An [`Entry`] that was walked.
#[derive(Deserialize)]
pub(super) struct Walked {
    id: PortfolioId,
    name: Option<Arc<str>>,
    metrics: Metrics,
    attained: Offset,
    updated_at: Timestamp,
    ingested: Ingested,
}

impl TryFrom<Walked> for Entry {
    type Error = &'static str;

    fn try_from(walked: Walked) -> Result<Entry, &'static str> {
        let Walked { id, name, metrics, attained, updated_at, ingested } = walked;
        let score = metrics.score().ok_or("a portfolio has no score")?;
        Ok(Entry { id, name, metrics, score, attained, updated_at, ingested })
    }
}
