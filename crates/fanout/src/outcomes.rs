//! Outcomes, from the runner back to whoever waits for a record to be applied.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use hub_core::{Offset, Outcome, Verdict};
use tokio::sync::oneshot;

/// The outcomes of records that somebody waits for.
///
/// A caller takes a [`Claim`] *before* it appends, so that the outcomes of its
/// records are kept from then on, however fast they are applied; what nobody
/// has a claim on is forgotten. Only outcomes other than "accepted" without a
/// warning take memory.
#[derive(Clone, Default)]
pub struct Outcomes {
    inner: Arc<Mutex<Inner>>,
}

#[derive(Default)]
struct Inner {
    applied: Offset,
    /// Verdicts that are not plain, of records after the oldest claim.
    notable: BTreeMap<Offset, Verdict>,
    /// Number of claims that were taken while the runner stood at an offset.
    claims: BTreeMap<Offset, usize>,
    waiters: BTreeMap<Offset, Vec<oneshot::Sender<()>>>,
    stopped: bool,
}

/// The runner stopped before the record was applied. The record is in the log
/// and will be applied after the next start.
#[derive(Clone, Copy, PartialEq, Eq, Debug, thiserror::Error)]
#[error("the hub is stopping; the records are durable and will be applied at the next start")]
pub struct Stopped;

impl Outcomes {
    /// Keeps the outcomes of everything applied from now on.
    pub fn claim(&self) -> Claim {
        let mut inner = self.lock();
        let since = inner.applied;
        *inner.claims.entry(since).or_default() += 1;
        Claim { outcomes: self.clone(), since }
    }

    /// The last record applied.
    pub fn applied(&self) -> Offset {
        self.lock().applied
    }

    /// Resolves once `offset` has been applied.
    pub async fn reached(&self, offset: Offset) -> Result<(), Stopped> {
        let waiter = {
            let mut inner = self.lock();
            if inner.applied >= offset {
                return Ok(());
            }
            if inner.stopped {
                return Err(Stopped);
            }
            let (sender, receiver) = oneshot::channel();
            inner.waiters.entry(offset).or_default().push(sender);
            receiver
        };
        waiter.await.map_err(|_| Stopped)
    }

    /// The runner has applied everything up to `applied`.
    pub(crate) fn release(&self, applied: Offset, verdicts: impl IntoIterator<Item = (Offset, Verdict)>) {
        let mut inner = self.lock();
        inner.applied = applied;
        if !inner.claims.is_empty() {
            inner.notable.extend(verdicts);
        }
        let later = inner.waiters.split_off(&applied.next());
        let due = std::mem::replace(&mut inner.waiters, later);
        drop(inner);
        for waiter in due.into_values().flatten() {
            // A caller that is gone no longer cares.
            let _ = waiter.send(());
        }
    }

    /// Nothing will be applied any more: whoever waits is told.
    pub(crate) fn stop(&self) {
        let mut inner = self.lock();
        inner.stopped = true;
        inner.waiters.clear();
    }

    fn lock(&self) -> MutexGuard<'_, Inner> {
        // Every critical section leaves the maps whole, panicking or not.
        self.inner.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// The right to learn what became of records appended after it was taken.
pub struct Claim {
    outcomes: Outcomes,
    since: Offset,
}

impl Claim {
    /// Waits until all of `offsets` are applied and gives the verdicts on them, in
    /// the same order.
    pub async fn verdicts(&self, offsets: &[Offset]) -> Result<Vec<Verdict>, Stopped> {
        let Some(last) = offsets.iter().max() else { return Ok(Vec::new()) };
        self.outcomes.reached(*last).await?;
        let inner = self.outcomes.lock();
        let verdict = |offset| inner.notable.get(offset).cloned().unwrap_or(Outcome::Accepted.into());
        Ok(offsets.iter().map(verdict).collect())
    }
}

impl Drop for Claim {
    fn drop(&mut self) {
        let mut inner = self.outcomes.lock();
        if let Some(count) = inner.claims.get_mut(&self.since) {
            *count -= 1;
            if *count == 0 {
                inner.claims.remove(&self.since);
            }
        }
        match inner.claims.first_key_value().map(|(oldest, _)| oldest.next()) {
            Some(wanted) => inner.notable = inner.notable.split_off(&wanted),
            None => inner.notable.clear(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn outcomes_are_kept_only_as_long_as_somebody_has_a_claim_on_them() {
        let outcomes = Outcomes::default();
        outcomes.release(Offset(1), [(Offset(1), Outcome::Stale.into())]);
        assert!(outcomes.lock().notable.is_empty(), "nobody asked");

        let first = outcomes.claim();
        outcomes.release(Offset(2), [(Offset(2), Outcome::Duplicate.into())]);
        let second = outcomes.claim();
        outcomes.release(Offset(3), [(Offset(3), Outcome::Stale.into())]);
        drop(first);
        assert_eq!(outcomes.lock().notable.keys().copied().collect::<Vec<_>>(), [Offset(3)]);
        drop(second);
        assert!(outcomes.lock().notable.is_empty());
        assert!(outcomes.lock().claims.is_empty());
    }

    #[tokio::test]
    async fn a_claim_taken_before_the_append_sees_what_was_applied_before_it_asked() {
        let outcomes = Outcomes::default();
        let claim = outcomes.claim();
        outcomes.release(Offset(2), [(Offset(2), Outcome::Duplicate.into())]);
        let got = claim.verdicts(&[Offset(1), Offset(2)]).await;
        assert_eq!(got, Ok(vec![Outcome::Accepted.into(), Outcome::Duplicate.into()]));
    }

    #[tokio::test]
    async fn whoever_waits_is_told_when_the_runner_stops() {
        let outcomes = Outcomes::default();
        let waiting = tokio::spawn({
            let outcomes = outcomes.clone();
            async move { outcomes.claim().verdicts(&[Offset(9)]).await }
        });
        tokio::task::yield_now().await;
        outcomes.stop();
        assert_eq!(waiting.await.unwrap(), Err(Stopped));
        assert_eq!(outcomes.reached(Offset(9)).await, Err(Stopped));
    }
}
