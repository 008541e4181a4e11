//! The part that leaves and inner nodes have in common: how full they are.

/// Entries in order, of which there is room for so many.
pub(super) trait Part: Sized {
    /// Room for entries.
    const ROOM: usize;

    fn len(&self) -> usize;

    /// Takes the entries from `index` on.
    fn split_off(&mut self, index: usize) -> Self;

    /// Adds the entries of another after its own; there is room for them.
    fn append(&mut self, other: Self);

    /// Says whether it has so few entries that it is to share with a neighbour.
    fn is_sparse(&self) -> bool {
        self.len() < Self::ROOM / 4
    }

    /// Has an entry added at `index`, in the left half or the right one, which it
    /// gives, where there was no room.
    fn room_at(&mut self, index: usize, insert: impl FnOnce(&mut Self, usize)) -> Option<Self> {
        if self.len() < Self::ROOM {
            insert(self, index);
            return None;
        }
        let mut right = self.split_off(Self::ROOM / 2);
        match index.checked_sub(self.len()) {
            Some(index) => insert(&mut right, index),
            None => insert(self, index),
        }
        Some(right)
    }

    /// Evens out what two neighbours have; `None` if it is all in `self` now, with
    /// room for as many again before it is split.
    fn share(&mut self, mut right: Self) -> Option<Self> {
        let all = self.len() + right.len();
        if all <= Self::ROOM * 3 / 4 {
            self.append(right);
            return None;
        }
        let rest = if self.len() < all / 2 {
            let rest = right.split_off(all / 2 - self.len());
            self.append(right);
            rest
        } else {
            let mut rest = self.split_off(all / 2);
            rest.append(right);
            rest
        };
        Some(rest)
    }
}
