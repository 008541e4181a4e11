//! The report to the sender of items.

use std::borrow::Cow;

use hub_core::{Outcome, Position, Verdict};
use schemars::JsonSchema;
use serde::Serialize;

use super::Ingested;

/// The outcome of the items of one request, in their order: the body of the answer to
/// `POST /api/ingest/{kind}`.
#[derive(Clone, PartialEq, Eq, Debug, Default, Serialize, JsonSchema)]
pub struct IngestReport {
    /// Items that changed the state.
    pub accepted: usize,
    /// Items whose id was applied before.
    pub duplicates: usize,
    /// Items older than what is held.
    pub stale: usize,
    /// Items that break a rule.
    pub rejected: usize,
    /// Each item.
    pub results: Vec<ItemResult>,
}

/// The outcome of one item.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, JsonSchema)]
pub struct ItemResult {
    /// Its place in the request, from 0.
    pub index: usize,
    /// `accepted`, `duplicate`, `stale` or `rejected`.
    pub status: &'static str,
    /// Its place in the log, `<epoch>-<offset>`.
    pub position: String,
    /// The reason of a rejection.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
    /// The field at fault.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub field: Option<String>,
    /// Members of it that nobody reads, by the names that they came with: at most 32, of at most 64 characters.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub ignored: Vec<String>,
    /// Hints, in words: it may have meant something else.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub warnings: Vec<Cow<'static, str>>,
}

impl From<Ingested> for IngestReport {
    fn from(ingested: Ingested) -> IngestReport {
        let mut report = IngestReport::default();
        let items = ingested.verdicts.into_iter().zip(ingested.ignored).enumerate();
        for (index, ((offset, verdict), ignored)) in items {
            *match &verdict.outcome {
                Outcome::Accepted => &mut report.accepted,
                Outcome::Duplicate => &mut report.duplicates,
                Outcome::Stale => &mut report.stale,
                Outcome::Rejected(_) => &mut report.rejected,
            } += 1;
            let position = Position { epoch: ingested.epoch, offset };
            report.results.push(ItemResult::new(index, position, verdict, ignored));
        }
        report
    }
}

impl IngestReport {
    /// 200 when nothing was rejected, 207 when some was, 422 when all was.
    pub fn http_status(&self) -> u16 {
        match self.rejected {
            0 => 200,
            all if all == self.results.len() => 422,
            _ => 207,
        }
    }
}

impl ItemResult {
    fn new(index: usize, position: Position, verdict: Verdict, ignored: Vec<String>) -> ItemResult {
        let Verdict { outcome, warnings } = verdict;
        let (status, position) = (outcome.status(), position.to_string());
        let (reason, field) = match outcome {
            Outcome::Rejected(rejection) => {
                (Some(rejection.reason.into_owned()), rejection.field.map(Cow::into_owned))
            }
            Outcome::Accepted | Outcome::Duplicate | Outcome::Stale => (None, None),
        };
        ItemResult { index, status, position, reason, field, ignored, warnings }
    }
}
