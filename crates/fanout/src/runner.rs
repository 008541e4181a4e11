//! The one thread that applies the log's records and publishes what changed.

mod ahead;

use std::mem;
use std::sync::Arc;
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant};

use hub_core::{Event, Offset, Record, Settings, Timestamp};
use hub_log::{EventLog, LogError, Tail};
use tokio::sync::watch;

use self::ahead::{Batch, ReadAhead};
use crate::outcomes::Outcomes;
use crate::projection::{FeedItem, Projection, Step};
use crate::publisher::Publisher;
use crate::state_machine::StateMachine;

/// Records applied before callers are told and readers see them.
const BATCH_MAX: usize = 4096;

/// Time that the runner sleeps when nothing happens and nothing is due.
const IDLE: Duration = Duration::from_secs(1);

/// The phases of a runner's life.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum RunnerState {
    /// Catching up with what the log held at start.
    Replaying,
    /// Applying records as they come.
    Live,
    /// The log was closed and everything in it has been applied and published.
    Finished,
    /// It can't go on; the hub must stop rather than serve stale state.
    Failed(String),
}

/// The runner's word to the outside.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Progress {
    /// Its phase.
    pub state: RunnerState,
    /// The settings last seen in the log.
    pub settings: Option<Settings>,
}

/// Everything the runner needs.
pub struct Runner {
    /// The source of records.
    pub log: Arc<dyn EventLog>,
    /// Projections, in the order in which each sees a record.
    pub projections: Vec<Box<dyn Projection>>,
    /// The way of flushes and feed items.
    pub publisher: Publisher,
    /// The way of outcomes.
    pub outcomes: Outcomes,
    /// The least time between two flushes.
    pub flush_interval: Duration,
}

/// A runner at work. It ends when its log is closed.
pub struct RunnerHandle {
    /// Its progress; closed when the thread is gone.
    pub progress: watch::Receiver<Progress>,
    thread: JoinHandle<()>,
}

impl RunnerHandle {
    /// Waits for the thread; only after the log was closed.
    pub fn join(self) {
        if self.thread.join().is_err() {
            tracing::error!("the runner panicked");
        }
    }
}

impl Runner {
    /// Starts the thread.
    pub fn spawn(self) -> std::io::Result<RunnerHandle> {
        let (sender, progress) = watch::channel(Progress { state: RunnerState::Replaying, settings: None });
        // Whatever is appended from here on is not replayed: its callers wait for it.
        let replay_until = self.log.head();
        let tail = self.log.tail(Offset::START);
        let source = if replay_until > Offset::START {
            Source::Ahead(ReadAhead::spawn(tail, replay_until, BATCH_MAX)?)
        } else {
            Source::Tail(tail)
        };
        let thread = thread::Builder::new().name("runner".into()).spawn(move || {
            let outcomes = self.outcomes.clone();
            let _guard = StopGuard { outcomes, sender: sender.clone() };
            let mut work = Work::new(self, source, replay_until, sender);
            let end = match work.run() {
                Ok(()) => RunnerState::Finished,
                Err(error) => RunnerState::Failed(error.to_string()),
            };
            work.progress.send_modify(|progress| progress.state = end);
        })?;
        Ok(RunnerHandle { progress, thread })
    }
}

/// However the thread ends, nobody waits for it for ever.
struct StopGuard {
    outcomes: Outcomes,
    sender: watch::Sender<Progress>,
}

impl Drop for StopGuard {
    fn drop(&mut self) {
        self.outcomes.stop();
        if thread::panicking() {
            let state = RunnerState::Failed("a projection panicked".into());
            self.sender.send_modify(|progress| progress.state = state);
        }
    }
}

/// The way of records.
enum Source {
    /// While the log is replayed.
    Ahead(ReadAhead),
    Tail(Box<dyn Tail>),
    /// Between the two.
    None,
}

struct Work {
    source: Source,
    machine: StateMachine,
    /// Of one record after the other.
    step: Step,
    publisher: Publisher,
    outcomes: Outcomes,
    flush_interval: Duration,
    progress: watch::Sender<Progress>,
    /// The head of the log at start: live once it has been applied.
    replay_until: Offset,
    /// Time at which the oldest record that is applied and not yet published was taken in.
    unpublished_since: Option<Timestamp>,
    last_flush: Option<Instant>,
}

