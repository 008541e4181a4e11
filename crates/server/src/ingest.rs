//! The one door for facts: normalize, append, wait until applied, answer.

use std::sync::Arc;

use hub_core::event::RejectedInput;
use hub_core::normalize::{self, Item, Kind};
use hub_core::{Epoch, Event, Offset, Outcome, Position};
use hub_fanout::{Claim, Stopped};
use hub_log::{Append, Entry, LogError};
use serde::Serialize;

use crate::chassis::Chassis;
use crate::metrics::IngestLabels;

/// Takes items in, whoever brings them: HTTP, STOMP, the demo feed.
#[derive(Clone)]
pub struct Ingest {
    chassis: Arc<Chassis>,
}

/// What became of the items of one request, in their order.
#[derive(Clone, PartialEq, Eq, Debug, Default, Serialize)]
pub struct Answer {
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

/// What became of one item.
#[derive(Clone, PartialEq, Eq, Debug, Serialize)]
pub struct ItemResult {
    /// Its place in the request, from 0.
    pub index: usize,
    /// `accepted`, `duplicate`, `stale` or `rejected`.
    pub status: &'static str,
    /// Where it stands in the log.
    pub position: String,
    /// Why it was rejected.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
    /// The field at fault.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub field: Option<String>,
}

/// Why nothing can be said about a request's items.
#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error)]
pub enum IngestError {
    /// The hub is shutting down and took nothing in.
    #[error("the hub is shutting down; nothing was taken in")]
    Draining,
    /// The log took nothing in.
    #[error(transparent)]
    Log(#[from] LogError),
    /// Durable, but not applied yet.
    #[error(transparent)]
    Stopped(#[from] Stopped),
}

impl Ingest {
    /// A door into this chassis's log.
    pub fn new(chassis: Arc<Chassis>) -> Ingest {
        Ingest { chassis }
    }

    /// Takes in the items of one request, all or none of them, and says what
    /// became of each: after they are committed *and applied*, so that the
    /// answer is a function of the log and the caller reads its own writes.
    pub async fn submit(&self, kind: Kind, items: &[Item<'_>]) -> Result<Answer, IngestError> {
        self.begin(kind, items)?.answer().await
    }

    /// The first half of [`Ingest::submit`]: when it returns, the items have
    /// their place in the log, behind those of whoever began before.
    pub fn begin(&self, kind: Kind, items: &[Item<'_>]) -> Result<Taking, IngestError> {
        if self.chassis.readiness.is_draining() {
            return Err(IngestError::Draining);
        }
        let entries: Vec<Entry> = items.iter().map(|item| Entry::from(event(kind, item))).collect();
        let claim = self.chassis.outcomes.claim();
        let append = (!entries.is_empty()).then(|| self.chassis.log.append(entries));
        Ok(Taking { ingest: self.clone(), kind, claim, append })
    }

    fn count(&self, kind: Kind, answer: &Answer) {
        let counts = [
            ("accepted", answer.accepted),
            ("duplicate", answer.duplicates),
            ("stale", answer.stale),
            ("rejected", answer.rejected),
        ];
        for (status, count) in counts.into_iter().filter(|(_, count)| *count > 0) {
            let labels = IngestLabels { kind: kind.as_str(), status };
            self.chassis.metrics.ingest.get_or_create(&labels).inc_by(count as u64);
        }
    }
}

/// Items on their way into the log.
pub struct Taking {
    ingest: Ingest,
    kind: Kind,
    claim: Claim,
    append: Option<Append>,
}

impl Taking {
    /// The second half of [`Ingest::submit`].
    pub async fn answer(self) -> Result<Answer, IngestError> {
        let Some(append) = self.append else { return Ok(Answer::default()) };
        let appended = append.await?;
        let outcomes = self.claim.outcomes(&appended.offsets).await?;
        let answer = Answer::new(self.ingest.chassis.log.epoch(), &appended.offsets, outcomes);
        self.ingest.count(self.kind, &answer);
        Ok(answer)
    }
}

/// What is logged of an item: the event it means, or that it means none.
fn event(kind: Kind, item: &Item<'_>) -> Event {
    normalize::item(kind, item)
        .unwrap_or_else(|rejection| Event::Rejected(RejectedInput::new(kind.as_str(), rejection, item.raw())))
}

impl Answer {
    fn new(epoch: Epoch, offsets: &[Offset], outcomes: Vec<Outcome>) -> Answer {
        let mut answer = Answer::default();
        for (index, (offset, outcome)) in offsets.iter().zip(outcomes).enumerate() {
            *match &outcome {
                Outcome::Accepted => &mut answer.accepted,
                Outcome::Duplicate => &mut answer.duplicates,
                Outcome::Stale => &mut answer.stale,
                Outcome::Rejected(_) => &mut answer.rejected,
            } += 1;
            let position = Position { epoch, offset: *offset }.to_string();
            answer.results.push(ItemResult::new(index, position, outcome));
        }
        answer
    }

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
    fn new(index: usize, position: String, outcome: Outcome) -> ItemResult {
        let status = outcome.status();
        let (reason, field) = match outcome {
            Outcome::Rejected(rejection) => {
                (Some(rejection.reason.into_owned()), rejection.field.map(std::borrow::Cow::into_owned))
            }
            _ => (None, None),
        };
        ItemResult { index, status, position, reason, field }
    }
}
