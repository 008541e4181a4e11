//! Subscriptions that a session has.

use super::SubscriptionRef;

/// Ends each name: no header can hold one.
const END: &str = "\0";

/// The subscriptions of one session: few, so they are kept in a row, each as its kind, its name and [`END`]. One text
/// is the least that they can take, and most sessions have one subscription for as long as they live.
#[derive(Debug, Default)]
pub(super) struct Subscriptions {
    row: Box<str>,
}

/// Reason why a subscription is not added.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum NotAdded {
    Duplicate,
    Full,
}

impl Subscriptions {
    pub(super) fn add(&mut self, new: &SubscriptionRef<'_>, max: usize) -> Result<(), NotAdded> {
        if self.around(new).is_some() {
            return Err(NotAdded::Duplicate);
        }
        if self.count() >= max {
            return Err(NotAdded::Full);
        }
        let (kind, name) = entry_of(new);
        debug_assert!(!name.contains(END), "the decoder ends a frame at a NUL");
        self.row = [&*self.row, kind, name, END].concat().into();
        Ok(())
    }

    /// Removes it; false if it wasn't there.
    pub(super) fn remove(&mut self, old: &SubscriptionRef<'_>) -> bool {
        let rest = self.around(old).map(|(before, after)| [before, after].concat().into());
        rest.map(|rest| self.row = rest).is_some()
    }

    pub(super) fn count(&self) -> usize {
        self.row.matches(END).count()
    }

    /// The row before a subscription and behind it, if it is there.
    fn around(&self, sought: &SubscriptionRef<'_>) -> Option<(&str, &str)> {
        let (kind, name) = entry_of(sought);
        let mut start = 0;
        for entry in self.row.split_inclusive(END) {
            let end = start + entry.len();
            if entry.strip_prefix(kind).and_then(|entry| entry.strip_suffix(END)) == Some(name) {
                return Some((self.row.get(..start)?, self.row.get(end..)?));
            }
            start = end;
        }
        None
    }
}

/// Kind and name of a subscription.
fn entry_of<'a>(subscription: &'a SubscriptionRef<'_>) -> (&'static str, &'a str) {
    match subscription {
        SubscriptionRef::Id(id) => ("#", id),
        SubscriptionRef::Destination(name) => ("@", name),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_id_and_a_destination_of_one_name_are_two_and_each_goes_alone() {
        let (id, destination) = (SubscriptionRef::Id("a".into()), SubscriptionRef::Destination("a".into()));
        let longer = SubscriptionRef::Id("aa".into());
        let mut subscriptions = Subscriptions::default();
        for (new, count) in [(&id, 1), (&destination, 2), (&longer, 3)] {
            assert_eq!(subscriptions.add(new, 3), Ok(()));
            assert_eq!(subscriptions.add(new, 9), Err(NotAdded::Duplicate));
            assert_eq!(subscriptions.count(), count);
        }
        assert_eq!(subscriptions.add(&SubscriptionRef::Id("".into()), 3), Err(NotAdded::Full));
        for (old, count) in [(&destination, 2), (&id, 1), (&longer, 0)] {
            assert!(subscriptions.remove(old) && !subscriptions.remove(old));
            assert_eq!(subscriptions.count(), count);
        }
        assert_eq!(subscriptions.add(&SubscriptionRef::Id("".into()), 3), Ok(()));
        assert!(subscriptions.remove(&SubscriptionRef::Id("".into())) && subscriptions.count() == 0);
    }
}
