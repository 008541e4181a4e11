//! A service's sessions, by the client's choice of a name.

use std::collections::HashMap;
use std::collections::hash_map::{Entry, RandomState};
use std::hash::BuildHasher as _;
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Instant;

use super::shared::Shared;
use crate::session::{Session, Tick};

/// Parts with a lock of their own, so that threads seldom meet.
const PARTS: usize = 16;

type Part = HashMap<Key, Arc<Shared>>;

#[derive(Clone, PartialEq, Eq, Hash)]
enum Key {
    /// Of the HTTP transports. The server's part of the path is for load
    /// balancers and says nothing here (protocol, "Session URLs").
    Named(String),
    /// Of a WebSocket, whose name need not be its own.
    Numbered(u64),
}

pub(super) struct Registry {
    parts: [Mutex<Part>; PARTS],
    hasher: RandomState,
    len: AtomicUsize,
    max_sessions: usize,
    numbers: AtomicU64,
}

/// There are as many sessions as may be.
pub(super) struct Crowded;

impl Registry {
    pub(super) fn new(max_sessions: usize) -> Registry {
        Registry {
            parts: Default::default(),
            hasher: RandomState::new(),
            len: AtomicUsize::new(0),
            max_sessions,
            numbers: AtomicU64::new(0),
        }
    }

    /// Number of sessions.
    pub(super) fn len(&self) -> usize {
        self.len.load(Ordering::Relaxed)
    }

    pub(super) fn find(&self, name: &str) -> Option<Arc<Shared>> {
        let key = Key::Named(name.to_owned());
        self.part(&key).get(&key).cloned()
    }

    /// The session of a name, and whether it is new; `first` is the first to
    /// see it if it is.
    pub(super) fn enter(
        &self,
        name: &str,
        new: impl FnOnce() -> Session,
    ) -> Result<(Arc<Shared>, bool), Crowded> {
        self.insert(Key::Named(name.to_owned()), new)
    }

    /// A new session without a name.
    pub(super) fn enter_nameless(&self, new: impl FnOnce() -> Session) -> Result<Arc<Shared>, Crowded> {
        let number = self.numbers.fetch_add(1, Ordering::Relaxed);
        self.insert(Key::Numbered(number), new).map(|(shared, _)| shared)
    }

    fn insert(&self, key: Key, new: impl FnOnce() -> Session) -> Result<(Arc<Shared>, bool), Crowded> {
        let mut part = self.part(&key);
        match part.entry(key) {
            Entry::Occupied(entry) => Ok((Arc::clone(entry.get()), false)),
            Entry::Vacant(entry) => {
                if self.len.fetch_add(1, Ordering::Relaxed) >= self.max_sessions {
                    self.len.fetch_sub(1, Ordering::Relaxed);
                    return Err(Crowded);
                }
                Ok((Arc::clone(entry.insert(Arc::new(Shared::new(new())))), true))
            }
        }
    }

    /// True if any client may still come for something.
    pub(super) fn any_awaited(&self) -> bool {
        self.parts
            .iter()
            .any(|part| lock(part).values().any(|shared| shared.with(|session| session.is_awaited())))
    }

    /// Does what is due in every session, and forgets those that are over.
    pub(super) fn sweep(&self, now: Instant) {
        for part in &self.parts {
            let mut part = lock(part);
            let before = part.len();
            part.retain(|_, shared| shared.with(|session| session.tick(now)) == Tick::Alive);
            self.len.fetch_sub(before - part.len(), Ordering::Relaxed);
        }
    }

    fn part(&self, key: &Key) -> MutexGuard<'_, Part> {
        let part = self.hasher.hash_one(key) as usize % PARTS;
        lock(&self.parts[part])
    }
}

fn lock(part: &Mutex<Part>) -> MutexGuard<'_, Part> {
    part.lock().unwrap_or_else(PoisonError::into_inner)
}
