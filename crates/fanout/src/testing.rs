//! A driver of projections for tests and benchmarks (feature `testing`): takes
//! them through records as the runner does, by the same code, without a log, a
//! thread or a clock.

pub mod walks;

use std::fmt::Write as _;
use std::fs;
use std::path::Path;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use hub_core::{Derived, Epoch, Event, Offset, Outcome, Position, Record, Timestamp, Warning};

use serde::de::{DeserializeSeed as _, Error as _};

use crate::flush::{Flush, FlushBuilder};
use crate::projection::{Applied, FeedItem, Projection, Step};
use crate::state_machine::StateMachine;
use crate::walk::{self, Remembered, WalkError, Walked};

/// Projections in their order, fed by hand.
///
/// Nothing is settled or flushed unless a test says so: where batches end is
/// its business.
pub struct Driver {
    machine: StateMachine,
    step: Step,
    derived: Facts,
    items: Vec<FeedItem>,
    warnings: Vec<Warning>,
    /// The last record applied. A test may leave out offsets.
    pub offset: u64,
    /// The time of the next record that is [sent](Driver::send), in
    /// milliseconds since 1970.
    pub millis: i64,
}

/// A fact that was handed on: at which record, at which boundary or time.
pub type Handed = (Offset, Timestamp, Derived);

/// Consequences of a record.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Told {
    /// Its outcome.
    pub outcome: Outcome,
    /// Hints for its sender.
    pub warnings: Vec<Warning>,
    /// Items for feeds, its boundaries' included.
    pub items: Vec<FeedItem>,
    /// Facts that were handed on.
    pub derived: Vec<Handed>,
}

impl Driver {
    /// Projections before the first record of a log of epoch 1, where log time
    /// begins at `millis`.
    pub fn new(millis: i64, projections: Vec<Box<dyn Projection>>) -> Driver {
        Driver::of_epoch(Epoch(1), millis, projections)
    }

    /// Projections before the first record of a log of this epoch.
    pub fn of_epoch(epoch: Epoch, millis: i64, mut projections: Vec<Box<dyn Projection>>) -> Driver {
        let derived = Facts::default();
        projections.push(Box::new(Recorder { facts: derived.clone(), now: Timestamp::default() }));
        let machine = StateMachine::new(epoch, projections);
        Driver {
            machine,
            step: Step::default(),
            derived,
            items: Vec::new(),
            warnings: Vec::new(),
            offset: 0,
            millis,
        }
    }

    /// The time of the next record.
    ///
    /// # Panics
    ///
    /// If it is before 1970 or after 9999.
    pub fn now(&self) -> Timestamp {
        Timestamp::from_millis(self.millis).expect("a time that can be represented")
    }

    /// The position of the last record applied.
    pub fn position(&self) -> Position {
        self.machine.applied().position
    }

    /// Applies the next record, at the time it is now.
    pub fn send(&mut self, event: Event) -> Outcome {
        let record = Record { offset: Offset(self.offset + 1), at: self.now(), event };
        self.apply(&record)
    }

    /// Time passes, and a tick finds that it has.
    pub fn pass(&mut self, millis: i64) {
        self.millis += millis;
        self.send(Event::Tick);
    }

    /// Applies a record; from here on it is that late.
    pub fn apply(&mut self, record: &Record) -> Outcome {
        (self.offset, self.millis) = (record.offset.0, record.at.millis());
        self.machine.apply(record, &mut self.step);
        let (verdict, items) = self.step.take();
        self.items.clear();
        self.items.extend(items);
        self.warnings = verdict.warnings;
        verdict.outcome
    }

    /// Applies a record; all that whoever sent it and whoever follows a feed is told, and what is handed on.
    pub fn tell(&mut self, record: &Record) -> Told {
        let before = self.derived.lock().len();
        let outcome = self.apply(record);
        let derived = self.derived.lock()[before..].to_vec();
        Told { outcome, warnings: self.warnings.clone(), items: self.items.clone(), derived }
    }

    /// Hints for the sender of the last record.
    pub fn warnings(&self) -> &[Warning] {
        &self.warnings
    }

