//! Which transactions have been applied: AN-IDEM, without its holes (BUG-A4).

use std::collections::{HashSet, VecDeque};

use hub_core::{Timestamp, TransactionId};

/// The ids of applied transactions, for as long as they are remembered. An id
/// that was rejected is not among them: it may come again.
#[derive(Default, Debug)]
pub(crate) struct AppliedIds {
    ids: HashSet<TransactionId>,
    /// In the order of application, hence of time.
    applied: VecDeque<(Timestamp, TransactionId)>,
}

impl AppliedIds {
    pub(crate) fn contains(&self, id: TransactionId) -> bool {
        self.ids.contains(&id)
    }

    /// `id` was applied at `at`, which is not before any earlier one.
    pub(crate) fn insert(&mut self, id: TransactionId, at: Timestamp) {
        if self.ids.insert(id) {
            self.applied.push_back((at, id));
        }
    }

    /// Forgets what was applied `horizon_millis` or longer before `now`.
    /// Each id is visited once, so this is O(1) per id applied.
    pub(crate) fn expire(&mut self, now: Timestamp, horizon_millis: i64) {
        while let Some((at, id)) = self.applied.front()
            && at.plus_millis(horizon_millis) <= now
        {
            self.ids.remove(id);
            self.applied.pop_front();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_id_is_remembered_for_the_horizon_and_not_longer() {
        let (early, late) = (TransactionId::from_bytes([1; 16]), TransactionId::from_bytes([2; 16]));
        let at = |millis| Timestamp::from_millis(millis).unwrap();
        let mut ids = AppliedIds::default();
        ids.insert(early, at(1000));
        ids.insert(late, at(1001));
        ids.expire(at(1099), 100);
        assert!(ids.contains(early) && ids.contains(late));
        ids.expire(at(1100), 100);
        assert!(!ids.contains(early) && ids.contains(late));
        assert_eq!(ids.applied.len(), 1);
    }
}
