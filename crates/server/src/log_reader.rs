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

#[cfg(test)]
mod tests {
    use std::sync::mpsc;

    use futures_util::FutureExt as _;
    use hub_core::Offset;
    use hub_log::{EmbeddedLog, Options};

    use super::*;

    fn reader(directory: &tempfile::TempDir) -> LogReader {
        LogReader::new(Arc::new(EmbeddedLog::open(&directory.path().join("hub.db"), Options::new()).unwrap()))
    }

    #[tokio::test]
    async fn a_worker_goes_on_while_the_log_is_read_by_a_few_at_a_time() {
        let directory = tempfile::tempdir().unwrap();
        let reader = reader(&directory);
        reader.log.tick().await.unwrap();
        let (go, waits) = mpsc::channel::<()>();
        let waits = Arc::new(std::sync::Mutex::new(waits));
        let mut reading: Vec<_> = (0..READERS_MAX)
            .map(|_| {
                let waits = Arc::clone(&waits);
                Box::pin(reader.read(move |log| {
                    waits.lock().unwrap().recv().unwrap();
                    log.record(Offset(1))
                }))
            })
            .collect();
        for reading in &mut reading {
            assert!(reading.as_mut().now_or_never().is_none());
        }
        let mut late = Box::pin(reader.read(|log| log.record(Offset(2))));
        assert!(late.as_mut().now_or_never().is_none());
        assert_eq!(reader.permits.available_permits(), 0, "the late one has its turn to come");
        // This thread is free to say so: it is not the one that reads.
        (0..READERS_MAX).for_each(|_| go.send(()).unwrap());
        for reading in reading {
            assert_eq!(reading.await.unwrap().offset, Offset(1));
        }
        assert_eq!(late.await, Err(LogError::Absent { offset: Offset(2) }));
        assert_eq!(reader.permits.available_permits(), READERS_MAX);
    }

    #[tokio::test]
    async fn one_that_panics_gives_its_turn_back() {
        let directory = tempfile::tempdir().unwrap();
        let reader = reader(&directory);
        let read = reader.read(|_| -> Result<(), LogError> { panic!("a bug") });
        assert_eq!(read.await, Err(LogError::Lost));
        assert_eq!(reader.permits.available_permits(), READERS_MAX);
        assert_eq!(reader.read(|log| Ok(log.head())).await, Ok(Offset::START));
    }
}
