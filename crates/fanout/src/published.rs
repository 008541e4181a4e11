//! The state of a service as the outside reads it.
//!
//! One thread, the runner's, puts states out; any thread reads them, without
//! waiting, and however long it holds one it never holds up `apply`. How a
//! state is kept and shared is nobody's business but this file's.

use std::fmt;
use std::ops::Deref;
use std::sync::Arc;

use arc_swap::ArcSwap;

/// A value as it was when it was read: it does not change, and costs nothing
/// to hand on.
pub struct Snapshot<T>(Arc<T>);

/// A value that is replaced as a whole, and read without waiting.
pub struct Latest<T>(ArcSwap<T>);

/// A service's end of its published state: moves what readers see.
pub struct StateWriter<S>(Arc<Published<S>>);

/// The way to a service's published state. Cheap to clone.
pub struct StateReader<S>(Arc<Published<S>>);

struct Published<S> {
    settled: Latest<S>,
    flushed: Latest<S>,
}

/// The two ends of a published state, which begins as `start`.
pub fn published<S>(start: S) -> (StateWriter<S>, StateReader<S>) {
    let settled = Latest::new(start);
    let flushed = Latest(ArcSwap::new(settled.0.load_full()));
    let published = Arc::new(Published { settled, flushed });
    (StateWriter(Arc::clone(&published)), StateReader(published))
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
        self.0.settled.set(state);
    }

    /// Puts out a state that goes on to be edited, as it is at the end of a batch.
    pub fn settle_from(&mut self, state: &S)
    where
        S: Clone,
    {
        self.settle(state.clone());
    }

    /// Puts out what was settled last as the state of a flush, and gives it.
    pub fn flush(&mut self) -> Snapshot<S> {
        let settled = self.0.settled.get();
        self.0.flushed.0.store(Arc::clone(&settled.0));
        settled
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
    use super::*;

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
