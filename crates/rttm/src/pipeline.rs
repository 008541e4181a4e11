//! Rates, counts and latencies of the pipeline (RT-M, RT-P, RT-T).

use hub_core::event::Stage;
use hub_core::{AlertRules, Timestamp};
use serde::{Deserialize, Serialize};

use crate::distribution::{Distribution, Sample};
use crate::hundredths::Hundredths;
use crate::trades::Firsts;
use crate::window::Window;

const MINUTE: i64 = 60_000;
const DAY_MINUTES: u16 = 24 * 60;
const TREND_HOURS: usize = 24;

/// The place of the way from RECEIVED to COMMITTED among the ways; the others
/// are by the stage they end in.
const END_TO_END: usize = 0;

/// The windows of the pipeline.
///
/// | what | window | buckets |
/// |---|---|---|
/// | current rate | 5 s | 100 ms |
/// | peak rates | 300 s, 61 s | 1 s |
/// | trend | 24 h | 1 h |
/// | counts, latencies | 24 h | 1 min |
/// | latencies for alerts | 5 min | 10 s |
#[derive(Serialize, Deserialize)]
pub(crate) struct Pipeline {
    current: Window,
    peak: Window,
    alert_peak: Window,
    trend: Window,
    counts: Window,
    invalid: Window,
    /// By [`END_TO_END`] and the index of the stage where a way ends.
    day: [Distribution; Stage::COUNT],
    /// By stage; none ends at the first.
    recent: [Distribution; Stage::COUNT],
}

impl Pipeline {
    pub(crate) fn new() -> Pipeline {
        Pipeline {
            current: Window::new(50, 100, 1),
            peak: Window::new(300, 1000, 1),
            alert_peak: Window::new(61, 1000, 1),
            trend: Window::new(TREND_HOURS as u16, 60 * MINUTE, 1),
            counts: Window::new(DAY_MINUTES, MINUTE, Stage::COUNT),
            invalid: Window::new(DAY_MINUTES, MINUTE, 1),
            day: [(); Stage::COUNT].map(|()| Distribution::new(DAY_MINUTES, MINUTE)),
            recent: [(); Stage::COUNT].map(|()| Distribution::new(31, 10_000)),
        }
    }

    /// True if it has the windows of the other.
    pub(crate) fn is_like(&self, other: &Pipeline) -> bool {
        let Pipeline { current, peak, alert_peak, trend, counts, invalid, day, recent } = self;
        let windows = [
            (current, &other.current),
            (peak, &other.peak),
            (alert_peak, &other.alert_peak),
            (trend, &other.trend),
            (counts, &other.counts),
            (invalid, &other.invalid),
        ];
        let mut distributions = day.iter().zip(&other.day).chain(recent.iter().zip(&other.recent));
        windows.iter().all(|(one, other)| one.shape() == other.shape())
            && distributions.all(|(one, other)| one.is_like(other))
    }

    pub(crate) fn advance(&mut self, millis: i64) {
        let windows = [
            &mut self.current,
            &mut self.peak,
            &mut self.alert_peak,
            &mut self.trend,
            &mut self.counts,
            &mut self.invalid,
        ];
        for window in windows {
            window.advance(millis, |_| {});
        }
        for distribution in self.day.iter_mut().chain(&mut self.recent) {
            distribution.advance(millis);
        }
    }

    /// A trade was seen at a stage (RT-P1); at the first, it counts into the
    /// rates, which are of trades, not of events (BUG-R9).
    pub(crate) fn saw(&mut self, stage: Stage, time: Timestamp) {
        let millis = time.millis();
        self.counts.add(millis, stage.index() as u16, 1);
        if stage == Stage::Received {
            for window in [&mut self.current, &mut self.peak, &mut self.alert_peak, &mut self.trend] {
                window.add(millis, 0, 1);
            }
        }
    }

    /// Validation refused a trade (RT-M5).
    pub(crate) fn refused(&mut self, time: Timestamp) {
        self.invalid.add(time.millis(), 0, 1);
    }

    /// A trade's first events at the stages are others than they were: the
    /// latencies between them (RT-LAT) are taken back and noted anew, so that
    /// none counts twice (BUG-R6) and the order of arrival does not matter.
    pub(crate) fn retime(&mut self, before: &Firsts, after: &Firsts) {
        for way in 0..Stage::COUNT {
            let (old, new) = (latency(before, way), latency(after, way));
            if old == new {
                continue;
            }
            for distribution in [&mut self.day[way], &mut self.recent[way]] {
                if let Some(old) = old {
                    distribution.remove(old);
                }
                if let Some(new) = new {
                    distribution.add(new);
                }
            }
        }
    }

