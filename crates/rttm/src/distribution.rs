//! Latencies over a window: the mean exactly, percentiles nearly.

use serde::{Deserialize, Serialize};

use crate::hundredths::Hundredths;
use crate::window::Window;

/// Below this, in milliseconds, each latency has a class of its own.
const EXACT: u64 = 128;
/// Classes per doubling from there on.
const PER_DOUBLING: u64 = 64;
/// 2^30 ms, 12 days: nothing that is watched takes longer.
const LONGEST: u64 = (1 << 30) - 1;
/// Number of classes.
pub(crate) const CLASSES: usize = (EXACT + (30 - 7) * PER_DOUBLING) as usize;

/// The class of a latency.
fn class(millis: u64) -> u16 {
    let millis = millis.min(LONGEST);
    if millis < EXACT {
        return millis as u16;
    }
    // 7 for 128..=255, 8 for 256..=511, ...
    let doubling = u64::from(millis.ilog2());
    let within = (millis >> (doubling - 6)) - PER_DOUBLING;
    (EXACT + (doubling - 7) * PER_DOUBLING + within) as u16
}

/// The latency that stands for those of a class: its middle, in hundredths of a millisecond.
fn representative(class: usize) -> u64 {
    let class = class as u64;
    if class < EXACT {
        return class * 100;
    }
    let doubling = (class - EXACT) / PER_DOUBLING + 7;
    let within = (class - EXACT) % PER_DOUBLING + PER_DOUBLING;
    let width = 1 << (doubling - 6);
    within * width * 100 + (width - 1) * 50
}

/// The latencies of a window: a histogram per bucket of time.
///
/// Its classes are one millisecond wide up to 128 ms and 1/64 of a doubling
/// beyond, and its middle stands for a class: up to 128 ms percentiles are
/// exact, beyond they are off by at most 1/128 (0.8 %). The mean is exact.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct Distribution {
    histogram: Window<u32>,
    sum: Window<u64>,
}

/// One latency: when it ended, and how long it was.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) struct Sample {
    pub(crate) at_millis: i64,
    pub(crate) latency_millis: u64,
}

impl Distribution {
    /// Over `back` buckets of `width_millis` each.
    pub(crate) fn new(back: u16, width_millis: i64) -> Distribution {
        Distribution {
            histogram: Window::new(back, width_millis, CLASSES),
            sum: Window::new(back, width_millis, 1),
        }
    }

    /// True if it has the windows of the other.
    pub(crate) fn is_like(&self, other: &Distribution) -> bool {
        let Distribution { histogram, sum } = self;
        histogram.shape() == other.histogram.shape() && sum.shape() == other.sum.shape()
    }

    pub(crate) fn advance(&mut self, millis: i64) {
        self.histogram.advance(millis, |_| {});
        self.sum.advance(millis, |_| {});
    }

    pub(crate) fn add(&mut self, sample: Sample) {
        self.histogram.add(sample.at_millis, class(sample.latency_millis), 1);
        self.sum.add(sample.at_millis, 0, sample.latency_millis);
    }

    pub(crate) fn remove(&mut self, sample: Sample) {
        self.histogram.remove(sample.at_millis, class(sample.latency_millis), 1);
        self.sum.remove(sample.at_millis, 0, sample.latency_millis);
    }

    /// The mean in milliseconds; 0 if there is none.
    pub(crate) fn mean(&self) -> Hundredths {
        Hundredths::ratio(self.sum.total(0), self.histogram.totals().iter().sum())
    }

    /// The percentiles `percents` (ascending), continuous: between two
    /// latencies it is interpolated. 0 if there is none.
    pub(crate) fn percentiles<const N: usize>(&self, percents: [u64; N]) -> [Hundredths; N] {
        let totals = self.histogram.totals();
        let count: u64 = totals.iter().sum();
        let Some(last) = count.checked_sub(1) else { return [Hundredths::default(); N] };
        let mut ranks = Ranks { totals, class: 0, below: 0 };
        percents.map(|percent| {
            // The rank in hundredths: whole part and rest.
            let rank = percent * last;
            let (lower, rest) = (rank / 100, rank % 100);
            let from = ranks.value(lower);
            let to = if rest == 0 { from } else { ranks.value(lower + 1) };
            Hundredths(from + (to - from) * rest / 100)
        })
    }
}

