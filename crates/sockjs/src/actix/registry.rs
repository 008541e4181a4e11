//! A service's sessions, by the client's choice of a name.

use std::collections::HashMap;
use std::collections::hash_map::{Entry, RandomState};
use std::hash::BuildHasher as _;
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Instant;

use super::shared::Shared;
use crate::session::{Session, Tick};

/// Stripes with a lock of their own, so that threads seldom meet.
const STRIPES: usize = 16;

type Stripe = HashMap<Key, Arc<Shared>>;

#[derive(Clone, PartialEq, Eq, Hash)]
enum Key {
    /// Of the HTTP transports. The server's stripe of the path is for load
    /// balancers and says nothing here (protocol, "Session URLs").
    Named(String),
    /// Of a WebSocket, whose name need not be its own.
    Numbered(u64),
}

pub(super) struct Registry {
    stripes: [Mutex<Stripe>; STRIPES],
    hasher: RandomState,
    len: AtomicUsize,
    max_sessions: usize,
    numbers: AtomicU64,
}

/// There are as many sessions as may be.
pub(super) struct Full;

impl Registry {
    pub(super) fn new(max_sessions: usize) -> Registry {
        Registry {
            stripes: Default::default(),
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
        self.stripe(&key).get(&key).cloned()
    }

    /// The session of a name, and whether it is new; `first` is the first to
    /// see it if it is.
    pub(super) fn enter(
        &self,
        name: &str,
        new: impl FnOnce() -> Session,
    ) -> Result<(Arc<Shared>, bool), Full> {
        self.insert(Key::Named(name.to_owned()), new)
    }

    /// A new session without a name.
    pub(super) fn enter_nameless(&self, new: impl FnOnce() -> Session) -> Result<Arc<Shared>, Full> {
        let number = self.numbers.fetch_add(1, Ordering::Relaxed);
        self.insert(Key::Numbered(number), new).map(|(shared, _)| shared)
    }

    fn insert(&self, key: Key, new: impl FnOnce() -> Session) -> Result<(Arc<Shared>, bool), Full> {
        let mut stripe = self.stripe(&key);
        match stripe.entry(key) {
            Entry::Occupied(entry) => Ok((Arc::clone(entry.get()), false)),
            Entry::Vacant(entry) => {
                if self.len.fetch_add(1, Ordering::Relaxed) >= self.max_sessions {
                    self.len.fetch_sub(1, Ordering::Relaxed);
                    return Err(Full);
                }
                Ok((Arc::clone(entry.insert(Arc::new(Shared::new(new())))), true))
            }
        }
    }

    /// True if any client may still come for something.
    pub(super) fn any_awaited(&self) -> bool {
        self.stripes
            .iter()
            .any(|stripe| lock(stripe).values().any(|shared| shared.with(|session| session.is_awaited())))
    }

    /// Does what is due in every session, and forgets those that are over.
    pub(super) fn sweep(&self, now: Instant) {
        for stripe in &self.stripes {
            let mut stripe = lock(stripe);
            let before = stripe.len();
            stripe.retain(|_, shared| shared.with(|session| session.tick(now)) == Tick::Alive);
            self.len.fetch_sub(before - stripe.len(), Ordering::Relaxed);
        }
    }

    fn stripe(&self, key: &Key) -> MutexGuard<'_, Stripe> {
        let stripe = self.hasher.hash_one(key) as usize % STRIPES;
        lock(&self.stripes[stripe])
    }
}

fn lock(stripe: &Mutex<Stripe>) -> MutexGuard<'_, Stripe> {
    stripe.lock().unwrap_or_else(PoisonError::into_inner)
}
