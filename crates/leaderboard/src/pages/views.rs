//! Views that are still looked at.

use std::collections::VecDeque;
use std::sync::atomic::{Ordering, fence};
use std::sync::{Arc, Weak};

/// The views that were taken, and the age that they separate from the next.
#[derive(Default)]
pub(crate) struct Views {
    /// Ages that are over: a view was taken at the end of each.
    age: u64,
    /// With the age that each ended; only the first is certain to live.
    living: VecDeque<(u64, Weak<Visible>)>,
}

/// A view's hold on what it sees.
pub(crate) struct Visible;

impl Views {
    /// The age of now.
    pub(crate) fn age(&self) -> u64 {
        self.age
    }

    /// A view is taken; what is made from now on is younger.
    pub(crate) fn take(&mut self) -> Arc<Visible> {
        let view = Arc::new(Visible);
        self.living.push_back((self.age, Arc::downgrade(&view)));
        self.age += 1;
        view
    }

    /// The first age that no view was taken at the end of, or before: what was
    /// retired in it, or before, nobody sees.
    pub(crate) fn oldest(&mut self) -> u64 {
        while self.living.front().is_some_and(|(_, view)| view.strong_count() == 0) {
            self.living.pop_front();
        }
        // Those who held the ones that are gone read pages before that, and what
        // is done with these pages comes after it.
        fence(Ordering::Acquire);
        self.living.front().map_or(self.age, |(age, _)| *age)
    }
}
