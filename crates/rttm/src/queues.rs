//! Queues: how far consumers are behind (RT-Q1, RT-QAGG).

use std::collections::VecDeque;
use std::sync::Arc;

use hub_core::event::QueueMetric;
use hub_core::{Outcome, Timestamp};
use rpds::RedBlackTreeMapSync;
use serde::{Deserialize, Serialize};
use smol_str::SmolStr;

/// Points of a queue's history that are kept, the newest: 24 h of one each 5 minutes.
const HISTORY_MAX: usize = 288;
/// A point is stored at the latest after this time (RT-QAGG).
const STORE_AFTER_MILLIS: i64 = 5 * 60 * 1000;
/// Age up to which a snapshot may raise or keep an alert: ten times the producers' interval. (The platform's
/// minute let stable lags flap: BUG-R7.)
pub(crate) const FRESH_MILLIS: i64 = 5 * 60 * 1000;
/// Time for which a queue is known after its last snapshot.
const KNOWN_MILLIS: i64 = 24 * 3600 * 1000;

/// A consumer group's place in a partition.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Serialize, Deserialize)]
pub struct QueueKey {
    /// The topic.
    pub topic: SmolStr,
    /// Its partition.
    pub partition: u32,
    /// The group.
    pub group: SmolStr,
}

/// A queue as it was last reported.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct Queue {
    /// The service that reports it.
    pub service: SmolStr,
    /// The offset it was written up to.
    pub produced: u64,
    /// The offset it was read up to.
    pub consumed: u64,
    /// The difference.
    pub lag: u64,
    /// The time at which that was so.
    pub time: Timestamp,
    /// The same as its sender has it, by which a report is known when it comes again.
    snapshot_time: Option<Timestamp>,
    /// Earlier lags, the oldest first (RT-QAGG).
    pub history: VecDeque<(Timestamp, u64)>,
}

/// Queues by topic, partition and group; a value that is cloned in O(1).
pub(crate) type QueueMap = RedBlackTreeMapSync<QueueKey, Arc<Queue>>;

/// The queues of the pipeline.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct Queues {
    pub(crate) map: QueueMap,
    max: usize,
    /// The minute at which it was last looked for unknown ones.
    expired_at: i64,
}

impl Queues {
    /// At most `max`: a new one takes the place of the one that was not heard of for the longest time.
    pub(crate) fn new(max: usize) -> Queues {
        Queues { map: QueueMap::new_sync(), max, expired_at: 0 }
    }

    /// The minute at which it was last looked for unknown ones, if that can be represented in any unit.
    pub(crate) fn expired_minute(&self) -> i64 {
        self.expired_at.clamp(-1, i64::MAX / 60_000)
    }

    /// At most `max` from here on. Those beyond are forgotten at once.
    pub(crate) fn keep(&mut self, max: usize) {
        self.max = max;
        while self.map.size() > max {
            self.forget_oldest();
        }
    }

    /// A snapshot taken at `time`. One that its sender took at the same time
    /// as the last is a duplicate, an older one changes nothing.
    pub(crate) fn report(&mut self, metric: &QueueMetric, time: Timestamp) -> Outcome {
        let key = QueueKey {
            topic: metric.topic_name.clone(),
            partition: metric.partition_id,
            group: metric.consumer_group.clone(),
        };
        let known = self.map.get(&key);
        match known {
            // Not by `time`: reports of a clock that is fast all count as their records' time.
            Some(known) if known.snapshot_time.is_some() && known.snapshot_time == metric.snapshot_time => {
                return Outcome::Duplicate;
            }
            Some(known) if known.time > time => return Outcome::Stale,
            _ => {}
        }
        if time.millis() + KNOWN_MILLIS <= self.expired_at * 60_000 {
            // As of every window: what is older than it does not count.
            return Outcome::Accepted;
        }
        let mut history = known.map(|known| known.history.clone()).unwrap_or_default();
        if is_stored(history.back().copied(), time, metric.lag()) {
            history.push_back((time, metric.lag()));
            if history.len() > HISTORY_MAX {
                history.pop_front();
            }
        }
        if known.is_none() && self.map.size() >= self.max {
            self.forget_oldest();
        }
        let queue = Queue {
            service: metric.service_name.clone(),
            produced: metric.produced_offset,
            consumed: metric.consumed_offset,
            lag: metric.lag(),
            time,
            snapshot_time: metric.snapshot_time,
            history,
        };
        self.map.insert_mut(key, Arc::new(queue));
        Outcome::Accepted
    }

    /// Log time passes to `millis`: minute by minute, queues that were not
    /// heard of are forgotten. (What the last minute forgets holds what those
    /// before would have.)
    pub(crate) fn advance(&mut self, millis: i64) {
        let minute = millis.div_euclid(60_000);
        if minute == self.expired_at {
            return;
        }
        self.expired_at = minute;
        let known = |queue: &Queue| queue.time.millis() + KNOWN_MILLIS > minute * 60_000;
        let gone: Vec<QueueKey> =
            self.map.iter().filter(|(_, queue)| !known(queue)).map(|(key, _)| key.clone()).collect();
        for key in &gone {
            self.map.remove_mut(key);
        }
    }

    /// The largest lag that is known as of `millis`.
    pub(crate) fn largest_lag(&self, millis: i64) -> u64 {
        let fresh = |queue: &&Arc<Queue>| queue.time.millis() + FRESH_MILLIS > millis;
        self.map.values().filter(fresh).map(|queue| queue.lag).max().unwrap_or(0)
    }

    fn forget_oldest(&mut self) {
        let oldest = self.map.iter().min_by_key(|(_, queue)| queue.time).map(|(key, _)| key.clone());
        if let Some(key) = oldest {
            self.map.remove_mut(&key);
        }
    }
}