    /// P95 and P99 of a stage over the last 5 minutes.
    pub(crate) fn recent_percentiles(&self, stage: Stage) -> [Hundredths; 2] {
        match stage {
            Stage::Received => Default::default(),
            _ => self.recent[stage.index()].percentiles([95, 99]),
        }
    }

    /// The most trades received in one second of the last 60.
    pub(crate) fn recent_peak(&self) -> u64 {
        self.alert_peak.peak(0)
    }

    pub(crate) fn numbers(&self, dead_letters: u64, rules: &AlertRules) -> Numbers {
        let end_to_end = &self.day[END_TO_END];
        let [p95, p99] = end_to_end.percentiles([95, 99]);
        let stage = |stage: &Stage| StageNumbers {
            count: self.counts.total(stage.index() as u16),
            latency: match stage {
                Stage::Received => Hundredths::default(),
                stage => self.day[stage.index()].mean(),
            },
        };
        let mut trend = [0; TREND_HOURS];
        trend.iter_mut().zip(self.trend.counts(0)).for_each(|(hour, count)| *hour = count);
        let mut stages = [StageNumbers::default(); Stage::COUNT];
        stages.iter_mut().zip(Stage::ALL.iter().map(stage)).for_each(|(to, from)| *to = from);
        Numbers {
            // In tenths: events of 5 s, divided by 5.
            tps_tenths: self.current.total(0) * 2,
            peak_tps: self.peak.peak(0),
            latency: end_to_end.mean(),
            p95,
            p99,
            dead_letters,
            invalid: self.invalid.total(0),
            stages,
            trend,
            tps_thresholds: rules.tps,
        }
    }
}

/// The latency of a way, where both its ends are known: from the stage before
/// to a stage, or from the first to the last. It belongs to the time at which
/// it ends.
fn latency(firsts: &Firsts, way: usize) -> Option<Sample> {
    let (from, to) = if way == END_TO_END { (0, Stage::COUNT - 1) } else { (way - 1, way) };
    let (from, to) = (firsts[from]?.millis(), firsts[to]?.millis());
    Some(Sample { at_millis: to, latency_millis: to.saturating_sub(from).max(0).unsigned_abs() })
}

/// The pipeline's numbers, at one position of the log.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Numbers {
    /// RT-M1: trades received in the last 5 s, a second, in tenths.
    pub tps_tenths: u64,
    /// RT-M2: the most trades received in one second of the last 300.
    pub peak_tps: u64,
    /// RT-M3: from RECEIVED to COMMITTED, mean over 24 h, in milliseconds.
    pub latency: Hundredths,
    /// RT-T2: the 95th percentile of the same.
    pub p95: Hundredths,
    /// RT-T2: the 99th.
    pub p99: Hundredths,
    /// RT-M4: dead letters of 24 h, the hub's own among them.
    pub dead_letters: u64,
    /// RT-M5: invalid trades of 24 h.
    pub invalid: u64,
    /// Each stage's numbers, in the order of the pipeline.
    pub stages: [StageNumbers; Stage::COUNT],
    /// RT-T1: trades received per hour, the hour that runs last.
    pub trend: [u64; TREND_HOURS],
    /// The rates that are remarkable.
    pub tps_thresholds: hub_core::Thresholds,
}

/// One stage, over 24 h.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct StageNumbers {
    /// RT-P1: events.
    pub count: u64,
    /// RT-P2: mean latency from the stage before, in milliseconds.
    pub latency: Hundredths,
}

impl Numbers {
    /// RT-P3: how many of the stage before came to this one, in percent; of
    /// the first stage 100, when it has any.
    pub fn success_rate(&self, stage: Stage) -> Hundredths {
        let count = self.stages[stage.index()].count;
        match stage.index().checked_sub(1) {
            Some(before) => Hundredths::ratio(count.saturating_mul(100), self.stages[before].count),
            None => Hundredths::whole(if count > 0 { 100 } else { 0 }),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn v6_success_rates() {
        let nothing = Pipeline::new().numbers(0, &AlertRules::default());
        let mut numbers = nothing;
        for (stage, count) in numbers.stages.iter_mut().zip([81_677, 42_377, 1654, 1654]) {
            stage.count = count;
        }
        let rates: Vec<_> = Stage::ALL.iter().map(|stage| numbers.success_rate(*stage)).collect();
        assert_eq!(rates, [10_000, 5188, 390, 10_000].map(Hundredths));
        assert_eq!(nothing.success_rate(Stage::Received), Hundredths(0));
        assert_eq!(nothing.success_rate(Stage::Enriched), Hundredths(0));
    }
}
