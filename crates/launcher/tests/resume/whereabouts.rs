//! Where the hub is, from start to start.

use std::net::SocketAddr;
use std::sync::{Arc, Mutex, PoisonError};

use hub_testkit::wait;

use crate::support::PATIENCE;

/// Which start of the hub, and where it listens since.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) struct Place {
    start: usize,
    pub(crate) addr: SocketAddr,
}

/// Clones share it.
#[derive(Clone)]
pub(crate) struct Whereabouts(Arc<Mutex<Place>>);

impl Whereabouts {
    pub(crate) fn new(addr: SocketAddr) -> Self {
        Self(Arc::new(Mutex::new(Place { start: 0, addr })))
    }

    pub(crate) fn now(&self) -> Place {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The hub has started again, there.
    pub(crate) fn moved(&self, addr: SocketAddr) {
        let mut place = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        *place = Place { start: place.start + 1, addr };
    }

    /// Waits until the hub has started again after it was `there`, where `error` came up. Nobody has to
    /// put up with an error while it runs: if it does not start again, that was a fault.
    pub(crate) fn after(&self, there: Place, error: &dyn std::fmt::Display) -> Place {
        let moved = || Some(self.now()).filter(|now| now.start > there.start);
        wait::until(PATIENCE, "another start", moved).unwrap_or_else(|_| panic!("{error}"))
    }
}
