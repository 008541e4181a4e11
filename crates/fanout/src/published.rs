//! The state of a service as the outside reads it.
//!
//! One thread, the runner's, puts states out; any thread reads them, without
//! waiting, and however long it holds one it never holds up `apply`. How a
//! state is kept and shared is nobody's business but this file's.

use std::collections::VecDeque;
use std::fmt;
use std::ops::Deref;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use arc_swap::ArcSwap;
use hub_core::{Expired, Position};

use crate::projection::Applied;

/// A value as it was when it was read: it does not change, and costs nothing
/// to hand on.
pub struct Snapshot<T>(Arc<T>);

/// A value that is replaced as a whole, and read without waiting.
pub struct Latest<T>(ArcSwap<T>);

/// A service's end of its published state: moves what readers see.
pub struct StateWriter<S> {
    published: Arc<Published<S>>,
    /// For so long of log time, in milliseconds, a flush's state can be read by its position; 0: not at all.
    keep_millis: i64,
    keep_bytes: usize,
}

/// The way to a service's published state. Cheap to clone.
pub struct StateReader<S>(Arc<Published<S>>);

struct Published<S> {
    settled: Latest<S>,
    flushed: Latest<S>,
    kept: Mutex<Kept<S>>,
}

/// States of flushes that are kept.
struct Kept<S> {
    /// The oldest first.
    states: VecDeque<KeptState<S>>,
    bytes: usize,
}

struct KeptState<S> {
    applied: Applied,
    state: Arc<S>,
    /// Memory that nothing but this state holds, as far as it is told.
    bytes: usize,
}

/// The two ends of a published state, which begins as `start`.
pub fn published<S>(start: S) -> (StateWriter<S>, StateReader<S>) {
    let settled = Latest::new(start);
    let flushed = Latest(ArcSwap::new(settled.0.load_full()));
    let kept = Mutex::new(Kept { states: VecDeque::new(), bytes: 0 });
    let published = Arc::new(Published { settled, flushed, kept });
    let writer = StateWriter { published: Arc::clone(&published), keep_millis: 0, keep_bytes: 0 };
    (writer, StateReader(published))
}

impl<T> Latest<T> {
    /// A value to begin with.
    pub fn new(value: T) -> Latest<T> {
        Latest(ArcSwap::from_pointee(value))
    }

    /// Replaces the value; snapshots of the one before stay as they are.
    pub fn set(&self, value: T) {
        self.0.store(Arc::new(value));
    }

    /// The value as it is now.
    pub fn get(&self) -> Snapshot<T> {
        Snapshot(self.0.load_full())
    }

    /// Looks at the value as it is now, for a moment: cheaper than a snapshot.
    pub fn look<R>(&self, look: impl FnOnce(&T) -> R) -> R {
        look(&self.0.load())
    }
}

impl<S> StateWriter<S> {
    /// Puts out the state as of the end of a batch.
    pub fn settle(&mut self, state: S) {
        self.published.settled.set(state);
    }

    /// Puts out a state that goes on to be edited, as it is at the end of a batch.
    pub fn settle_from(&mut self, state: &S)
    where
        S: Clone,
    {
        self.settle(state.clone());
    }

    /// From now on the state of each flush that is [kept](StateWriter::keep) can be read by its position: for so long of
    /// log time, and as far as these bytes go.
    pub fn keep_for(&mut self, time: Duration, bytes: usize) {
        self.keep_millis = i64::try_from(time.as_millis()).unwrap_or(i64::MAX);
        self.keep_bytes = bytes;
    }

    /// Puts out what was settled last as the state of a flush, and gives it.
    pub fn flush(&mut self) -> Snapshot<S> {
        let settled = self.published.settled.get();
        self.published.flushed.0.store(Arc::clone(&settled.0));
        settled
    }

    /// Keeps the state of the flush at `applied`, to be read by its position. `bytes` of memory are held by nothing else,
    /// beside what expires by itself. Gives how many others went for want of bytes, before their time was over.
    pub fn keep(&mut self, applied: Applied, bytes: usize, state: impl FnOnce() -> S) -> usize {
        if self.keep_millis == 0 {
            return 0;
        }
        let state = KeptState { applied, state: Arc::new(state()), bytes };
        let mut kept = self.kept();
        kept.bytes += bytes;
        kept.states.push_back(state);
        let (mut over, mut early) = (Vec::new(), 0);
        while kept.states.len() > 1
            && let Some(oldest) = kept.states.front()
        {
            let is_over = applied.at.millis() - oldest.applied.at.millis() > self.keep_millis;
            if !is_over && kept.bytes <= self.keep_bytes {
                break;
            }
            early += usize::from(!is_over);
            kept.bytes -= oldest.bytes;
            over.extend(kept.states.pop_front());
        }
        // Nobody waits for what they take to go.
        drop(kept);
        drop(over);
        early
    }

    /// Memory that nothing but the states that are kept hold.
    pub fn kept_bytes(&self) -> usize {
        self.kept().bytes
    }

