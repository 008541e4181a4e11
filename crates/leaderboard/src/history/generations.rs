//! Lists of which the older part is forgotten at once.

use rpds::ListSync;
use serde::{Deserialize, Serialize};

/// Items in two generations, newest first.
#[derive(Clone, Serialize, Deserialize)]
pub(super) struct Generations<T> {
    young: ListSync<T>,
    old: ListSync<T>,
    /// Of the young ones.
    weight: usize,
}

impl<T> Default for Generations<T> {
    fn default() -> Generations<T> {
        Generations { young: ListSync::new_sync(), old: ListSync::new_sync(), weight: 0 }
    }
}

impl<T> Generations<T> {
    pub(super) fn add(&mut self, item: T, weight: usize) {
        self.young.push_front_mut(item);
        self.weight += weight;
    }

    /// Weight of the young generation.
    pub(super) fn weight(&self) -> usize {
        self.weight
    }

    /// Newest first.
    pub(super) fn iter(&self) -> impl Iterator<Item = &T> {
        self.young.iter().chain(self.old.iter())
    }

    /// The young ones are old from here on; gives those that are forgotten.
    pub(super) fn next(&mut self) -> ListSync<T> {
        self.weight = 0;
        let young = std::mem::replace(&mut self.young, ListSync::new_sync());
        std::mem::replace(&mut self.old, young)
    }
}
