//! The log, as requests read it again.

use std::sync::Arc;

use hub_log::{EventLog, LogError};
use tokio::sync::Semaphore;
use tokio::task::spawn_blocking;

/// Requests that read at a time, over all workers: reading costs time and what is read memory, and subscribers need
/// neither.
const READERS_MAX: usize = 2;

/// Reads the log for requests, apart from their workers: reading blocks.
pub struct LogReader {
    log: Arc<dyn EventLog>,
    permits: Arc<Semaphore>,
}

impl LogReader {
    /// A reader of this log.
    pub fn new(log: Arc<dyn EventLog>) -> LogReader {
        LogReader { log, permits: Arc::new(Semaphore::new(READERS_MAX)) }
    }

    /// Has `read` do its reading, once its turn has come; [`LogError::Lost`] if it panics.
    pub async fn read<T: Send + 'static>(
        &self,
        read: impl FnOnce(&dyn EventLog) -> Result<T, LogError> + Send + 'static,
    ) -> Result<T, LogError> {
        let permit = Arc::clone(&self.permits).acquire_owned().await.map_err(|_| LogError::Closed)?;
        let log = Arc::clone(&self.log);
        let reading = spawn_blocking(move || {
            let result = read(&*log);
            // Also where the one who asked is gone: it reads until it is done.
            drop(permit);
            result
        });
        reading.await.unwrap_or(Err(LogError::Lost))
    }
}
