//! Alerts (RT-ALERT): one per condition, raised once, cleared when the
//! condition clears.

mod alert;
mod walk;

use std::collections::VecDeque;
use std::sync::Arc;

use hub_core::{AlertRules, Offset, Thresholds, Timestamp};
use serde::{Deserialize, Serialize};

pub use alert::{Alert, Metric, Severity};

use crate::hundredths::Hundredths;

/// All alerts at one position; shared, never changed.
#[derive(Clone, Debug, Default)]
pub struct AlertBoard {
    /// Active alerts, the newest first.
    pub active: Vec<Alert>,
    /// Cleared alerts, the last first, each with the record at which it
    /// did.
    pub cleared: Vec<(Offset, Alert)>,
    /// The record that last changed any of this.
    pub version: Offset,
}

#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug, Serialize, Deserialize)]
enum Level {
    Warning,
    Critical,
}

/// An active alert, and since when its value is well below the levels.
#[derive(Debug, Serialize, Deserialize)]
struct Active {
    alert: Alert,
    level: Level,
    below_critical: Option<Timestamp>,
    below_warning: Option<Timestamp>,
}

/// The alerts' state.
#[derive(Debug, Serialize, Deserialize)]
#[serde(from = "walk::Walked")]
pub(crate) struct Alerts {
    active: [Option<Active>; Metric::ALL.len()],
    cleared: VecDeque<(Offset, Alert)>,
    cleared_max: usize,
    /// The others, as of its version, which is all that is walked of it.
    #[serde(serialize_with = "walk::version")]
    pub(crate) board: Arc<AlertBoard>,
}

impl Alerts {
    /// With at most `cleared_max` that were cleared: the newest.
    pub(crate) fn new(cleared_max: usize) -> Alerts {
        Alerts { active: Default::default(), cleared: VecDeque::new(), cleared_max, board: Arc::default() }
    }

    /// At most `cleared_max` from here on, as the record at `offset` says. Those beyond are forgotten at once.
    pub(crate) fn keep(&mut self, cleared_max: usize, offset: Offset) {
        self.cleared_max = cleared_max;
        if self.cleared.len() > cleared_max {
            self.cleared.truncate(cleared_max);
            self.show(offset);
        }
    }

    /// The second `boundary` begins, and `values` are what the windows hold, by
    /// [`Metric::ALL`]. Changes belong to `offset`, the record that brought
    /// the time.
    pub(crate) fn evaluate(
        &mut self,
        boundary: Timestamp,
        offset: Offset,
        values: &[Hundredths; Metric::ALL.len()],
        rules: &AlertRules,
    ) {
        let mut changed = false;
        for ((slot, metric), value) in self.active.iter_mut().zip(Metric::ALL).zip(values) {
            let reading = Reading { metric, value: *value, thresholds: metric.thresholds(rules), boundary };
            changed |= reading.update(slot, rules);
            if let Some(done) = slot.take_if(|active| active.alert.cleared_at.is_some()) {
                self.cleared.push_front((offset, done.alert));
                self.cleared.truncate(self.cleared_max);
            }
        }
        if changed {
            self.show(offset);
        }
    }

    /// Puts on the board what there is, as of `offset`.
    fn show(&mut self, offset: Offset) {
        let mut active: Vec<Alert> =
            self.active.iter().flatten().map(|active| active.alert.clone()).collect();
        active.sort_by_key(|alert| std::cmp::Reverse(alert.raised_at));
        let cleared = self.cleared.iter().cloned().collect();
        self.board = Arc::new(AlertBoard { active, cleared, version: offset });
    }
}

/// One condition at one second.
struct Reading {
    metric: Metric,
    value: Hundredths,
    thresholds: Thresholds,
    boundary: Timestamp,
}

impl Reading {
    /// Raises, raises further, lowers or clears; returns whether it did any.
    fn update(&self, slot: &mut Option<Active>, rules: &AlertRules) -> bool {
        let Some(active) = slot else {
            let Some(level) = self.level() else { return false };
            let alert = Alert {
                metric: self.metric,
                severity: self.severity(level),
                value: self.value,
                threshold: self.threshold(level),
                raised_at: self.boundary,
                cleared_at: None,
            };
            *slot = Some(Active { alert, level, below_critical: None, below_warning: None });
            return true;
        };
        self.note_below(active, rules);
        if self.level() > Some(active.level) {
            self.set_level(active, Level::Critical);
        } else if self.is_over(active.below_warning, rules) {
            active.alert.cleared_at = Some(self.boundary);
        } else if active.level == Level::Critical && self.is_over(active.below_critical, rules) {
            self.set_level(active, Level::Warning);
        } else {
            return false;
        }
        true
    }

    fn set_level(&self, active: &mut Active, level: Level) {
        active.level = level;
        active.alert.severity = self.severity(level);
        active.alert.value = self.value;
        active.alert.threshold = self.threshold(level);
    }

    fn note_below(&self, active: &mut Active, rules: &AlertRules) {
        let below = |level| {
            let share = u128::from(self.threshold(level)) * u128::from(rules.clear_below_percent.min(100));
            u128::from(self.value.0) < share
        };
        let levels =
            [(Level::Warning, &mut active.below_warning), (Level::Critical, &mut active.below_critical)];
        for (level, since) in levels {
            *since = if below(level) { since.or(Some(self.boundary)) } else { None };
        }
    }

