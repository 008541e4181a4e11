//! Refusals, by door and reason: counted, and logged for the operator at most once a second for each reason,
//! however many there were.

use std::collections::HashMap;
use std::fmt::Display;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use prometheus_client::encoding::EncodeLabelSet;
use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::family::Family;
use prometheus_client::registry::Registry;

/// Time for which a reason is not logged again.
const PAUSE: Duration = Duration::from_secs(1);

/// Characters of a case that are logged, at most.
const CASE_CHARS: usize = 240;

/// `door`, `reason`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
pub struct RefusalLabels {
    /// Protocol that the peer spoke: `http`, `websocket`, `sockjs`, `sockjs-http`, `tcp`; `connection` before
    /// that is known.
    pub door: &'static str,
    /// Such as `origin` or `not_found`.
    pub reason: &'static str,
}

/// Every 4xx and 5xx, every close by the hub and every ERROR. Cheap to clone:
/// the clones count together.
#[derive(Clone, Default)]
pub struct Refusals {
    counts: Family<RefusalLabels, Counter>,
    unreported: Arc<Mutex<HashMap<RefusalLabels, Unreported>>>,
}

/// Refusals for one reason that were not logged yet.
#[derive(Default)]
struct Unreported {
    told: Option<Instant>,
    times: u64,
    /// The first of them.
    case: String,
}

impl Refusals {
    /// Counts one; `case` is what it was about.
    pub fn note(&self, door: &'static str, reason: &'static str, case: impl Display, now: Instant) {
        self.count(door, reason);
        let labels = RefusalLabels { door, reason };
        let told = {
            let mut all = self.lock();
            let unreported = all.entry(labels).or_default();
            if unreported.times == 0 {
                unreported.case = case.to_string().chars().take(CASE_CHARS).collect();
            }
            unreported.times += 1;
            unreported.take(now)
        };
        // Nobody waits for the log behind the lock.
        if let Some(told) = told {
            log(labels, &told);
        }
    }

    /// Counts one of which the operator is told otherwise.
    pub fn count(&self, door: &'static str, reason: &'static str) {
        self.counts.get_or_create(&RefusalLabels { door, reason }).inc();
    }

    /// Tells what had to wait. To be called now and then.
    pub fn log_due(&self, now: Instant) {
        let due: Vec<_> = {
            let mut all = self.lock();
            all.iter_mut().filter_map(|(labels, unreported)| Some((*labels, unreported.take(now)?))).collect()
        };
        for (labels, told) in due {
            log(labels, &told);
        }
    }

    /// Shows the counter under its public name.
    pub(crate) fn register(&self, registry: &mut Registry) {
        registry.register("refusals", "What was refused, at which door and why", self.counts.clone());
    }

    fn lock(&self) -> MutexGuard<'_, HashMap<RefusalLabels, Unreported>> {
        self.unreported.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn log(RefusalLabels { door, reason }: RefusalLabels, (times, case): &(u64, String)) {
    // What a peer sent is quoted: it may hold line breaks.
    tracing::info!(door, reason, times, ?case, "refused");
}

impl Unreported {
    fn take(&mut self, now: Instant) -> Option<(u64, String)> {
        let is_due = self.told.is_none_or(|told| now.saturating_duration_since(told) >= PAUSE);
        if self.times == 0 || !is_due {
            return None;
        }
        self.told = Some(now);
        Some((std::mem::take(&mut self.times), std::mem::take(&mut self.case)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const LABELS: RefusalLabels = RefusalLabels { door: "http", reason: "not_found" };

    fn unreported(refusals: &Refusals) -> u64 {
        refusals.lock().get(&LABELS).map_or(0, |unreported| unreported.times)
    }

    #[test]
    fn every_refusal_counts_and_a_reason_is_told_once_a_second_with_how_many_there_were() {
        let refusals = Refusals::default();
        let began = Instant::now();
        let at = |millis| began + Duration::from_millis(millis);
        refusals.note("http", "not_found", "GET /a", at(0));
        assert_eq!(unreported(&refusals), 0, "the first is told at once");
        for millis in [1, 500, 999] {
            refusals.note("http", "not_found", format!("GET /{millis}"), at(millis));
        }
        refusals.note("http", "origin", "GET /", at(999));
        refusals.log_due(at(999));
        assert_eq!(unreported(&refusals), 3);
        let waiting = refusals.lock().get_mut(&LABELS).and_then(|unreported| unreported.take(at(1000)));
        assert_eq!(waiting, Some((3, "GET /1".to_owned())));
        refusals.log_due(at(9999));
        assert_eq!(unreported(&refusals), 0);
        assert_eq!(refusals.counts.get_or_create(&LABELS).get(), 4);
    }
}
