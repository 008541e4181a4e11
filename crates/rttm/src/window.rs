//! Counts over the last so many buckets of log time.

mod walk;

use serde::{Deserialize, Serialize};

/// A count of events in a bucket.
pub(crate) trait Count: Copy + Default + PartialEq + Into<u64> {
    /// The sum; it stays at the largest value rather than overflow.
    fn plus(self, other: Self) -> Self;
    /// The difference, not below 0.
    fn minus(self, other: Self) -> Self;
}

macro_rules! count {
    ($type:ty) => {
        impl Count for $type {
            fn plus(self, other: Self) -> Self {
                self.saturating_add(other)
            }
            fn minus(self, other: Self) -> Self {
                self.saturating_sub(other)
            }
        }
    };
}

count!(u32);
count!(u64);

/// A ring of buckets, each with a count per key, and for each key the total
/// over the window: the bucket that log time is in and those before it.
///
/// An event counts in the bucket of its own time, however late it comes. None
/// is ahead of log time ([`Record::event_time`](hub_core::Record::event_time)),
/// and one from before the window does not count.
///
/// Memory: `back` buckets, each with at most one entry per key, whatever the
/// load. Time moves bucket by bucket, so what is counted
/// does not depend on how often [`advance`](Window::advance) is called.
#[derive(Debug, Serialize, Deserialize)]
#[serde(try_from = "walk::Walked<C>", bound(deserialize = "C: Count + Deserialize<'de>"))]
pub(crate) struct Window<C = u32> {
    width_millis: i64,
    /// Number of buckets.
    back: i64,
    /// The number of the bucket that log time is in.
    current: i64,
    /// The bucket with number `n` is at `n % buckets.len()`.
    buckets: Vec<Vec<(u16, C)>>,
    /// Sums of the buckets, so their number is all that is walked.
    #[serde(serialize_with = "walk::keys")]
    totals: Vec<u64>,
}

impl<C: Count> Window<C> {
    /// Over `back` buckets of `width_millis` each, for keys below `keys`.
    pub(crate) fn new(back: u16, width_millis: i64, keys: usize) -> Window<C> {
        Window {
            width_millis,
            back: back.into(),
            current: 0,
            buckets: vec![Vec::new(); back.into()],
            totals: vec![0; keys],
        }
    }

    /// Width and number of its buckets, and the number of keys.
    pub(crate) fn shape(&self) -> (i64, i64, usize) {
        (self.width_millis, self.back, self.totals.len())
    }

    /// Log time passes to `millis`; what it says of an earlier time is not
    /// heard. Calls `changed` with each key whose total may have changed,
    /// perhaps more than once.
    pub(crate) fn advance(&mut self, millis: i64, mut changed: impl FnMut(u16)) {
        let target = millis.div_euclid(self.width_millis);
        if target - self.current >= self.back {
            self.clear(&mut changed);
            self.current = target;
        }
        while self.current < target {
            self.current += 1;
            // The bucket that time enters is the one that leaves the window.
            let place = self.place(self.current);
            for (key, count) in self.buckets[place].drain(..) {
                self.totals[usize::from(key)] -= count.into();
                changed(key);
            }
        }
    }

    fn clear(&mut self, changed: &mut impl FnMut(u16)) {
        for bucket in &mut self.buckets {
            bucket.drain(..).for_each(|(key, _)| changed(key));
        }
        self.totals.fill(0);
    }

    /// Counts `count` more of `key` at `millis`; returns whether that is in
    /// the window.
    pub(crate) fn add(&mut self, millis: i64, key: u16, count: C) -> bool {
        self.change(millis, key, |before| before.plus(count))
    }

    /// Takes back what was added with the same arguments; if that has left
    /// the window meanwhile, there is nothing to take back.
    pub(crate) fn remove(&mut self, millis: i64, key: u16, count: C) {
        self.change(millis, key, |before| before.minus(count));
    }

    /// Counts of `from` become counts of `to`.
    pub(crate) fn merge(&mut self, from: u16, to: u16) {
        for number in self.current - self.back + 1..=self.current {
            let place = self.place(number);
            let bucket = &mut self.buckets[place];
            if let Ok(entry) = bucket.binary_search_by_key(&from, |(key, _)| *key) {
                let (_, count) = bucket.remove(entry);
                self.change(number * self.width_millis, to, |before| before.plus(count));
            }
        }
        self.totals[usize::from(from)] = 0;
    }

    /// Counts keys below `keys`, too, from here on.
    pub(crate) fn grow(&mut self, keys: usize) {
        self.totals.resize(keys.max(self.totals.len()), 0);
    }

    /// True if an event at `millis` counts.
    pub(crate) fn reaches(&self, millis: i64) -> bool {
        (self.current - self.back + 1..=self.current).contains(&millis.div_euclid(self.width_millis))
    }

    fn change(&mut self, millis: i64, key: u16, to: impl FnOnce(C) -> C) -> bool {
        if !self.reaches(millis) {
            return false;
        }
        let number = millis.div_euclid(self.width_millis);
        let place = self.place(number);
        let bucket = &mut self.buckets[place];
        let entry = match bucket.binary_search_by_key(&key, |(key, _)| *key) {
            Ok(entry) => entry,
            Err(entry) => {
                bucket.insert(entry, (key, C::default()));
                entry
            }
        };
        let before = bucket[entry].1;
        let after = to(before);
        if after == C::default() {
            bucket.remove(entry);
        } else {
            bucket[entry].1 = after;
        }
        let total = &mut self.totals[usize::from(key)];
        *total = *total + after.into() - before.into();
        true
    }

