//! Meters of what past states cost: set by the thread that keeps them, read by any.

use std::sync::atomic::{AtomicU64, Ordering};

/// Memory that is kept for past states, whoever still has them, and those that went before their time.
#[derive(Default, Debug)]
pub struct ViewMeter {
    /// Rows as they were, for states that somebody has: one that went is a state whose rows were taken back.
    pub rows: Meter,
    /// States of flushes, to be read by their position: one that went was kept no longer, though its time was not over.
    pub flushes: Meter,
}

/// Bytes and a count.
#[derive(Default, Debug)]
pub struct Meter {
    bytes: AtomicU64,
    expired: AtomicU64,
}

impl Meter {
    /// From now on so much is kept.
    pub fn set(&self, bytes: usize) {
        self.bytes.store(bytes as u64, Ordering::Relaxed);
    }

    /// So many more went.
    pub fn expire(&self, count: usize) {
        self.expired.fetch_add(count as u64, Ordering::Relaxed);
    }

    /// Bytes that are kept.
    pub fn bytes(&self) -> u64 {
        self.bytes.load(Ordering::Relaxed)
    }

    /// Those that went so far.
    pub fn expired(&self) -> u64 {
        self.expired.load(Ordering::Relaxed)
    }
}
