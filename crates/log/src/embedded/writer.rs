//! The one thread that writes.

use std::sync::Arc;
use std::time::Instant;

use hub_core::trouble::{Extent, Trouble};

use super::file::LogFile;
use super::published::Published;
use super::queue::{Queue, Queued};
use super::store::{Store, Written};
use crate::{Clock, CommitStats, LogError, Options};

/// Takes groups from the queue, makes them durable, publishes them, answers.
pub(super) struct Writer {
    store: Store,
    queue: Arc<Queue>,
    published: Arc<Published>,
    clock: Clock,
    on_commit: Option<Arc<dyn Fn(CommitStats) + Send + Sync>>,
    full: Trouble,
    /// Held until the store is closed.
    file: LogFile,
}

impl Writer {
    pub(super) fn new(
        file: LogFile,
        store: Store,
        queue: Arc<Queue>,
        published: Arc<Published>,
        options: Options,
    ) -> Writer {
        Writer {
            store,
            queue,
            published,
            clock: options.clock,
            on_commit: options.on_commit,
            full: Trouble::default(),
            file,
        }
    }

    /// Runs until the queue is closed and empty, or until the storage fails.
    pub(super) fn run(mut self) -> Result<(), LogError> {
        let mut end = End {
            queue: Arc::clone(&self.queue),
            published: Arc::clone(&self.published),
            reason: LogError::Storage { log: self.file.to_string(), cause: "its writer panicked".to_owned() },
        };
        let result = self.write_groups();
        end.reason = result.clone().err().unwrap_or(LogError::Closed);
        drop(end);
        match result {
            Ok(()) => self.store.close(),
            Err(error) => {
                tracing::error!(%error, "event log failed");
                Err(error)
            }
        }
    }

    fn write_groups(&mut self) -> Result<(), LogError> {
        while let Some(group) = self.queue.take() {
            self.write(group)?;
            self.store.checkpoint_if_due()?;
        }
        Ok(())
    }

    /// Writes one group. An error that the log survives goes to the callers
    /// only.
    fn write(&mut self, group: Vec<Queued>) -> Result<(), LogError> {
        let begun = Instant::now();
        let (works, callers): (Vec<_>, Vec<_>) =
            group.into_iter().map(|queued| (queued.work, queued.caller)).unzip();
        let written = self.store.append(works, &self.clock);
        self.report_space(&written);
        let written = match written {
            Ok(written) => written,
            Err(error) => {
                for caller in callers {
                    let _ = caller.send(Err(error.clone()));
                }
                return if matches!(error, LogError::Storage { .. }) { Err(error) } else { Ok(()) };
            }
        };
        let Written { appended, committed, bytes, .. } = written;
        let duration = begun.elapsed();
        if let Some(on_commit) = &self.on_commit
            && !committed.is_empty()
        {
            on_commit(CommitStats { records: committed.len(), bytes, duration });
        }
        self.published.publish(committed);
        for (caller, appended) in callers.into_iter().zip(appended) {
            // A caller that went away doesn't want to know.
            let _ = caller.send(Ok(appended));
        }
        Ok(())
    }

    /// Says that the disk is full, and that it no longer is.
    fn report_space(&mut self, written: &Result<Written, LogError>) {
        match written {
            Err(LogError::Full { log }) => {
                if let Some(times) = self.full.again(Instant::now()) {
                    tracing::error!(log, times, "no space is left, appends are refused");
                }
            }
            Ok(_) => {
                if let Some(Extent { times, lasted }) = self.full.over(Instant::now()) {
                    tracing::info!(log = %self.file, times, ?lasted, "there is space again");
                }
            }
            Err(_) => {}
        }
    }
}

/// However the writer ends, whoever waits is told.
struct End {
    queue: Arc<Queue>,
    published: Arc<Published>,
    reason: LogError,
}

impl Drop for End {
    fn drop(&mut self) {
        self.queue.end(&self.reason);
        self.published.end(&self.reason);
    }
}
