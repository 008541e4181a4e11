//! Connections of the process, counted.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

/// Counts the sockets of all listeners: each costs a file descriptor, and who
/// is in must not suffer from who comes when there are none left.
#[derive(Clone)]
pub struct Connections {
    open: Arc<AtomicUsize>,
    max: usize,
}

/// Permit of one connection; given back when it is dropped.
pub struct ConnectionPermit(Arc<AtomicUsize>);

impl Connections {
    /// At most `max` at a time.
    pub fn new(max: usize) -> Connections {
        Connections { open: Arc::default(), max }
    }

    /// The number that there may be at a time.
    pub fn max(&self) -> usize {
        self.max
    }

    /// A permit for one more; none if all are out.
    pub fn enter(&self) -> Option<ConnectionPermit> {
        let more = |open| (open < self.max).then_some(open + 1);
        self.open.fetch_update(Ordering::AcqRel, Ordering::Acquire, more).ok()?;
        Some(ConnectionPermit(Arc::clone(&self.open)))
    }
}

impl Drop for ConnectionPermit {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Ordering::AcqRel);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_permit_given_back_can_be_taken_again() {
        let connections = Connections::new(2);
        let permits: Vec<ConnectionPermit> = (0..3).filter_map(|_| connections.enter()).collect();
        assert_eq!(permits.len(), 2);
        drop(permits);
        assert!(connections.enter().is_some());
    }
}