    /// Over the window.
    pub(crate) fn total(&self, key: u16) -> u64 {
        self.totals[usize::from(key)]
    }

    /// Over the window, by key.
    pub(crate) fn totals(&self) -> &[u64] {
        &self.totals
    }

    /// Each bucket of the window, the oldest first.
    pub(crate) fn counts(&self, key: u16) -> impl Iterator<Item = u64> {
        (self.current - self.back + 1..=self.current).map(move |number| self.count(number, key))
    }

    /// The largest count of any bucket in the window.
    pub(crate) fn peak(&self, key: u16) -> u64 {
        self.counts(key).max().unwrap_or(0)
    }

    fn count(&self, number: i64, key: u16) -> u64 {
        let bucket = &self.buckets[self.place(number)];
        let entry = bucket.binary_search_by_key(&key, |(key, _)| *key);
        entry.map_or(0, |entry| bucket[entry].1.into())
    }

    fn place(&self, number: i64) -> usize {
        number.rem_euclid(self.back) as usize
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const WIDTH: i64 = 1000;
    const BACK: u16 = 5;

    /// Every event that was ever added, counted anew for each question.
    #[derive(Default)]
    struct Plain {
        now: i64,
        events: Vec<(i64, u16)>,
    }

    impl Plain {
        fn add(&mut self, millis: i64, key: u16) -> bool {
            let ago = self.now.div_euclid(WIDTH) - millis.div_euclid(WIDTH);
            let counts = (0..i64::from(BACK)).contains(&ago);
            if counts {
                self.events.push((millis, key));
            }
            counts
        }

        fn count(&self, ago: i64, key: u16) -> u64 {
            let number = self.now.div_euclid(WIDTH) - ago;
            self.events.iter().filter(|(at, of)| at.div_euclid(WIDTH) == number && *of == key).count() as u64
        }
    }

    #[derive(Clone, Debug)]
    enum Move {
        Pass(i64),
        Add(i64, u16),
        Remove(prop::sample::Index),
        Merge(u16, u16),
    }

    fn moves() -> impl Strategy<Value = Vec<Move>> {
        let pass = prop_oneof![
            9 => 0..3000_i64,
            1 => prop_oneof![Just(5000), Just(400_000), 290_000..320_000_i64],
        ];
        let one = prop_oneof![
            4 => pass.prop_map(Move::Pass),
            10 => (0..8000_i64, 0..3_u16).prop_map(|(ago, key)| Move::Add(ago, key)),
            2 => any::<prop::sample::Index>().prop_map(Move::Remove),
            1 => (0..3_u16, 1..3_u16).prop_map(|(from, by)| Move::Merge(from, (from + by) % 3)),
        ];
        prop::collection::vec(one, 1..100)
    }

    proptest! {
        #[test]
        fn totals_and_buckets_are_what_is_counted_anew(moves in moves()) {
            let mut window = Window::<u32>::new(BACK, WIDTH, 3);
            let mut plain = Plain { now: 1_000_000, ..Plain::default() };
            window.advance(plain.now, |_| {});
            for step in moves {
                let before = window.totals().to_vec();
                let mut told = vec![];
                match step {
                    Move::Pass(millis) => {
                        plain.now += millis;
                        window.advance(plain.now, |key| told.push(key));
                        for (key, total) in before.iter().enumerate() {
                            prop_assert!(*total == window.totals()[key] || told.contains(&(key as u16)));
                        }
                    }
                    Move::Add(ago, key) => {
                        let time = plain.now - ago;
                        prop_assert_eq!(window.add(time, key, 1), plain.add(time, key));
                    }
                    Move::Remove(index) if !plain.events.is_empty() => {
                        let (time, key) = plain.events.remove(index.index(plain.events.len()));
                        window.remove(time, key, 1);
                    }
                    Move::Remove(_) => {}
                    Move::Merge(from, to) => {
                        window.merge(from, to);
                        prop_assert_eq!(window.peak(from), 0);
                        plain.events.iter_mut().filter(|(_, key)| *key == from).for_each(|event| event.1 = to);
                    }
                }
                for key in 0..3 {
                    let counts: Vec<u64> = (0..i64::from(BACK)).rev().map(|ago| plain.count(ago, key)).collect();
                    prop_assert_eq!(window.total(key), counts.iter().sum::<u64>());
                    prop_assert_eq!(window.peak(key), counts.iter().copied().max().unwrap());
                    prop_assert_eq!(window.counts(key).collect::<Vec<_>>(), counts);
                }
            }
        }
    }

    #[test]
    fn memory_does_not_grow_with_load() {
        let mut window = Window::<u32>::new(60, 1000, 2);
        for millis in 0..1_000_000 {
            window.advance(millis, |_| {});
            window.add(millis, (millis % 2) as u16, 1);
        }
        assert_eq!(window.buckets.len(), 60);
        assert!(window.buckets.iter().all(|bucket| bucket.len() <= 2));
        assert_eq!(window.total(0), 30_000);
        window.advance(1_060_000, |_| {});
        assert!(window.buckets.iter().all(Vec::is_empty) && window.totals() == [0, 0]);
    }
}
