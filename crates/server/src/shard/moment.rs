//! Time, as a turn of the loop sees it.

use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use hub_core::Timestamp;

/// One moment on two clocks.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) struct Moment {
    /// On the runtime's, by which everything is due.
    pub(super) instant: Instant,
    /// On the wall's, which stamps records: since the Unix epoch.
    pub(super) wall: Duration,
}

impl Moment {
    /// This moment. Tests may stop the runtime's clock.
    pub(super) fn now() -> Moment {
        Moment {
            instant: tokio::time::Instant::now().into_std(),
            wall: SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default(),
        }
    }

    /// The time on the wall, as records have it.
    pub(super) fn timestamp(self) -> Timestamp {
        Timestamp::since_1970(self.wall)
    }

    /// Seconds that have passed on the wall since `at`; 0 if it is to come.
    pub(super) fn seconds_since(self, at: Timestamp) -> f64 {
        let at = Duration::from_micros(at.micros().unsigned_abs());
        self.wall.saturating_sub(at).as_secs_f64()
    }
}
