//! Entries for a log, and the answer that comes back.

use std::fmt;
use std::pin::Pin;
use std::task::{Context, Poll};

use hub_core::{Event, Offset, Timestamp};
use tokio::sync::oneshot;

use crate::LogError;

/// One event to append.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Entry {
    /// Event to be logged.
    pub event: Event,
    /// An entry whose key the log holds already is not appended again; its
    /// existing offset is returned. Keys serve only ticks and the retries of
    /// one append: idempotency of the domain lives in the projections.
    pub key: Option<String>,
    /// Members of the event's item that nobody reads, as a JSON object, to be kept beside it.
    pub extras: Option<String>,
}

impl From<Event> for Entry {
    /// An entry of the event alone.
    fn from(event: Event) -> Entry {
        Entry { event, key: None, extras: None }
    }
}

/// An append that is durable.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Appended {
    /// One offset per entry, in the order of the entries.
    pub offsets: Vec<Offset>,
    /// The `at` of the records that this append wrote. If it wrote none
    /// because its keys were there already, the `at` of the last of those
    /// records: a retry gets the first attempt's answer. If there was nothing
    /// to write at all (a tick in a marked second, no entries), the `at` of
    /// the log's last record.
    pub at: Timestamp,
}

/// The answer to an append, once it is there: await it, or [`wait`] for it.
///
/// The append itself is under way whether or not anybody asks for the answer.
///
/// [`wait`]: Append::wait
#[must_use = "the answer says whether the append was kept"]
pub struct Append(State);

enum State {
    Ready(std::future::Ready<Result<Appended, LogError>>),
    Pending(oneshot::Receiver<Result<Appended, LogError>>),
}

impl Append {
    /// An answer that is there already.
    pub fn ready(answer: Result<Appended, LogError>) -> Append {
        Append(State::Ready(std::future::ready(answer)))
    }

    /// An answer to come, and where to send it. A sender that is dropped
    /// without an answer resolves the append to [`LogError::Lost`].
    pub fn pending() -> (oneshot::Sender<Result<Appended, LogError>>, Append) {
        let (sender, receiver) = oneshot::channel();
        (sender, Append(State::Pending(receiver)))
    }

    /// Blocks until the answer is there.
    ///
    /// # Panics
    /// On a thread that runs asynchronous tasks: there, await it.
    pub fn wait(self) -> Result<Appended, LogError> {
        match self.0 {
            State::Ready(answer) => answer.into_inner(),
            State::Pending(receiver) => receiver.blocking_recv().unwrap_or(Err(LogError::Lost)),
        }
    }
}

impl Future for Append {
    type Output = Result<Appended, LogError>;

    fn poll(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Self::Output> {
        match &mut self.0 {
            State::Ready(answer) => Pin::new(answer).poll(context),
            State::Pending(receiver) => {
                Pin::new(receiver).poll(context).map(|answer| answer.unwrap_or(Err(LogError::Lost)))
            }
        }
    }
}

impl fmt::Debug for Append {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Append").finish_non_exhaustive()
    }
}
