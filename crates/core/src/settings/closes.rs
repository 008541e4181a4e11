//! The ends of days.

use std::sync::Arc;

use serde::{Deserialize, Serialize};

use crate::{Date, Timestamp};

/// The instants at which days end, for a year ahead and more, the earliest first.
///
/// They are in the settings, and so in the log: a time zone's rules are a table that changes from year to year, and what
/// was a day must stay one when the log is replayed by whoever has another table.
#[derive(Clone, PartialEq, Eq, Debug, Default, Serialize, Deserialize)]
#[serde(from = "Vec<CloseRun>", into = "Vec<CloseRun>")]
pub struct Closes(Arc<[CloseRun]>);

/// Days each of which ends 24 hours after the one before.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct CloseRun {
    /// The first of the days.
    pub date: Date,
    /// Its end.
    pub at: Timestamp,
    /// The number of days.
    pub days: u16,
}

/// The end of a day.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct Close {
    /// The day that ends.
    pub date: Date,
    /// The instant at which it ends: what is recorded from there on belongs to the next day.
    pub at: Timestamp,
}

/// Days after which they are logged again: of a log that is written every day they are a small part.
const RENEWED_AFTER_DAYS: i32 = 30;

/// 24 hours.
const DAY_MILLIS: i64 = 24 * 60 * 60 * 1000;

impl CloseRun {
    fn close(self, number: u16) -> Option<Close> {
        let date = self.date.plus_days(number.into())?;
        Some(Close { date, at: self.at.plus_millis(i64::from(number) * DAY_MILLIS) })
    }

    fn last(self) -> Option<Close> {
        self.close(self.days.checked_sub(1)?)
    }

    /// The first that is after this time and of a day after this one.
    fn next(self, now: Timestamp, after: Option<Date>) -> Option<Close> {
        let first = i64::from(self.date.days());
        let by_date = after.map_or(0, |after| i64::from(after.days()) + 1 - first);
        let passed = now.millis() - self.at.millis();
        let by_time = if now < self.at { 0 } else { passed.div_euclid(DAY_MILLIS) };
        // Within the day that was found, whose end may be now.
        (by_time.max(by_date).max(0)..i64::from(self.days))
            .filter_map(|number| self.close(number.try_into().ok()?))
            .find(|close| close.at > now)
    }
}

impl Closes {
    /// The next end of a day after this time, of a day after this one if it is given.
    pub fn next(&self, now: Timestamp, after: Option<Date>) -> Option<Close> {
        self.0.iter().find_map(|run| run.next(now, after))
    }

    /// The last that is known.
    pub fn last(&self) -> Option<Close> {
        self.0.iter().filter_map(|run| run.last()).next_back()
    }

    /// True if these, which the log has, may stay at this time though `wanted` has been worked out anew: it says the same
    /// for as long as these reach, and reaches little farther.
    pub(super) fn may_stay(&self, wanted: &Closes, now: Timestamp) -> bool {
        let reaches = |closes: &Closes| closes.last().map(|close| close.date);
        let is_far_enough = match (reaches(self), reaches(wanted)) {
            (Some(held), Some(wanted)) => wanted.days() - held.days() <= RENEWED_AFTER_DAYS,
            (held, wanted) => held == wanted,
        };
        is_far_enough && self.agrees(wanted, now)
    }

    /// True if from this time on both say the same, as far as this one reaches.
    fn agrees(&self, other: &Closes, now: Timestamp) -> bool {
        let (mut after, mut now) = (None, now);
        while let Some(close) = self.next(now, after) {
            if other.next(now, after) != Some(close) {
                return false;
            }
            (now, after) = (close.at, Some(close.date));
        }
        true
    }
}

impl FromIterator<Close> for Closes {
    /// Of closes in their order; one that is not later than the one before is left out.
    fn from_iter<I: IntoIterator<Item = Close>>(closes: I) -> Closes {
        let mut runs: Vec<CloseRun> = Vec::new();
        for Close { date, at } in closes {
            match runs.last_mut() {
                Some(run) if run.last().is_some_and(|last| date <= last.date || at <= last.at) => {}
                Some(run) if run.days < u16::MAX && run.close(run.days) == Some(Close { date, at }) => {
                    run.days += 1;
                }
                _ => runs.push(CloseRun { date, at, days: 1 }),
            }
        }
        Closes(runs.into())
    }
}

impl From<Vec<CloseRun>> for Closes {
    fn from(runs: Vec<CloseRun>) -> Closes {
        Closes(runs.into())
    }
}