    /// Items that the last record led to, its boundaries included, in order.
    pub fn items(&self) -> &[FeedItem] {
        &self.items
    }

    /// Facts that were handed on so far, in order.
    pub fn derived(&self) -> Vec<Handed> {
        self.derived.lock().clone()
    }

    /// A batch ends: readers see what was applied.
    pub fn settle(&mut self) {
        self.machine.settle();
    }

    /// All that is remembered, as bytes: those of every driver that has applied the same.
    ///
    /// # Panics
    ///
    /// If a projection can't write what it remembers.
    pub fn walk(&self) -> Vec<u8> {
        rmp_serde::to_vec(&self.machine).expect("what is remembered can be written")
    }

    /// Checks that `service` walks what was applied as it did when its form got its number: as the file in `directory`
    /// has it that is named by the form. Where there is none, `UPDATE_GOLDEN=1` writes it.
    ///
    /// # Panics
    ///
    /// If it walks in another way: whoever restores an older walk takes it for something else.
    pub fn check_form(&self, service: &str, directory: &Path) {
        let walk = self.walk();
        let named = format!("{service}/");
        let start = walk.windows(named.len()).position(|at| at == named.as_bytes()).expect("it has a form");
        let number = walk[start + named.len()..].iter().take_while(|byte| byte.is_ascii_digit());
        let number: String = number.map(|byte| char::from(*byte)).collect();
        let path = directory.join(format!("{service}-{number}.hex"));
        let mut text = String::new();
        for line in walk.chunks(50) {
            for byte in line {
                write!(text, "{byte:02x}").expect("there is memory");
            }
            text.push('\n');
        }
        if !path.exists() && std::env::var_os("UPDATE_GOLDEN").is_some() {
            fs::write(&path, &text).expect("the directory can be written to");
        }
        let golden = fs::read_to_string(&path).unwrap_or_default();
        assert!(
            golden == text,
            "{service} is not walked as {} has it: raise the number of its FORM, and write the new file with UPDATE_GOLDEN=1",
            path.display()
        );
    }

    /// Takes projections that have applied nothing to where others were walked, and settles there. After an error they
    /// are not to be used.
    pub fn restore(&mut self, walk: &[u8]) -> Result<(), rmp_serde::decode::Error> {
        let mut rest = walk;
        self.machine.deserialize(&mut rmp_serde::Deserializer::new(&mut rest))?;
        if !rest.is_empty() {
            return Err(rmp_serde::decode::Error::custom("there is more behind it"));
        }
        let Applied { position, at } = self.machine.applied();
        (self.offset, self.millis) = (position.offset.0, self.millis.max(at.millis()));
        Ok(())
    }

    /// A batch ends and is published: all state topics.
    pub fn flush(&mut self) -> Flush {
        self.machine.settle();
        self.machine.flush(None)
    }
}

#[derive(Clone, Default)]
struct Facts(Arc<Mutex<Vec<Handed>>>);

impl Facts {
    fn lock(&self) -> MutexGuard<'_, Vec<Handed>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// The last projection: sees what all others handed on.
struct Recorder {
    facts: Facts,
    now: Timestamp,
}

impl Recorder {
    fn record(&self, offset: Offset, step: &Step) {
        if step.derived().is_empty() {
            return;
        }
        let handed = step.derived().iter().map(|fact| (offset, self.now, fact.clone()));
        self.facts.lock().extend(handed);
    }
}

impl Projection for Recorder {
    fn advance(&mut self, now: Timestamp, offset: Offset, step: &mut Step) {
        self.now = now;
        self.record(offset, step);
    }

    fn apply(&mut self, record: &Record, step: &mut Step) {
        self.record(record.offset, step);
    }

    fn settle(&mut self, _: Applied) {}

    fn flush(&mut self, _: &mut FlushBuilder) {}

    fn remembered(&self) -> Remembered<'_> {
        Remembered::nothing("recorder/1")
    }

    fn restore(&mut self, from: Walked<'_, '_>) -> Result<(), WalkError> {
        walk::read(from)
    }
}
