//! The open lots of a position that has several.

use hub_core::{Price, Quantity};
use hub_rows::Weight;
use serde::Deserialize;
use smallvec::{SmallVec, smallvec};

use super::trees::Trees;
use super::{Lot, cost};

/// Most lots that are gone through one by one: beyond, a walk over them takes longer than trees, of which two lots
/// would take a kilobyte.
pub(super) const FEW: usize = 8;

/// Lots, the first to go out first.
#[derive(Clone, Debug, Deserialize)]
#[serde(try_from = "Vec<Lot>")]
pub(crate) enum Book {
    /// At most [`FEW`], two of them in place.
    Few(SmallVec<[Lot; 2]>),
    /// More than half of [`FEW`], so that a number that goes up and down builds no trees each time.
    Many(Trees),
}

/// Bytes of what [`Trees`] copy at an edit: of each of three trees the nodes on a path.
const PATHS_BYTES: usize = 4096;

impl Weight for Book {
    fn bytes(&self) -> usize {
        let beside = match self {
            Book::Few(lots) if lots.spilled() => lots.capacity() * size_of::<Lot>(),
            Book::Few(_) => 0,
            Book::Many(_) => PATHS_BYTES,
        };
        size_of::<Book>() + beside
    }
}

impl Book {
    /// Two lots, the first of which was added first.
    pub(super) fn of([first, second]: [Lot; 2]) -> Book {
        let mut few = smallvec![first];
        add(&mut few, second);
        Book::Few(few)
    }

    /// A purchase that comes after all that were added.
    pub(super) fn add(&mut self, lot: Lot) {
        match self {
            Book::Few(lots) if lots.len() < FEW => add(lots, lot),
            Book::Few(lots) => {
                let mut trees = Trees::default();
                lots.iter().chain([&lot]).for_each(|lot| trees.add(*lot));
                *self = Book::Many(trees);
            }
            Book::Many(trees) => trees.add(lot),
        }
    }

    /// Quantity that the lots of a price hold together.
    pub(super) fn held_at(&self, price: Price) -> Quantity {
        match self {
            Book::Few(lots) => {
                let at_price = lots.iter().filter(|lot| lot.price == price);
                at_price.fold(Quantity::ZERO, |sum, lot| plus(sum, lot.quantity))
            }
            Book::Many(trees) => trees.held_at(price),
        }
    }

    /// Cost of the oldest lots, in units of money.
    pub(super) fn cost_of_oldest(&self, quantity: Quantity) -> i128 {
        match self {
            Book::Few(lots) => cost_of_oldest(lots.iter().copied(), quantity),
            Book::Many(trees) => cost_of_oldest(trees.iter(), quantity),
        }
    }

    /// Takes from the oldest lots at exactly `price` if one is named, else from the oldest.
    pub(super) fn consume(&mut self, quantity: Quantity, price: Option<Price>) {
        match self {
            Book::Few(lots) => consume(lots, quantity, price),
            Book::Many(trees) => {
                trees.consume(quantity, price);
                if trees.len() <= FEW / 2 {
                    *self = Book::Few(trees.iter().collect());
                }
            }
        }
    }

    /// The lots, the oldest first.
    pub(super) fn iter(&self) -> Box<dyn Iterator<Item = Lot> + '_> {
        match self {
            Book::Few(lots) => Box::new(lots.iter().copied()),
            Book::Many(trees) => Box::new(trees.iter()),
        }
    }

    /// The lots of a price, if one is named, the oldest first.
    pub(super) fn iter_at(&self, price: Option<Price>) -> Box<dyn Iterator<Item = Lot> + '_> {
        match (self, price) {
            (_, None) => self.iter(),
            (Book::Few(_), Some(price)) => Box::new(self.iter().filter(move |lot| lot.price == price)),
            (Book::Many(trees), Some(price)) => Box::new(trees.iter_at(price)),
        }
    }

    /// The lots, if they are few, the oldest first.
    pub(super) fn few(&self) -> Option<&[Lot]> {
        match self {
            Book::Few(lots) => Some(lots),
            Book::Many(_) => None,
        }
    }
}

/// Adds a lot behind those that were bought no later than it.
fn add(lots: &mut SmallVec<[Lot; 2]>, lot: Lot) {
    let at = lots.partition_point(|other| other.bought_at <= lot.bought_at);
    lots.insert(at, lot);
}

fn cost_of_oldest(lots: impl Iterator<Item = Lot>, quantity: Quantity) -> i128 {
    let (mut owed, mut sum) = (quantity, 0);
    for lot in lots {
        let taken = lot.quantity.min(owed);
        sum += cost(lot.price, taken);
        owed = minus(owed, taken);
        if owed.is_zero() {
            break;
        }
    }
    sum
}

fn consume(lots: &mut SmallVec<[Lot; 2]>, quantity: Quantity, price: Option<Price>) {
    let mut owed = quantity;
    for lot in lots.iter_mut().filter(|lot| price.is_none_or(|price| price == lot.price)) {
        let taken = lot.quantity.min(owed);
        lot.quantity = minus(lot.quantity, taken);
        owed = minus(owed, taken);
    }
    lots.retain(|lot| lot.quantity.is_positive());
}

pub(super) fn plus(a: Quantity, b: Quantity) -> Quantity {
    Quantity::from_units(a.units() + b.units())
}

pub(super) fn minus(a: Quantity, b: Quantity) -> Quantity {
    Quantity::from_units(a.units() - b.units())
}
