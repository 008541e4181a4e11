//! Where commands are taken in, whoever brings them: logged, applied, then
//! answered.

use std::sync::Arc;

use hub_core::event::trading::TradingRequest;
use hub_core::{Event, Offset, Outcome, Rejection};
use hub_log::Entry;
use hub_server::metrics::IngestLabels;
use hub_server::{Chassis, IngestError};

use crate::answers::Answered;
use crate::reads::AutotraderReads;
use crate::state::State;

/// The kind of commands in metrics and in logged rejections.
pub(crate) const KIND: &str = "auto-trader";

/// The one door for commands: REST, the demo feed. Cheap to clone.
#[derive(Clone)]
pub struct Desk {
    pub(crate) chassis: Arc<Chassis>,
    reads: AutotraderReads,
}

/// Why a command has no answer.
#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error)]
pub enum CommandError {
    /// It was refused, and changed nothing: `sessionId` or `tradeId` is at
    /// fault where there is no such session or trade.
    #[error("{0}")]
    Refused(Rejection),
    /// It was not taken in, or it is not known what it led to.
    #[error(transparent)]
    Ingest(#[from] IngestError),
    /// It was done, but so many came after it that its answer is gone.
    #[error("the command was done, but so many came after it that its answer is gone")]
    Forgotten,
}

impl Desk {
    /// A desk whose commands go into this chassis's log.
    pub fn new(chassis: Arc<Chassis>, reads: AutotraderReads) -> Desk {
        Desk { chassis, reads }
    }

    /// The state as of the last batch: whoever was answered finds in it what
    /// the command led to.
    pub fn current(&self) -> Arc<State> {
        self.reads.current()
    }

    /// What the command led to, once its record is committed and applied; one
    /// that came before with the same `request_id` is answered as it was then.
    pub async fn command(&self, request: TradingRequest) -> Result<Arc<Answered>, CommandError> {
        self.take(Event::Trading(request)).await
    }

    /// The same for what may be no command at all, but is to be logged.
    pub(crate) async fn take(&self, event: Event) -> Result<Arc<Answered>, CommandError> {
        let (offset, outcome) = self.submit(event).await?;
        let labels = IngestLabels { kind: KIND, status: outcome.status() };
        self.chassis.metrics.ingest.get_or_create(&labels).inc();
        match outcome {
            Outcome::Rejected(rejection) => Err(CommandError::Refused(rejection)),
            Outcome::Accepted | Outcome::Duplicate | Outcome::Stale => {
                self.current().answer(offset).cloned().ok_or(CommandError::Forgotten)
            }
        }
    }

    async fn submit(&self, event: Event) -> Result<(Offset, Outcome), CommandError> {
        if self.chassis.readiness.is_draining() {
            return Err(IngestError::Draining.into());
        }
        let claim = self.chassis.outcomes.claim();
        let appended = self.chassis.log.append(vec![Entry::from(event)]).await.map_err(IngestError::from)?;
        let outcomes = claim.outcomes(&appended.offsets).await.map_err(IngestError::from)?;
        appended.offsets.into_iter().zip(outcomes).next().ok_or(CommandError::Forgotten)
    }
}
