//! The open lots of a position that has many.

use hub_core::{Offset, Price, Quantity, Timestamp};
use rpds::{RedBlackTreeMapSync, RedBlackTreeSetSync};

use super::Lot;
use super::book::{minus, plus};

/// Lots by [`Age`] and by price: persistent, so that a book that others see is copied by the paths that change.
#[derive(Clone, Debug)]
pub(crate) struct Trees {
    by_age: RedBlackTreeMapSync<Age, Left>,
    by_price: RedBlackTreeSetSync<(Price, Age)>,
    /// Quantity that the lots of each price hold together.
    held_at: RedBlackTreeMapSync<Price, Quantity>,
}

/// The age of a lot; the smaller is the older, the default older than any.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug, Default)]
struct Age {
    /// Time of the purchase.
    bought_at: Timestamp,
    /// Its record: the order of purchases of one time.
    offset: Offset,
}

#[derive(Clone, Copy, Debug)]
struct Left {
    price: Price,
    /// Quantity that is left of it; more than zero.
    quantity: Quantity,
}

impl Default for Trees {
    fn default() -> Trees {
        Trees {
            by_age: RedBlackTreeMapSync::new_sync(),
            by_price: RedBlackTreeSetSync::new_sync(),
            held_at: RedBlackTreeMapSync::new_sync(),
        }
    }
}

impl Trees {
    /// A purchase that comes after all that were added.
    pub(super) fn add(&mut self, Lot { bought_at, offset, price, quantity }: Lot) {
        let age = Age { bought_at, offset };
        self.by_age.insert_mut(age, Left { price, quantity });
        self.by_price.insert_mut((price, age));
        let held = self.held_at(price);
        self.held_at.insert_mut(price, plus(held, quantity));
    }

    /// Quantity that the lots of a price hold together.
    pub(super) fn held_at(&self, price: Price) -> Quantity {
        self.held_at.get(&price).copied().unwrap_or_default()
    }

    /// Takes from the oldest lots at exactly `price` if one is named, else from the oldest.
    pub(super) fn consume(&mut self, quantity: Quantity, price: Option<Price>) {
        let mut owed = quantity;
        while owed.is_positive() {
            let oldest = match price {
                Some(price) => self.oldest_at(price),
                None => self.by_age.first().map(|(age, _)| *age),
            };
            let Some(age) = oldest else { return };
            owed = minus(owed, self.take(age, owed));
        }
    }

    /// The number of lots.
    pub(super) fn len(&self) -> usize {
        self.by_age.size()
    }

    /// The lots, the oldest first.
    pub(super) fn iter(&self) -> impl Iterator<Item = Lot> {
        let lot = |(age, left): (&Age, &Left)| Lot {
            bought_at: age.bought_at,
            offset: age.offset,
            price: left.price,
            quantity: left.quantity,
        };
        self.by_age.iter().map(lot)
    }

    /// The lots of a price, the oldest first.
    pub(super) fn iter_at(&self, price: Price) -> impl Iterator<Item = Lot> {
        let of_price = self.by_price.range((price, Age::default())..).take_while(move |(at, _)| *at == price);
        of_price.filter_map(|(price, age)| {
            let Left { quantity, .. } = *self.by_age.get(age)?;
            Some(Lot { bought_at: age.bought_at, offset: age.offset, price: *price, quantity })
        })
    }

    fn oldest_at(&self, price: Price) -> Option<Age> {
        let (at, age) = self.by_price.range((price, Age::default())..).next()?;
        (*at == price).then_some(*age)
    }

    /// Takes up to `owed` from one lot; returns how much.
    fn take(&mut self, age: Age, owed: Quantity) -> Quantity {
        let Some(lot) = self.by_age.get_mut(&age) else { return owed };
        let taken = lot.quantity.min(owed);
        lot.quantity = minus(lot.quantity, taken);
        let (price, emptied) = (lot.price, lot.quantity.is_zero());
        if emptied {
            self.by_age.remove_mut(&age);
            self.by_price.remove_mut(&(price, age));
        }
        let held = minus(self.held_at(price), taken);
        if held.is_zero() {
            self.held_at.remove_mut(&price);
        } else {
            self.held_at.insert_mut(price, held);
        }
        taken
    }

    /// Checks, in tests, that all three trees tell of the same lots.
    #[cfg(test)]
    pub(super) fn check(&self) {
        let mut by_price: Vec<_> = self.by_age.iter().map(|(age, lot)| (lot.price, *age)).collect();
        by_price.sort();
        assert!(self.by_price.iter().copied().eq(by_price));
        let mut held_at = std::collections::BTreeMap::new();
        for lot in self.by_age.values() {
            let held: &mut Quantity = held_at.entry(lot.price).or_default();
            *held = plus(*held, lot.quantity);
        }
        assert!(self.held_at.iter().eq(held_at.iter()));
    }
}
