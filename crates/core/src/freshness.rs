//! Freshness of prices: which are stale, and when the next one becomes so.
//!
//! A price is stale from the instant on at which its event is `prices.stale_ms` old, by log time, and until a newer one
//! comes. Whether it is follows from its time, the settings and the log time alone: nothing has to be kept of it but
//! when to look again.

use std::cmp::Reverse;
use std::collections::BinaryHeap;

use crate::Timestamp;
use crate::settings::PriceSettings;

/// The ages of prices at one instant.
#[derive(Clone, Copy, PartialEq, Eq, Default, Debug)]
pub struct Freshness {
    /// The youngest time that is stale, in microseconds.
    stale_until: Option<i64>,
}

impl Freshness {
    pub(crate) fn new(settings: PriceSettings, now: Timestamp) -> Freshness {
        let age = i64::from(settings.stale_ms) * 1000;
        Freshness { stale_until: (age != 0).then(|| now.micros() - age) }
    }

    /// True of a price whose event has this time, if it is stale.
    pub fn is_stale(self, time: Timestamp) -> bool {
        self.stale_until.is_some_and(|stale_until| time.micros() <= stale_until)
    }

    /// True if a price of this time is fresh, and the one that was held before, if any, was not.
    pub fn begins(self, time: Timestamp, held: Option<Timestamp>) -> bool {
        !self.is_stale(time) && held.is_none_or(|held| self.is_stale(held))
    }
}

/// The prices that are fresh, by the time at which each was to become stale when it was put in: one entry for each. A
/// newer price leaves its entry as it is, so that it costs nothing; the entry is put in anew when it is due.
#[derive(Clone, Debug)]
pub struct FreshPrices<K>(BinaryHeap<Reverse<(Timestamp, K)>>);

impl<K: Ord> Default for FreshPrices<K> {
    fn default() -> FreshPrices<K> {
        FreshPrices(BinaryHeap::new())
    }
}

impl<K: Ord> FreshPrices<K> {
    /// Those of these prices, told by their times, that are fresh at `now`.
    pub fn of(
        prices: impl Iterator<Item = (K, Timestamp)>,
        settings: PriceSettings,
        now: Timestamp,
    ) -> FreshPrices<K> {
        let mut fresh = FreshPrices::default();
        for (key, time) in prices.filter(|(_, time)| !settings.at(now).is_stale(*time)) {
            fresh.insert(key, time, settings);
        }
        fresh
    }

    /// Puts in a price that is fresh, and of which there is no entry.
    pub fn insert(&mut self, key: K, time: Timestamp, settings: PriceSettings) {
        if let Some(due) = settings.stale_from(time) {
            self.0.push(Reverse((due, key)));
        }
    }

    /// The time at which the first of them may become stale.
    pub fn next_due(&self) -> Option<Timestamp> {
        self.0.peek().map(|Reverse((due, _))| *due)
    }

    /// Takes out those that have become stale by `now`, in order; `time` has what they are of.
    pub fn take_stale(
        &mut self,
        settings: PriceSettings,
        now: Timestamp,
        time: impl Fn(&K) -> Option<Timestamp>,
    ) -> Vec<K> {
        let (mut stale, mut fresh) = (Vec::new(), Vec::new());
        while self.next_due().is_some_and(|due| due <= now)
            && let Some(Reverse((_, key))) = self.0.pop()
        {
            match time(&key) {
                Some(time) if !settings.at(now).is_stale(time) => fresh.push((key, time)),
                Some(_) => stale.push(key),
                None => {}
            }
        }
        for (key, time) in fresh {
            self.insert(key, time, settings);
        }
        stale
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use proptest::prelude::*;

    use super::*;

    fn at(millis: i64) -> Timestamp {
        Timestamp::from_millis(millis).unwrap()
    }

    #[test]
    fn a_price_is_stale_from_the_instant_on_at_which_it_is_so_old() {
        let settings = PriceSettings { stale_ms: 60_000 };
        let time = at(1_000_000);
        let micro = Timestamp::from_micros(time.micros() + 59_999_999).unwrap();
        assert!(!settings.at(micro).is_stale(time));
        assert!(settings.at(at(1_060_000)).is_stale(time));
        assert_eq!(settings.stale_from(time), Some(at(1_060_000)));
        let never = PriceSettings { stale_ms: 0 };
        assert!(!never.at(at(9_000_000_000)).is_stale(time));
        assert_eq!(never.stale_from(time), None);
    }

    /// At the end of time nothing can become any older, and whoever looks comes to an end.
    #[test]
    fn the_last_instant_passes() {
        let settings = PriceSettings { stale_ms: 1 };
        let last = Timestamp::default().plus_millis(i64::MAX);
        let mut fresh = FreshPrices::default();
        fresh.insert("A", last, settings);
        assert!(fresh.take_stale(settings, last, |_| Some(last)).is_empty());
    }

    proptest! {
        /// Prices come at any pace, some of them late: at each instant those leave that a walk over all of them finds.
        #[test]
        fn those_leave_that_have_become_stale(
            stale_ms in 0..50_u32, steps in prop::collection::vec((0..40_i64, 0..4_u8, 0..80_i64), 0..200),
        ) {
            let settings = PriceSettings { stale_ms };
            let (mut now, mut times) = (1000_i64, BTreeMap::<u8, Timestamp>::new());
            let (mut fresh, mut stale) = (FreshPrices::default(), BTreeMap::<u8, bool>::new());
            for (pause, key, late) in steps {
                now += pause;
                let expected: Vec<u8> = times.keys().copied()
                    .filter(|key| !stale[key] && settings.at(at(now)).is_stale(times[key])).collect();
                let mut taken = fresh.take_stale(settings, at(now), |key| times.get(key).copied());
                taken.sort_unstable();
                prop_assert_eq!(&taken, &expected);
                for key in taken {
                    stale.insert(key, true);
                }
                let time = at(now - late).max(times.get(&key).copied().unwrap_or_default());
                let held = times.insert(key, time);
                stale.insert(key, settings.at(at(now)).is_stale(time));
                if settings.at(at(now)).begins(time, held) {
                    fresh.insert(key, time, settings);
                }
                prop_assert!(fresh.next_due().is_none_or(|due| due > at(now)));
                let entries = stale.values().filter(|is_stale| !**is_stale && stale_ms != 0).count();
                prop_assert_eq!(fresh.0.len(), entries);
            }
        }
    }
}
