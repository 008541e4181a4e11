//! The open lots of a position that has many.

use std::collections::{BTreeMap, BTreeSet};

use hub_core::{Price, Quantity, Timestamp};

use super::book::{Lot, minus, plus};

/// Lots by [`Age`] and by price.
#[derive(Default, Debug)]
pub(crate) struct Trees {
    /// The number of the next lot.
    next: u64,
    by_age: BTreeMap<Age, Left>,
    by_price: BTreeSet<(Price, Age)>,
    /// Quantity that the lots of each price hold together.
    held_at: BTreeMap<Price, Quantity>,
}

/// The age of a lot; the smaller is the older. A purchase that is dated back is older than what was bought before it
/// and is dated later: sales that come after it find it so, and those before it are not undone.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
struct Age {
    /// Time of the purchase.
    bought_at: Timestamp,
    /// In the order of the log, which is that of purchases of one time.
    number: u64,
}

#[derive(Debug)]
struct Left {
    price: Price,
    /// Quantity that is left of it; more than zero.
    quantity: Quantity,
}

impl Trees {
    /// A purchase that comes after all that were added.
    pub(super) fn add(&mut self, Lot { bought_at, price, quantity }: Lot) {
        let age = Age { bought_at, number: self.next };
        self.next += 1;
        self.by_age.insert(age, Left { price, quantity });
        self.by_price.insert((price, age));
        let held = self.held_at.entry(price).or_default();
        *held = plus(*held, quantity);
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
                None => self.by_age.first_key_value().map(|(age, _)| *age),
            };
            let Some(age) = oldest else { return };
            owed = minus(owed, self.take(age, owed));
        }
    }

    /// The number of lots.
    pub(super) fn len(&self) -> usize {
        self.by_age.len()
    }

    /// The lots, the oldest first.
    pub(super) fn iter(&self) -> impl Iterator<Item = Lot> {
        let lot = |(age, left): (&Age, &Left)| Lot {
            bought_at: age.bought_at,
            price: left.price,
            quantity: left.quantity,
        };
        self.by_age.iter().map(lot)
    }

    fn oldest_at(&self, price: Price) -> Option<Age> {
        let first = Age { bought_at: Timestamp::default(), number: 0 };
        let (at, age) = self.by_price.range((price, first)..).next()?;
        (*at == price).then_some(*age)
    }

    /// Takes up to `owed` from one lot; returns how much.
    fn take(&mut self, age: Age, owed: Quantity) -> Quantity {
        let Some(lot) = self.by_age.get_mut(&age) else { return owed };
        let taken = lot.quantity.min(owed);
        lot.quantity = minus(lot.quantity, taken);
        let (price, emptied) = (lot.price, lot.quantity.is_zero());
        if emptied {
            self.by_age.remove(&age);
            self.by_price.remove(&(price, age));
        }
        if let Some(held) = self.held_at.get_mut(&price) {
            *held = minus(*held, taken);
            if held.is_zero() {
                self.held_at.remove(&price);
            }
        }
        taken
    }

    /// Checks, in tests, that all three trees tell of the same lots.
    #[cfg(test)]
    pub(super) fn check(&self) {
        let mut by_price: Vec<_> = self.by_age.iter().map(|(age, lot)| (lot.price, *age)).collect();
        by_price.sort();
        assert!(self.by_price.iter().copied().eq(by_price));
        let mut held_at = BTreeMap::new();
        for lot in self.by_age.values() {
            let held: &mut Quantity = held_at.entry(lot.price).or_default();
            *held = plus(*held, lot.quantity);
        }
        assert_eq!(self.held_at, held_at);
    }
}
