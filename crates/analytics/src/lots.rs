//! The open lots of one position.

mod book;
#[cfg(test)]
mod tests;
mod trees;
mod walk;

use std::sync::Arc;

use hub_core::{Money, Offset, Price, Quantity, Timestamp};
use serde::{Deserialize, Serialize};

pub(crate) use self::book::Book;

/// A lot that is not sold, or not all of it.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub(crate) struct Lot {
    pub(crate) bought_at: Timestamp,
    /// The record of the purchase.
    pub(crate) offset: Offset,
    pub(crate) price: Price,
    /// Quantity that is left of it; more than zero.
    pub(crate) quantity: Quantity,
}

/// Lots that were bought and not yet sold: the first by trade date goes out first, and of those of one time the one
/// that came first. A purchase that is dated back is older than what was bought before it and is dated later: sales that
/// come after it find it so, and those before it are not undone.
///
/// A value: a purchase or a sale makes another of it, and leaves what others have. Most positions have one lot or none.
///
/// With n lots open at p prices: a purchase is O(log n), a sale O(log n) per
/// lot it consumes, refusing a named sale O(log p), refusing an unnamed one
/// O(1). A few are gone through one by one.
#[derive(Clone, Default, Debug)]
pub(crate) enum Lots {
    #[default]
    None,
    One(Lot),
    Several(Arc<Book>),
}

/// The lots a sale may consume don't hold enough; this is what they hold.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) struct Shortage(pub(crate) Quantity);

impl Lots {
    /// After a purchase, which comes after all that were added. The caller has checked that all lots
    /// together can still be represented, what they have cost, too
    /// ([`Balance::bought`](crate::position::Balance::bought)).
    pub(crate) fn with(self, lot: Lot) -> Lots {
        match self {
            Lots::None => Lots::One(lot),
            Lots::One(first) => Lots::Several(Arc::new(Book::of([first, lot]))),
            Lots::Several(book) => Lots::Several(edited(book, |book| book.add(lot))),
        }
    }

    /// Cost of the lots that a sale of `quantity` would consume: the oldest at exactly `price` if one is named,
    /// else the oldest. All lots together hold `held`.
    pub(crate) fn cost(
        &self,
        held: Quantity,
        quantity: Quantity,
        price: Option<Price>,
    ) -> Result<Money, Shortage> {
        let held = price.map_or(held, |price| self.held_at(price));
        if quantity > held {
            return Err(Shortage(held));
        }
        Ok(Money::from_units(match (self, price) {
            (_, Some(price)) | (&Lots::One(Lot { price, .. }), None) => cost(price, quantity),
            (Lots::Several(book), None) => book.cost_of_oldest(quantity),
            (Lots::None, None) => 0,
        }))
    }

    /// After a sale for which [`cost`](Lots::cost) found enough.
    pub(crate) fn without(self, quantity: Quantity, price: Option<Price>) -> Lots {
        match self {
            Lots::None => Lots::None,
            Lots::One(lot) if lot.quantity == quantity => Lots::None,
            Lots::One(lot) => Lots::One(Lot { quantity: book::minus(lot.quantity, quantity), ..lot }),
            Lots::Several(book) => {
                let book = edited(book, |book| book.consume(quantity, price));
                match book.few() {
                    Some([]) => Lots::None,
                    Some([lot]) => Lots::One(*lot),
                    _ => Lots::Several(book),
                }
            }
        }
    }

    /// All of them, the oldest first.
    pub(crate) fn to_vec(&self) -> Vec<Lot> {
        match self {
            Lots::None => Vec::new(),
            Lots::One(lot) => vec![*lot],
            Lots::Several(book) => book.iter().collect(),
        }
    }

    /// Quantities that a sale takes, and from which lots, in the order in which it does; for which
    /// [`cost`](Lots::cost) found enough.
    pub(crate) fn taken(&self, quantity: Quantity, price: Option<Price>) -> Vec<(Lot, Quantity)> {
        let mut owed = quantity;
        let mut take = |lot: Lot| {
            let taken = lot.quantity.min(owed);
            owed = book::minus(owed, taken);
            taken.is_positive().then_some((lot, taken))
        };
        match self {
            Lots::None => Vec::new(),
            Lots::One(lot) => take(*lot).into_iter().collect(),
            Lots::Several(book) => book.iter_at(price).map_while(take).collect(),
        }
    }

    /// Quantity that the lots of a price hold together.
    fn held_at(&self, price: Price) -> Quantity {
        match self {
            Lots::One(lot) if lot.price == price => lot.quantity,
            Lots::None | Lots::One(_) => Quantity::ZERO,
            Lots::Several(book) => book.held_at(price),
        }
    }
}

/// The book, edited where nobody else has it, else a copy.
fn edited(mut book: Arc<Book>, edit: impl FnOnce(&mut Book)) -> Arc<Book> {
    edit(Arc::make_mut(&mut book));
    book
}

/// In units of money. Never out of range: it is part of the position's `totalInvested`.
fn cost(price: Price, quantity: Quantity) -> i128 {
    i128::from(price.units()) * quantity.units()
}
