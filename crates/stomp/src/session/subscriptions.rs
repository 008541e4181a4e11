//! Which subscriptions a session has.

use super::SubscriptionRef;

/// The subscriptions of one session: few, so they are kept in a row.
#[derive(Debug, Default)]
pub(super) struct Subscriptions {
    held: Vec<SubscriptionRef<'static>>,
}

/// Reason why a subscription is not added.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum NotAdded {
    Duplicate,
    Full,
}

impl Subscriptions {
    pub(super) fn add(&mut self, new: &SubscriptionRef<'_>, max: usize) -> Result<(), NotAdded> {
        if self.held.iter().any(|held| held == new) {
            return Err(NotAdded::Duplicate);
        }
        if self.held.len() >= max {
            return Err(NotAdded::Full);
        }
        self.held.push(new.clone().into_owned());
        Ok(())
    }

    /// Removes it; false if it wasn't there.
    pub(super) fn remove(&mut self, old: &SubscriptionRef<'_>) -> bool {
        let index = self.held.iter().position(|held| held == old);
        index.map(|index| self.held.swap_remove(index)).is_some()
    }

    pub(super) const fn len(&self) -> usize {
        self.held.len()
    }
}
