//! The one door into the log: append, wait until applied, tell the outcome.
//!
//! Bytes become events before ([`hub_core::normalize`]); here are events, whoever brings them:
//! HTTP, STOMP, the auto-trader's desk, the settings, the demo; and bodies that no events could be
//! made of. Only ticks, the log's own clock, do not pass.

mod report;

use std::sync::Arc;

use hub_core::event::Provenance;
use hub_core::normalize::{self, BodyError, Reading};
use hub_core::{Epoch, Event, Offset, Verdict};
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
    /// Of each event.
    ignored: Vec<Vec<String>>,
    /// The fault of the body, where they are the record of one that could not be read.
    unreadable: Option<BodyError>,
    claim: Claim,
    append: Option<Append>,
}

/// Events that are durable and applied.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Ingested {
    /// The log's.
    pub epoch: Epoch,
    /// The offset of each event and the verdict on it, in their order.
    pub verdicts: Vec<(Offset, Verdict)>,
    /// Names of what its item said and nobody reads, of each event.
    pub ignored: Vec<Vec<String>>,
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
    /// There are none: the body can't be read. Its record is applied, if it has one.
    #[error(transparent)]
    Body(#[from] BodyError),
}

impl Ingest {
    /// Opens a door into this chassis's log.
    pub fn new(chassis: Arc<Chassis>) -> Ingest {
        Ingest { chassis }
    }

    /// Appends events, all or none of them, their symbols in the configured case. When it returns, they have their
    /// place in the log, behind those of whoever appended before.
    pub fn append<T: Into<Reading>>(&self, events: Vec<T>) -> Result<Ingesting, IngestError> {
        if self.chassis.readiness.is_draining() {
            return Err(IngestError::Draining);
        }
        let count = events.len();
        let (mut kinds, mut ignored) = (Vec::with_capacity(count), Vec::with_capacity(count));
        let mut entries = Vec::with_capacity(count);
        for Reading { mut event, unread } in events.into_iter().map(Into::into) {
            event.fold_symbol(self.chassis.symbol_case);
            kinds.push(event.kind());
            ignored.push(unread.names);
            // A rejected item is kept as it came.
            let is_kept = self.chassis.keep_unknown && !matches!(event, Event::Rejected(_));
            entries.push(Entry { extras: unread.json.filter(|_| is_kept), ..Entry::from(event) });
        }
        // Before the append, so that no verdict is forgotten between the two.
        let claim = self.chassis.outcomes.claim();
        let append = (!entries.is_empty()).then(|| self.chassis.log.append(entries));
        Ok(Ingesting { ingest: self.clone(), kinds, ignored, unreadable: None, claim, append })
    }

    /// Appends the record of a body that can't be read ([`normalize::unreadable`]). The answer is the error: when that
    /// record is applied, or at once if it has none.
    pub fn append_unreadable(
        &self,
        kind: &'static str,
        error: BodyError,
        body: &[u8],
        way: &Provenance<'_>,
    ) -> Result<Ingesting, IngestError> {
        match normalize::unreadable(kind, &error, body, way) {
            Some(event) => Ok(Ingesting { unreadable: Some(error), ..self.append(vec![event])? }),
            None => Err(error.into()),
        }
    }

    /// Adds to `hub_ingest_total`, once for each run of equal labels.
    fn count(&self, kinds: &[&'static str], verdicts: &[(Offset, Verdict)]) {
        let labels: Vec<IngestLabels> = kinds
            .iter()
            .zip(verdicts)
            .map(|(kind, (_, verdict))| IngestLabels { kind, status: verdict.outcome.status() })
            .collect();
        for run in labels.chunk_by(PartialEq::eq) {
            self.chassis.metrics.ingest.get_or_create(&run[0]).inc_by(run.len() as u64);
        }
    }
}

impl Ingesting {
    /// Waits until the events are committed *and applied*, so that the verdicts are a function
    /// of the log and the caller reads its own writes.
    pub async fn applied(self) -> Result<Ingested, IngestError> {
        let Ingesting { ingest, kinds, ignored, unreadable, claim, append } = self;
        let epoch = ingest.chassis.log.epoch();
        let Some(append) = append else { return Ok(Ingested { epoch, verdicts: Vec::new(), ignored }) };
        let offsets = append.await?.offsets;
        let verdicts = claim.verdicts(&offsets).await?;
        let verdicts: Vec<(Offset, Verdict)> = offsets.into_iter().zip(verdicts).collect();
        ingest.count(&kinds, &verdicts);
        if let Some(error) = unreadable {
            return Err(error.into());
        }
        Ok(Ingested { epoch, verdicts, ignored })
    }
}