    fn is_over(&self, since: Option<Timestamp>, rules: &AlertRules) -> bool {
        since.is_some_and(|since| since.plus_millis(rules.clear_after_ms.into()) <= self.boundary)
    }

    /// Critical wins (V8).
    fn level(&self) -> Option<Level> {
        let reached = |level: &Level| self.value >= Hundredths::whole(self.threshold(*level));
        [Level::Critical, Level::Warning].into_iter().find(reached)
    }

    fn threshold(&self, level: Level) -> u64 {
        match level {
            Level::Warning => self.thresholds.warning.into(),
            Level::Critical => self.thresholds.critical.into(),
        }
    }

    fn severity(&self, level: Level) -> Severity {
        match (level, self.metric) {
            (Level::Critical, _) => Severity::Critical,
            (Level::Warning, Metric::Tps) => Severity::Medium,
            (Level::Warning, _) => Severity::High,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const DLQ: usize = 7;

    struct Scene {
        alerts: Alerts,
        second: i64,
        rules: AlertRules,
    }

    impl Scene {
        fn new() -> Scene {
            Scene { alerts: Alerts::new(100), second: 1000, rules: AlertRules::default() }
        }

        /// A second passes with so many dead letters.
        fn pass(&mut self, dead_letters: u64) {
            self.second += 1;
            let mut values = [Hundredths::default(); Metric::ALL.len()];
            values[DLQ] = Hundredths::whole(dead_letters);
            let boundary = Timestamp::from_millis(self.second * 1000).unwrap();
            self.alerts.evaluate(boundary, Offset(self.second as u64), &values, &self.rules);
        }

        fn severities(&self) -> Vec<&'static str> {
            self.alerts.board.active.iter().map(|alert| alert.severity.as_str()).collect()
        }
    }

    #[test]
    fn v8_the_critical_threshold_itself_is_critical_only() {
        assert_eq!(Metric::ALL[DLQ], Metric::DlqCount);
        let mut scene = Scene::new();
        scene.pass(9);
        assert!(scene.severities().is_empty());
        scene.pass(50);
        assert_eq!(scene.severities(), ["CRITICAL"]);
        let alert = &scene.alerts.board.active[0];
        assert_eq!(
            (alert.id().as_str(), alert.message().as_str(), alert.source()),
            ("DLQ_COUNT@1002", "DLQ_COUNT: 50.00 vs 50.00", "pipeline")
        );
    }

    #[test]
    fn it_is_raised_once_and_rises_and_falls_as_one() {
        let mut scene = Scene::new();
        for value in [10, 12, 49, 30] {
            scene.pass(value);
            assert_eq!((scene.severities(), scene.alerts.board.version), (vec!["HIGH"], Offset(1001)));
        }
        scene.pass(60);
        assert_eq!((scene.severities(), scene.alerts.board.version), (vec!["CRITICAL"], Offset(1005)));
        // 45 is not below 90 % of 50; 44 is.
        (0..200).for_each(|_| scene.pass(45));
        (0..60).for_each(|_| scene.pass(44));
        assert_eq!(scene.severities(), ["CRITICAL"]);
        scene.pass(44);
        assert_eq!(scene.severities(), ["HIGH"]);
        let alert = &scene.alerts.board.active[0];
        assert_eq!(
            (alert.id().as_str(), alert.message().as_str()),
            ("DLQ_COUNT@1001", "DLQ_COUNT: 44.00 vs 10.00")
        );
    }

    #[test]
    fn it_clears_once_it_stayed_below_for_long_enough() {
        let mut scene = Scene::new();
        scene.pass(60);
        (0..60).for_each(|_| scene.pass(8));
        scene.pass(9);
        (0..60).for_each(|_| scene.pass(8));
        assert_eq!(scene.severities(), ["HIGH"], "9 is not below 90 % of 10: it began anew");
        scene.pass(8);
        let board = Arc::clone(&scene.alerts.board);
        assert!(board.active.is_empty());
        let (offset, alert) = &board.cleared[0];
        assert_eq!(
            (offset.0.cast_signed(), alert.cleared_at.unwrap().second()),
            (scene.second, scene.second)
        );
        scene.pass(8);
        assert_eq!(scene.alerts.board.version, board.version, "nothing more happens");
        scene.pass(10);
        assert_ne!(scene.alerts.board.active[0].id(), alert.id(), "another one");
        assert_eq!(scene.alerts.board.cleared.len(), 1);
    }

    #[test]
    fn cleared_ones_are_kept_in_bounds_the_last_first() {
        let mut scene = Scene::new();
        scene.rules.clear_after_ms = 0;
        for _ in 0..105 {
            scene.pass(10);
            scene.pass(0);
        }
        let newest = |scene: &Scene| {
            let board = &scene.alerts.board;
            (board.cleared.len(), board.cleared[0].0, board.version)
        };
        let last = Offset(scene.second as u64);
        assert_eq!(newest(&scene), (100, last, last));
        scene.alerts.keep(100, Offset(9000));
        assert_eq!(newest(&scene), (100, last, last), "nothing changed");
        scene.alerts.keep(3, Offset(9000));
        assert_eq!(newest(&scene), (3, last, Offset(9000)));
    }
}