/// Finds values by rank, ranks ascending (but for one step back).
struct Ranks<'a> {
    totals: &'a [u64],
    class: usize,
    /// Number of values in the classes below.
    below: u64,
}

impl Ranks<'_> {
    /// The value with this rank, from 0.
    fn value(&mut self, rank: u64) -> u64 {
        while self.below > rank {
            self.class -= 1;
            self.below -= self.totals[self.class];
        }
        while self.class + 1 < self.totals.len() && self.below + self.totals[self.class] <= rank {
            self.below += self.totals[self.class];
            self.class += 1;
        }
        representative(self.class)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn classes_cover_everything_in_order_and_their_middle_is_near() {
        let mut latencies: Vec<u64> = (0..70_000).collect();
        latencies.extend(
            (16..30).flat_map(|power| [(1 << power) - 1, 1 << power, (1 << power) + 1, 3 << (power - 1)]),
        );
        latencies.sort_unstable();
        for pair in latencies.windows(2) {
            assert!(class(pair[0]) <= class(pair[1]), "{pair:?}");
        }
        for latency in latencies.into_iter().filter(|latency| *latency <= LONGEST) {
            let near = representative(class(latency).into());
            assert!(near.abs_diff(latency * 100) * 128 <= latency * 100, "{latency}: {near}");
            assert!(latency >= 128 || near == latency * 100, "{latency}: {near}");
        }
        assert_eq!(usize::from(class(u64::MAX)) + 1, CLASSES);
    }

    fn of(latencies: &[u64]) -> Distribution {
        let mut distribution = Distribution::new(10, 1000);
        distribution.advance(50_000);
        for latency in latencies {
            distribution.add(Sample { at_millis: 50_000, latency_millis: *latency });
        }
        distribution
    }

    #[test]
    fn percentiles_are_continuous() {
        let distribution = of(&(1..=100).collect::<Vec<_>>());
        assert_eq!(distribution.percentiles([50, 95, 99]), [5050, 9505, 9901].map(Hundredths));
        assert_eq!(distribution.mean(), Hundredths(5050));
        assert_eq!(of(&[10, 20]).percentiles([95]), [Hundredths(1950)]);
        assert_eq!(of(&[7]).percentiles([0, 95, 100]), [Hundredths(700); 3]);
        assert_eq!(of(&[]).percentiles([95]), [Hundredths(0)]);
        assert_eq!(of(&[]).mean(), Hundredths(0));
    }

    proptest! {
        #[test]
        fn percentiles_are_within_their_bound(
            mut latencies in prop::collection::vec(prop_oneof![0..200_u64, 0..100_000_u64, 0..LONGEST], 1..200),
        ) {
            let distribution = of(&latencies);
            let mean = latencies.iter().sum::<u64>() as f64 / latencies.len() as f64;
            prop_assert!((distribution.mean().0 as f64 / 100.0 - mean).abs() <= 0.0051);
            latencies.sort_unstable();
            let percents = [0, 5, 50, 95, 99, 100];
            for (percent, found) in percents.into_iter().zip(distribution.percentiles(percents)) {
                let rank = percent as f64 / 100.0 * (latencies.len() - 1) as f64;
                let (lower, upper) = (latencies[rank.floor() as usize] as f64, latencies[rank.ceil() as usize] as f64);
                let exact = lower + (upper - lower) * rank.fract();
                let off = (found.0 as f64 / 100.0 - exact).abs();
                prop_assert!(off <= exact / 128.0 + 0.02, "P{percent}: {found:?}, not {exact}");
            }
        }
    }

    #[test]
    fn what_is_taken_back_leaves_no_trace() {
        let mut distribution = of(&[5, 500, 5000]);
        distribution.remove(Sample { at_millis: 50_000, latency_millis: 5000 });
        assert_eq!(distribution.mean(), Hundredths(25_250));
        assert_eq!(distribution.percentiles([0]), [Hundredths(500)]);
    }
}