impl From<Closes> for Vec<CloseRun> {
    fn from(closes: Closes) -> Vec<CloseRun> {
        closes.0.to_vec()
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn close(date: i32, millis: i64) -> Close {
        Close { date: Date::from_days(date).unwrap(), at: Timestamp::from_millis(millis).unwrap() }
    }

    fn all(closes: &Closes) -> Vec<Close> {
        let mut all: Vec<Close> = Vec::new();
        loop {
            let (now, after) =
                all.last().map_or((Timestamp::default(), None), |last| (last.at, Some(last.date)));
            match closes.next(now, after) {
                Some(next) => all.push(next),
                None => return all,
            }
        }
    }

    #[test]
    fn a_year_without_changes_of_the_clock_is_one_run() {
        let closes: Closes = (0..366).map(|day| close(day, (i64::from(day) + 1) * DAY_MILLIS)).collect();
        assert_eq!(closes.0.len(), 1);
        assert_eq!(all(&closes).len(), 366);
        let json = serde_json::to_string(&closes).unwrap();
        assert_eq!(json, r#"[{"date":"1970-01-01","at":"1970-01-02T00:00:00.000000Z","days":366}]"#);
        assert_eq!(serde_json::from_str::<Closes>(&json).unwrap(), closes);
    }

    #[test]
    fn a_close_that_is_now_is_over() {
        let closes: Closes = [close(0, DAY_MILLIS), close(1, 2 * DAY_MILLIS)].into_iter().collect();
        let at = |millis| Timestamp::from_millis(millis).unwrap();
        assert_eq!(closes.next(at(DAY_MILLIS - 1), None), Some(close(0, DAY_MILLIS)));
        assert_eq!(closes.next(at(DAY_MILLIS), None), Some(close(1, 2 * DAY_MILLIS)));
        let first = Date::from_days(0);
        assert_eq!(closes.next(at(5), first), Some(close(1, 2 * DAY_MILLIS)), "a day ends once");
        assert_eq!(closes.next(at(2 * DAY_MILLIS), None), None);
    }

    #[test]
    fn what_the_log_has_stays_until_it_says_something_else_or_reaches_too_little_ahead() {
        let days = |from: i32, hours: i64| -> Closes {
            let at = |day: i32| i64::from(day) * DAY_MILLIS + hours * 3_600_000;
            (from..from + 400).map(|day| close(day, at(day))).collect()
        };
        let at = |day: i64| Timestamp::from_millis(day * DAY_MILLIS).unwrap();
        let held = days(100, 24);
        assert!(held.may_stay(&held, at(101)));
        assert!(held.may_stay(&days(130, 24), at(130)));
        assert!(!held.may_stay(&days(131, 24), at(131)), "they don't reach far enough");
        assert!(!held.may_stay(&days(100, 23), at(101)), "days end at another time");
        assert!(!held.may_stay(&Closes::default(), at(101)));
        assert!(!Closes::default().may_stay(&held, at(101)));
        assert!(Closes::default().may_stay(&Closes::default(), at(101)));
    }

    proptest! {
        #[test]
        fn closes_are_those_that_were_given(steps in proptest::collection::vec((1_i32..3, 22_i64..27), 0..50)) {
            let mut last = close(0, DAY_MILLIS);
            let given: Vec<Close> = steps.iter().map(|(days, hours)| {
                last = close(last.date.days() + days, last.at.millis() + hours * 3_600_000);
                last
            }).collect();
            let closes: Closes = given.iter().copied().collect();
            prop_assert_eq!(all(&closes), given.clone());
            prop_assert_eq!(closes.last(), given.last().copied());
            let fewer: Closes = given.iter().copied().take(given.len() / 2).collect();
            prop_assert!(fewer.agrees(&closes, Timestamp::default()));
            prop_assert!(closes.agrees(&closes, Timestamp::default()));
            if let Some(last) = given.last() {
                prop_assert!(!closes.agrees(&fewer, Timestamp::default()));
                prop_assert!(closes.agrees(&fewer, last.at), "what is over counts no more");
            }
        }

        #[test]
        fn whatever_the_log_says_comes_to_an_end(runs in proptest::collection::vec((0_i32..99, 0_i64..99, any::<u16>()), 0..5)) {
            let runs = runs.into_iter().map(|(date, day, days)| {
                let Close { date, at } = close(date, day * DAY_MILLIS);
                CloseRun { date, at, days }
            });
            let closes = Closes::from(runs.collect::<Vec<_>>());
            let found = all(&closes);
            prop_assert!(found.is_sorted_by(|a, b| a.at < b.at && a.date < b.date));
        }
    }
}
