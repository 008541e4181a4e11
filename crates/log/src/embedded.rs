//! The embedded log: one SQLite file, one writer thread.
//!
//! ```text
//! append -> queue -> writer (group commit) -> published -> tails
//!                       |                        ^
//!                     store ----- file ----- reader (for whoever lags)
//! ```
//!
//! Callers encode their events and queue them. The writer takes everything
//! that waits, within bounds, commits it as one transaction with one fsync,
//! publishes the records and only then acknowledges. A tail that keeps up is
//! served from the published ring and never decodes from the file.

mod block;
mod chain;
mod file;
mod lock;
mod published;
mod queue;
mod reader;
mod ring;
mod schema;
mod store;
mod tail;
mod view;
mod wal;
mod work;
mod writer;

use std::fmt;
use std::path::Path;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::thread::{self, JoinHandle};

use hub_core::{Epoch, Offset, Record};

use crate::{Append, Entry, EventLog, LogError, Options, Tail};
use file::LogFile;
use published::{Found, Published};
use queue::Queue;
pub use reader::KeptRecord;
use reader::Reader;
use store::Store;
use tail::EmbeddedTail;
pub use view::LogView;
use work::Work;
use writer::Writer;

/// The event log in one SQLite file.
///
/// Beyond the contract of [`EventLog`]: offsets have no holes, and keys are
/// remembered for ever. Dropping the log closes it.
pub struct EmbeddedLog {
    epoch: Epoch,
    queue: Arc<Queue>,
    published: Arc<Published>,
    reader: Arc<Reader>,
    writer: Mutex<WriterState>,
}

enum WriterState {
    Running(JoinHandle<Result<(), LogError>>),
    Ended(Result<(), LogError>),
}

impl EmbeddedLog {
    /// Opens the log at `path`, or creates it and the directories above it.
    ///
    /// Beside it lie `<path>.lock`, held as long as the log is open, and
    /// SQLite's `<path>-wal` and `<path>-shm`.
    ///
    /// # Errors
    /// [`LogError::Locked`], [`LogError::NotALog`], [`LogError::Newer`], and
    /// [`LogError::Open`] for everything else, all naming the path.
    pub fn open(path: &Path, options: Options) -> Result<EmbeddedLog, LogError> {
        let file = LogFile::prepare(path)?;
        let (store, identity) = Store::open(&file, &options)?;
        let (epoch, head) = (identity.epoch, store.head().offset);
        let published = Arc::new(Published::new(head, options.ring_max_records, options.ring_max_bytes));
        let queue = Arc::new(Queue::new(&options));
        let reader = Arc::new(Reader::new(file.path.clone(), identity));
        tracing::info!(log = %file, %epoch, %head, "event log opened");
        let name = file.to_string();
        let writer = Writer::new(file, store, Arc::clone(&queue), Arc::clone(&published), options);
        let writer = thread::Builder::new()
            .name("log-writer".to_owned())
            .spawn(move || writer.run())
            .map_err(|error| LogError::Open { log: name, cause: error.to_string() })?;
        let writer = Mutex::new(WriterState::Running(writer));
        Ok(EmbeddedLog { epoch, queue, published, reader, writer })
    }

    fn push(&self, work: Result<Work, LogError>) -> Append {
        match work {
            Ok(work) => self.queue.push(work),
            Err(error) => Append::ready(Err(error)),
        }
    }
}

impl EventLog for EmbeddedLog {
    fn epoch(&self) -> Epoch {
        self.epoch
    }

    fn head(&self) -> Offset {
        self.published.head()
    }

    fn append(&self, entries: Vec<Entry>) -> Append {
        self.push(Work::encode(entries))
    }

    fn tick(&self) -> Append {
        self.push(Work::tick())
    }

    fn read(&self, after: Offset, max_records: usize) -> Result<Vec<Arc<Record>>, LogError> {
        match self.published.after(after, max_records) {
            Found::Recent(records) => Ok(records),
            Found::Older { head } => self.reader.read(after, head, max_records),
        }
    }

    fn tail(&self, after: Offset) -> Box<dyn Tail> {
        Box::new(EmbeddedTail::new(Arc::clone(&self.published), Arc::clone(&self.reader), after))
    }

    fn close(&self) -> Result<(), LogError> {
        let mut writer = lock(&self.writer);
        self.queue.close();
        // So that the writer's connection is the last one, and SQLite removes
        // its files beside the log. A tail that still lags opens it again.
        self.reader.disconnect();
        let ended = match std::mem::replace(&mut *writer, WriterState::Ended(Ok(()))) {
            WriterState::Running(thread) => thread.join().unwrap_or(Err(LogError::Lost)),
            WriterState::Ended(result) => result,
        };
        *writer = WriterState::Ended(ended.clone());
        ended
    }
}

impl Drop for EmbeddedLog {
    fn drop(&mut self) {
        // Whoever wants to know calls `close`; the writer has logged it.
        let _ = self.close();
    }
}

impl fmt::Debug for EmbeddedLog {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("EmbeddedLog")
            .field("epoch", &self.epoch)
            .field("head", &self.head())
            .finish_non_exhaustive()
    }
}

/// Nothing in this crate leaves what a mutex guards half changed, so a panic
/// elsewhere is no reason to fail here.
fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
