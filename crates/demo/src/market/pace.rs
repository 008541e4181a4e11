//! So many things per second, without losing fractions.

use std::time::Duration;

const NANOS_PER_SECOND: u128 = 1_000_000_000;

/// Counts what is due as time goes by.
pub(super) struct Pace {
    per_second: u32,
    /// The part of a thing that is due, in billionths.
    carry: u128,
}

impl Pace {
    pub(super) fn new(per_second: u32) -> Pace {
        Pace { per_second, carry: 0 }
    }

    /// The number of things that are due after `elapsed`.
    pub(super) fn due(&mut self, elapsed: Duration) -> u128 {
        // 2^32 per second for all that a Duration holds is far below 2^128.
        self.carry += elapsed.as_nanos() * u128::from(self.per_second);
        let due = self.carry / NANOS_PER_SECOND;
        self.carry %= NANOS_PER_SECOND;
        due
    }
}
