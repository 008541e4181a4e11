//! Time, as a turn of the loop sees it.

use std::num::NonZeroU64;
use std::sync::OnceLock;
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

/// An instant in half its size, for what is kept of every socket: nanoseconds
/// since the first that came, or before it, which reaches 292 years either way.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub(super) struct Stamp(NonZeroU64);

/// The instant that stamps count from.
static ORIGIN: OnceLock<Instant> = OnceLock::new();

impl Stamp {
    /// Stamp of the origin: whatever precedes it is less.
    const MIDDLE: u64 = 1 << 63;

    pub(super) fn of(instant: Instant) -> Stamp {
        let origin = *ORIGIN.get_or_init(|| instant);
        let nanos =
            |span: Duration| u64::try_from(span.as_nanos()).unwrap_or(u64::MAX).min(Stamp::MIDDLE - 1);
        let since = nanos(instant.saturating_duration_since(origin));
        let before = nanos(origin.saturating_duration_since(instant));
        Stamp(NonZeroU64::new(Stamp::MIDDLE + since - before).unwrap_or(NonZeroU64::MIN))
    }

    pub(super) fn instant(self) -> Instant {
        // There is none without an origin.
        let origin = *ORIGIN.get_or_init(Instant::now);
        let since = Duration::from_nanos(self.0.get().saturating_sub(Stamp::MIDDLE));
        let before = Duration::from_nanos(Stamp::MIDDLE.saturating_sub(self.0.get()));
        (origin + since).checked_sub(before).unwrap_or(origin)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_stamp_is_its_instant_to_the_nanosecond_before_the_first_one_and_after_it() {
        let first = Instant::now();
        let hour = Duration::from_secs(3600);
        let before =
            first.checked_sub(hour).expect("the machine is up for longer, or its clock goes below 0");
        let instants = [before, first, first + Duration::from_nanos(1), first + hour * 24 * 365 * 10];
        let stamps = instants.map(Stamp::of);
        assert!(stamps.is_sorted());
        assert_eq!(stamps.map(Stamp::instant), instants);
    }
}
