//! The desk: commands are taken in here, whoever brings them: logged, applied, then answered.

use std::sync::Arc;

use hub_core::event::Provenance;
use hub_core::event::trading::{KIND, TradingRequest};
use hub_core::normalize::BodyError;
use hub_core::{Event, Outcome, Rejection};
use hub_fanout::Snapshot;
use hub_server::{Ingest, IngestError, Ingesting};

use crate::answers::CompletedCommand;
use crate::reads::AutotraderReads;
use crate::state::State;

/// The desk for commands: REST, the demo feed. Cheap to clone.
#[derive(Clone)]
pub struct Desk {
    ingest: Ingest,
    reads: AutotraderReads,
}

/// Reason why a command has no answer.
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
    /// Opens a desk whose commands go in by this door.
    pub fn new(ingest: Ingest, reads: AutotraderReads) -> Desk {
        Desk { ingest, reads }
    }

    /// The state as of the last batch: whoever was answered finds in it what
    /// the command led to.
    pub fn settled(&self) -> Snapshot<State> {
        self.reads.settled()
    }

    /// Takes a command in and gives what it led to, once its record is committed and applied; one
    /// that came before with the same `request_id` is answered as it was then.
    pub async fn command(&self, request: TradingRequest) -> Result<Arc<CompletedCommand>, CommandError> {
        self.take(Event::Trading(request)).await
    }

    /// The same for what may be no command at all, but is to be logged.
    pub(crate) async fn take(&self, event: Event) -> Result<Arc<CompletedCommand>, CommandError> {
        self.answer(self.ingest.append(vec![event])?).await
    }

    /// Takes in a body that is no command: it is refused by the error when its record is applied.
    pub(crate) async fn take_unreadable(
        &self,
        error: BodyError,
        body: &[u8],
        way: &Provenance<'_>,
    ) -> Result<Arc<CompletedCommand>, CommandError> {
        self.answer(self.ingest.append_unreadable(KIND, error, body, way)?).await
    }

    async fn answer(&self, ingesting: Ingesting) -> Result<Arc<CompletedCommand>, CommandError> {
        let ingested = ingesting.applied().await?;
        match ingested.verdicts.into_iter().next().map(|(offset, verdict)| (offset, verdict.outcome)) {
            Some((_, Outcome::Rejected(rejection))) => Err(CommandError::Refused(rejection)),
            Some((offset, Outcome::Accepted | Outcome::Duplicate | Outcome::Stale)) => {
                self.settled().answer(offset).cloned().ok_or(CommandError::Forgotten)
            }
            None => Err(CommandError::Forgotten),
        }
    }
}
