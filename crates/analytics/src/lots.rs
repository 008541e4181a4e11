//! The open lots of one position.

mod book;
#[cfg(test)]
mod tests;

use std::mem;

use hub_core::{Money, Price, Quantity, Timestamp};

use self::book::Book;

/// Lots that were bought and not yet sold: the first by trade date goes out first, and of those of one time the one
/// that came first.
///
/// Most positions have one lot or none, which takes no memory beside this. The quantity of a single lot is what the
/// position holds: whoever asks says how much that is (`held`, before the purchase or the sale).
///
/// With n lots open at p prices: a purchase is O(log n), a sale O(log n) per
/// lot it consumes, refusing a named sale O(log p), refusing an unnamed one
/// O(1).
#[derive(Default, Debug)]
pub(crate) enum Lots {
    #[default]
    None,
    One {
        bought_at: Timestamp,
        price: Price,
    },
    /// Two or more.
    Many(Box<Book>),
}

/// The lots a sale may consume don't hold enough; this is what they hold.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) struct Shortage(pub(crate) Quantity);

impl Lots {
    /// A purchase, by its own time. The caller has checked that all lots
    /// together can still be represented, what they have cost, too
    /// ([`Balance::bought`](crate::position::Balance::bought)).
    pub(crate) fn add(&mut self, held: Quantity, bought_at: Timestamp, price: Price, quantity: Quantity) {
        *self = match mem::take(self) {
            Lots::None => Lots::One { bought_at, price },
            Lots::One { bought_at: before, price: paid } => {
                let mut book = Box::<Book>::default();
                book.add(before, paid, held);
                book.add(bought_at, price, quantity);
                Lots::Many(book)
            }
            Lots::Many(mut book) => {
                book.add(bought_at, price, quantity);
                Lots::Many(book)
            }
        };
    }

    /// Cost of the lots that a sale of `quantity` would consume: the oldest at exactly `price` if one is named,
    /// else the oldest.
    pub(crate) fn cost(
        &self,
        held: Quantity,
        quantity: Quantity,
        price: Option<Price>,
    ) -> Result<Money, Shortage> {
        let held = price.map_or(held, |price| self.held_at(price, held));
        if quantity > held {
            return Err(Shortage(held));
        }
        Ok(Money::from_units(match (self, price) {
            (_, Some(price)) | (&Lots::One { price, .. }, None) => cost(price, quantity),
            (Lots::Many(book), None) => book.cost_of_oldest(quantity),
            (Lots::None, None) => 0,
        }))
    }

    /// A sale for which [`cost`](Lots::cost) found enough.
    pub(crate) fn consume(&mut self, held: Quantity, quantity: Quantity, price: Option<Price>) {
        match self {
            Lots::None => {}
            Lots::One { .. } => {
                if quantity == held {
                    *self = Lots::None;
                }
            }
            Lots::Many(book) => {
                book.consume(quantity, price);
                if book.len() < 2 {
                    let left = book.oldest();
                    *self = left.map_or(Lots::None, |(bought_at, price)| Lots::One { bought_at, price });
                }
            }
        }
    }

    /// Quantity that the lots of a price hold together, where all lots hold `held`.
    fn held_at(&self, price: Price, held: Quantity) -> Quantity {
        match self {
            Lots::One { price: paid, .. } if *paid == price => held,
            Lots::None | Lots::One { .. } => Quantity::ZERO,
            Lots::Many(book) => book.held_at(price),
        }
    }
}

/// In units of money. Never out of range: it is part of the position's `totalInvested`.
fn cost(price: Price, quantity: Quantity) -> i128 {
    i128::from(price.units()) * quantity.units()
}