/// RT-QAGG: the first; a lag that differs by more than 10 %, or comes from or
/// goes to 0; else one each 5 minutes.
fn is_stored(last: Option<(Timestamp, u64)>, time: Timestamp, lag: u64) -> bool {
    let Some((last_time, last)) = last else { return true };
    let much = u128::from(lag.abs_diff(last)) * 10 > u128::from(last);
    let due = time.millis() - last_time.millis() >= STORE_AFTER_MILLIS;
    much || due || ((last == 0) != (lag == 0))
}

/// The `limit` queues with the largest lag, by topic, partition and group.
pub(crate) fn largest(queues: &QueueMap, limit: usize) -> Vec<(&QueueKey, &Arc<Queue>)> {
    let mut sorted: Vec<_> = queues.iter().collect();
    if sorted.len() > limit {
        sorted.sort_by(|(a_key, a), (b_key, b)| b.lag.cmp(&a.lag).then_with(|| a_key.cmp(b_key)));
        sorted.truncate(limit);
        sorted.sort_by_key(|(key, _)| *key);
    }
    sorted
}

#[cfg(test)]
mod tests {
    use super::*;

    const START: i64 = 1_770_460_200_000;

    fn at(seconds: i64) -> Timestamp {
        Timestamp::from_millis(START + seconds * 1000).unwrap()
    }

    fn report(queues: &mut Queues, partition: u32, lag: u64, seconds: i64) -> Outcome {
        queues.report(&metric(partition, lag, Some(at(seconds))), at(seconds))
    }

    fn metric(partition: u32, lag: u64, snapshot_time: Option<Timestamp>) -> QueueMetric {
        QueueMetric {
            service_name: "capture".into(),
            topic_name: "trades".into(),
            partition_id: partition,
            produced_offset: 1000 + lag,
            consumed_offset: 1000,
            consumer_group: "g".into(),
            snapshot_time,
        }
    }

    #[test]
    fn v7_what_is_stored() {
        let stored = |from, to, seconds| is_stored(Some((at(0), from)), at(seconds), to);
        assert!(!stored(100, 110, 30), "exactly 10 %");
        assert!(stored(100, 111, 30));
        assert!(stored(0, 1, 30));
        assert!(stored(5, 0, 30));
        assert!(!stored(0, 0, 299));
        assert!(stored(7, 7, 300), "unchanged after 5 min");
        assert!(is_stored(None, at(0), 0));
    }

    #[test]
    fn the_newest_snapshot_counts() {
        let mut queues = Queues::new(500);
        assert_eq!(report(&mut queues, 0, 7, 10), Outcome::Accepted);
        assert_eq!(report(&mut queues, 0, 7, 10), Outcome::Duplicate);
        assert_eq!(report(&mut queues, 0, 99, 9), Outcome::Stale);
        assert_eq!(report(&mut queues, 1, 3, 9), Outcome::Accepted);
        assert_eq!(queues.largest_lag(at(10).millis()), 7);
        assert_eq!(report(&mut queues, 0, 2, 11), Outcome::Accepted);
        assert_eq!(queues.largest_lag(at(11).millis()), 3);
        assert_eq!(queues.largest_lag(at(309).millis()), 2, "the other is too old");
        let history: Vec<_> =
            queues.map.values().next().unwrap().history.iter().map(|(_, lag)| *lag).collect();
        assert_eq!(history, [7, 2]);
    }

    #[test]
    fn reports_ahead_of_the_hub_s_time_are_newer_one_after_another() {
        let mut queues = Queues::new(500);
        for (ahead, lag, outcome) in [
            (240, 7, Outcome::Accepted),
            (240, 7, Outcome::Duplicate),
            (241, 3, Outcome::Accepted),
            (0, 5, Outcome::Accepted),
            (-1, 9, Outcome::Stale),
        ] {
            let reported = queues.report(&metric(0, lag, Some(at(ahead))), at(ahead.min(0)));
            assert_eq!(reported, outcome, "{ahead}");
        }
        for _ in 0..2 {
            assert_eq!(
                queues.report(&metric(0, 1, None), at(0)),
                Outcome::Accepted,
                "none says that it is the same"
            );
        }
    }

    #[test]
    fn memory_is_bounded_in_queues_points_and_time() {
        let mut queues = Queues::new(500);
        for partition in 0..503 {
            report(&mut queues, partition, 1, partition.into());
        }
        assert_eq!(queues.map.size(), 500);
        assert_eq!(queues.map.keys().next().unwrap().partition, 3);
        queues.keep(20);
        assert_eq!((queues.map.size(), queues.map.keys().next().unwrap().partition), (20, 483));
        for second in 0..1000 {
            report(&mut queues, 9, u64::from(second % 2 == 0), 1000 + second);
        }
        let nine = queues.map.iter().find(|(key, _)| key.partition == 9).unwrap().1;
        assert_eq!(nine.history.len(), HISTORY_MAX);
        queues.advance(at(1999).millis() + KNOWN_MILLIS + 60_000);
        assert!(queues.map.is_empty());
    }

    #[test]
    fn the_largest_are_shown_in_order() {
        let mut queues = Queues::new(500);
        for (partition, lag) in [(0, 5), (1, 9), (2, 7), (3, 1)] {
            report(&mut queues, partition, lag, 0);
        }
        let shown =
            |limit| largest(&queues.map, limit).iter().map(|(key, _)| key.partition).collect::<Vec<_>>();
        assert_eq!(shown(2), [1, 2]);
        assert_eq!(shown(9), [0, 1, 2, 3]);
    }
}