impl Work {
    fn new(runner: Runner, source: Source, replay_until: Offset, progress: watch::Sender<Progress>) -> Work {
        let Runner { log, projections, publisher, outcomes, flush_interval } = runner;
        Work {
            source,
            replay_until,
            machine: StateMachine::new(log.epoch(), projections),
            step: Step::default(),
            publisher,
            outcomes,
            flush_interval,
            progress,
            unpublished_since: None,
            last_flush: None,
        }
    }

    fn run(&mut self) -> Result<(), LogError> {
        loop {
            self.go_live_if_caught_up();
            match self.next_batch() {
                Ok(batch) => {
                    self.apply(&batch);
                    if let Source::Ahead(ahead) = &self.source {
                        ahead.give_back(batch);
                    }
                }
                Err(LogError::Closed) => {
                    self.machine.settle();
                    self.flush();
                    return Ok(());
                }
                Err(error) => return Err(error),
            }
            if self.unpublished_since.is_some() && self.until_flush().is_zero() {
                self.flush();
            }
        }
    }

    /// The next records; none when a flush is due before there are any.
    fn next_batch(&mut self) -> Result<Batch, LogError> {
        if let Source::Ahead(ahead) = &self.source {
            if let Some(batch) = ahead.next() {
                return batch;
            }
            if let Source::Ahead(ahead) = mem::replace(&mut self.source, Source::None) {
                self.source = Source::Tail(ahead.into_tail());
            }
        }
        let timeout = self.until_flush();
        match &mut self.source {
            Source::Tail(tail) => tail.next(BATCH_MAX, timeout),
            Source::Ahead(_) | Source::None => Ok(Batch::new()),
        }
    }

    fn apply(&mut self, batch: &[Arc<Record>]) {
        let (mut notable, mut items) = (Vec::new(), Vec::new());
        for record in batch {
            let (verdict, of_record) = self.apply_one(record).take();
            items.extend(of_record.map(|item| (record.offset, item)));
            if !verdict.is_plain() {
                notable.push((record.offset, verdict));
            }
        }
        if let Some(last) = batch.last() {
            // Nobody reads what is still being replayed, and showing it costs.
            if self.is_live() || last.offset >= self.replay_until {
                self.machine.settle();
            }
            self.emit(items);
            self.outcomes.release(last.offset, notable);
        }
    }

    /// Items of feeds don't wait for the next flush.
    fn emit(&self, items: Vec<(Offset, FeedItem)>) {
        if !items.is_empty() {
            self.publisher.feed(items, self.is_live());
        }
    }

    fn apply_one(&mut self, record: &Record) -> &mut Step {
        self.machine.apply(record, &mut self.step);
        self.unpublished_since.get_or_insert(self.machine.applied().at);
        if let Event::Settings(settings) = &record.event {
            self.progress.send_modify(|progress| progress.settings = Some(settings.clone()));
        }
        &mut self.step
    }

    /// Zero when a flush is due. The first change after a quiet time is
    /// published at once, the next ones a flush interval later.
    fn until_flush(&self) -> Duration {
        if self.unpublished_since.is_none() || !self.is_live() {
            return IDLE;
        }
        let since_last = self.last_flush.map_or(Duration::MAX, |last| last.elapsed());
        self.flush_interval.saturating_sub(since_last)
    }

    fn flush(&mut self) {
        let oldest = self.unpublished_since.take().filter(|_| self.is_live());
        self.publisher.flush(&Arc::new(self.machine.flush(oldest)));
        self.last_flush = Some(Instant::now());
    }

    /// The first flush covers whatever was applied in the replay, so that a
    /// subscriber of the first moment gets a whole snapshot. Even of an empty
    /// log readers see which log it is.
    fn go_live_if_caught_up(&mut self) {
        if !self.is_live() && self.machine.applied().position.offset >= self.replay_until {
            self.machine.settle();
            self.publisher.feed_windows();
            self.flush();
            self.progress.send_modify(|progress| progress.state = RunnerState::Live);
        }
    }

    fn is_live(&self) -> bool {
        self.last_flush.is_some()
    }
}
