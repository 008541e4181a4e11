//! Where the hub is, from start to start.

use std::net::SocketAddr;
use std::sync::{Arc, Mutex, PoisonError};

use hub_testkit::wait;

use crate::support::PATIENCE;

/// Which start of the hub, and where it listens since.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) struct Start {
    start: usize,
    pub(crate) addr: SocketAddr,
}

/// Clones share it.
#[derive(Clone)]
pub(crate) struct Whereabouts(Arc<Mutex<Start>>);

impl Whereabouts {
    pub(crate) fn new(addr: SocketAddr) -> Self {
        Self(Arc::new(Mutex::new(Start { start: 0, addr })))
    }

    pub(crate) fn now(&self) -> Start {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The hub has started again, there.
    pub(crate) fn moved(&self, addr: SocketAddr) {
        let mut current = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        *current = Start { start: current.start + 1, addr };
    }

    /// Waits until the hub has started again after it was `there`, where `error` came up. Nobody has to
    /// put up with an error while it runs: if it does not start again, that was a fault.
    pub(crate) fn after(&self, there: Start, error: &dyn std::fmt::Display) -> Start {
        let moved = || Some(self.now()).filter(|now| now.start > there.start);
        wait::until(PATIENCE, "another start", moved).unwrap_or_else(|_| panic!("{error}"))
    }
}
