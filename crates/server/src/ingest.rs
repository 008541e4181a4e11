//! The one door into the log: append, wait until applied, tell the outcome.
//!
//! Bytes become events before ([`hub_core::normalize`]); here are events alone, whoever brings
//! them: HTTP, STOMP, the auto-trader's desk, the settings, the demo. Only ticks, the log's own
//! clock, do not pass.

mod report;

use std::sync::Arc;

use hub_core::{Epoch, Event, Offset, Outcome};
use hub_fanout::{Claim, Stopped};
use hub_log::{Append, Entry, LogError};

pub use report::{IngestReport, ItemResult};

use crate::chassis::Chassis;
use crate::metrics::IngestLabels;

/// Takes events in. Cheap to clone.
#[derive(Clone)]
pub struct Ingest {
    chassis: Arc<Chassis>,
}

/// Events that have their place in the log and are on their way to be applied.
pub struct Ingesting {
    ingest: Ingest,
    /// Of each event.
    kinds: Vec<&'static str>,
    claim: Claim,
    append: Option<Append>,
}

/// Events that are durable and applied.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Ingested {
    /// The log's.
    pub epoch: Epoch,
    /// The offset and the outcome of each event, in their order.
    pub outcomes: Vec<(Offset, Outcome)>,
}

/// Reason why nothing can be said about a request's events.
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
    /// Opens a door into this chassis's log.
    pub fn new(chassis: Arc<Chassis>) -> Ingest {
        Ingest { chassis }
    }

    /// Appends events, all or none of them, their symbols in the configured case. When it returns, they have their place in the log,
    /// behind those of whoever appended before.
    pub fn append(&self, mut events: Vec<Event>) -> Result<Ingesting, IngestError> {
        if self.chassis.readiness.is_draining() {
            return Err(IngestError::Draining);
        }
        for event in &mut events {
            event.fold_symbol(self.chassis.symbol_case);
        }
        let kinds = events.iter().map(Event::kind).collect();
        let entries: Vec<Entry> = events.into_iter().map(Entry::from).collect();
        // Before the append, so that no outcome is forgotten between the two.
        let claim = self.chassis.outcomes.claim();
        let append = (!entries.is_empty()).then(|| self.chassis.log.append(entries));
        Ok(Ingesting { ingest: self.clone(), kinds, claim, append })
    }

    /// Adds to `hub_ingest_total`, once for each run of equal labels.
    fn count(&self, kinds: &[&'static str], outcomes: &[(Offset, Outcome)]) {
        let labels: Vec<IngestLabels> = kinds
            .iter()
            .zip(outcomes)
            .map(|(kind, (_, outcome))| IngestLabels { kind, status: outcome.status() })
            .collect();
        for run in labels.chunk_by(PartialEq::eq) {
            self.chassis.metrics.ingest.get_or_create(&run[0]).inc_by(run.len() as u64);
        }
    }
}

impl Ingesting {
    /// Waits until the events are committed *and applied*, so that the outcomes are a function
    /// of the log and the caller reads its own writes.
    pub async fn applied(self) -> Result<Ingested, IngestError> {
        let Ingesting { ingest, kinds, claim, append } = self;
        let epoch = ingest.chassis.log.epoch();
        let Some(append) = append else { return Ok(Ingested { epoch, outcomes: Vec::new() }) };
        let offsets = append.await?.offsets;
        let outcomes = claim.outcomes(&offsets).await?;
        let outcomes: Vec<(Offset, Outcome)> = offsets.into_iter().zip(outcomes).collect();
        ingest.count(&kinds, &outcomes);
        Ok(Ingested { epoch, outcomes })
    }
}
