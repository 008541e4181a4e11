//! The moment at which a wait ends.

use std::time::{Duration, Instant};

use crate::Error;

/// Time for which anything is awaited when a test doesn't say.
pub const DEFAULT_DEADLINE: Duration = Duration::from_secs(10);

/// One wait: it may take several reads, and they share the time.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Deadline {
    started: Instant,
    length: Duration,
}

impl Deadline {
    pub(crate) fn within(length: Duration) -> Self {
        Self { started: Instant::now(), length }
    }

    /// Time that is left; `None` when it has passed, never zero (which no socket takes for a timeout).
    pub(crate) fn remaining(self) -> Option<Duration> {
        self.length.checked_sub(self.started.elapsed()).filter(|left| !left.is_zero())
    }

    /// The error of a wait that came to nothing.
    pub(crate) fn missed(self, awaited: &str, got: String) -> Error {
        Error::Deadline { awaited: awaited.to_owned(), waited: self.length, got }
    }
}