    fn kept(&self) -> MutexGuard<'_, Kept<S>> {
        self.published.kept.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl<S> StateReader<S> {
    /// The state as of the last batch: a caller finds in it every write that
    /// was acknowledged before.
    pub fn settled(&self) -> Snapshot<S> {
        self.0.settled.get()
    }

    /// The state as of the last flush, for sockets: everything sent between two
    /// flushes belongs to one position, and what is worked out for it is shared.
    pub fn flushed(&self) -> Snapshot<S> {
        self.0.flushed.get()
    }

    /// The state as of the flush at this position, as long as it is kept.
    pub fn at(&self, position: Position) -> Result<Snapshot<S>, Expired> {
        let Kept { states, .. } = &*self.0.kept.lock().unwrap_or_else(PoisonError::into_inner);
        let place = states.binary_search_by_key(&position.offset, |kept| kept.applied.position.offset);
        let found = place.ok().and_then(|place| states.get(place));
        let found = found.filter(|kept| kept.applied.position == position);
        found.map(|kept| Snapshot(Arc::clone(&kept.state))).ok_or(Expired)
    }

    /// Looks at the settled state for a moment: cheaper than a snapshot.
    pub fn look<R>(&self, look: impl FnOnce(&S) -> R) -> R {
        self.0.settled.look(look)
    }
}

impl<T> Deref for Snapshot<T> {
    type Target = T;

    fn deref(&self) -> &T {
        &self.0
    }
}

impl<T> Clone for Snapshot<T> {
    fn clone(&self) -> Snapshot<T> {
        Snapshot(Arc::clone(&self.0))
    }
}

impl<T: fmt::Debug> fmt::Debug for Snapshot<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

impl<S> Clone for StateReader<S> {
    fn clone(&self) -> StateReader<S> {
        StateReader(Arc::clone(&self.0))
    }
}

#[cfg(test)]
mod tests {
    use hub_core::{Epoch, Offset, Timestamp};

    use super::*;

    /// The record with this offset, so many milliseconds after the first.
    fn applied(offset: u64, millis: i64) -> Applied {
        let position = Position { epoch: Epoch(7), offset: Offset(offset) };
        Applied { position, at: Timestamp::from_millis(millis).unwrap() }
    }

    #[test]
    fn the_state_of_a_flush_is_kept_for_its_time_and_found_by_its_position_alone() {
        let (mut writer, reader) = published(0);
        writer.keep(applied(1, 0), 10, || 1);
        assert!(reader.at(applied(1, 0).position).is_err(), "none is kept unless somebody says so");
        writer.keep_for(Duration::from_millis(100), 1000);
        for (offset, millis) in [(3, 0), (5, 0), (9, 50), (10, 100)] {
            assert_eq!(writer.keep(applied(offset, millis), 10, || offset), 0);
        }
        let at = |offset| reader.at(applied(offset, 0).position).map(|state| *state);
        assert_eq!([3, 5, 9, 10].map(at), [Ok(3), Ok(5), Ok(9), Ok(10)]);
        assert_eq!([0, 4, 11].map(at), [Err(Expired); 3], "a batch that ended between two flushes had none");
        let elsewhere = Position { epoch: Epoch(8), offset: Offset(5) };
        assert_eq!(reader.at(elsewhere).map(|state| *state), Err(Expired), "of another log");
        assert_eq!(writer.keep(applied(12, 101), 10, || 12), 0, "two went because their time was over");
        assert_eq!([3, 5, 9, 12].map(at), [Err(Expired), Err(Expired), Ok(9), Ok(12)]);
        assert_eq!(writer.kept_bytes(), 30);
    }

    #[test]
    fn no_more_is_kept_than_there_are_bytes_but_for_the_newest() {
        let (mut writer, reader) = published(0);
        writer.keep_for(Duration::from_secs(60), 100);
        let at = |offset| reader.at(applied(offset, 0).position).map(|state| *state);
        for (offset, bytes) in [(1, 50), (2, 50)] {
            assert_eq!(writer.keep(applied(offset, 0), bytes, || offset), 0);
        }
        assert_eq!([1, 2].map(at), [Ok(1), Ok(2)]);
        assert_eq!(writer.keep(applied(3, 0), 51, || 3), 2);
        assert_eq!([1, 2, 3].map(at), [Err(Expired), Err(Expired), Ok(3)]);
        assert_eq!(writer.keep(applied(4, 0), 1000, || 4), 1);
        assert_eq!(([3, 4].map(at), writer.kept_bytes()), ([Err(Expired), Ok(4)], 1000));
        assert_eq!(writer.keep(applied(5, 60_001), 1, || 5), 0, "too large, but its time was over, too");
        assert_eq!(([4, 5].map(at), writer.kept_bytes()), ([Err(Expired), Ok(5)], 1));
    }

    #[test]
    fn readers_see_what_was_settled_and_sockets_what_was_flushed() {
        let (mut writer, reader) = published("start");
        writer.settle("one");
        let held = reader.settled();
        assert_eq!((*reader.settled(), *reader.flushed()), ("one", "start"));
        writer.flush();
        writer.settle("two");
        assert_eq!((*reader.clone().settled(), *reader.flushed()), ("two", "one"));
        assert_eq!((*held, reader.look(|state| state.len())), ("one", 3), "a snapshot stays as it is");
    }

    #[test]
    fn a_flush_shares_what_was_settled() {
        let (mut writer, reader) = published(0);
        writer.settle(1);
        writer.flush();
        assert!(std::ptr::eq(&raw const *reader.settled(), &raw const *reader.flushed()));
    }
}
