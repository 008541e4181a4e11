//! The open lots of one position.

mod book;
#[cfg(test)]
mod tests;
mod trees;

use std::mem;
use std::num::NonZeroU64;

use hub_core::{Money, Price, Quantity, Timestamp};

use self::book::{Book, Lot};

/// Lots that were bought and not yet sold: the first by trade date goes out first, and of those of one time the one
/// that came first.
///
/// Most positions have one lot or none, which takes no memory beside this: two words. The quantity of a single lot is what the
/// position holds: whoever asks says how much that is (`held`, before the purchase or the sale).
///
/// With n lots open at p prices: a purchase is O(log n), a sale O(log n) per
/// lot it consumes, refusing a named sale O(log p), refusing an unnamed one
/// O(1). A few are gone through one by one.
#[derive(Debug)]
pub(crate) enum Lots {
    One {
        bought_at: Moment,
        price: Price,
    },
    /// None, or two or more.
    Not(Option<Box<Book>>),
}

/// A time that is never 0, so that what has one needs no word to say so.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) struct Moment(NonZeroU64);

impl From<Timestamp> for Moment {
    fn from(time: Timestamp) -> Moment {
        Moment(NonZeroU64::MIN.saturating_add(time.micros().unsigned_abs()))
    }
}

impl From<Moment> for Timestamp {
    fn from(Moment(micros): Moment) -> Timestamp {
        Timestamp::from_micros((micros.get() - 1).cast_signed()).unwrap_or_default()
    }
}

impl Default for Lots {
    fn default() -> Lots {
        Lots::Not(None)
    }
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
            Lots::Not(None) => Lots::One { bought_at: bought_at.into(), price },
            Lots::One { bought_at: before, price: paid } => {
                let first = Lot { bought_at: before.into(), price: paid, quantity: held };
                Lots::Not(Some(Box::new(Book::of([first, Lot { bought_at, price, quantity }]))))
            }
            Lots::Not(Some(mut book)) => {
                book.add(Lot { bought_at, price, quantity });
                Lots::Not(Some(book))
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
            (Lots::Not(Some(book)), None) => book.cost_of_oldest(quantity),
            (Lots::Not(None), None) => 0,
        }))
    }

    /// A sale for which [`cost`](Lots::cost) found enough.
    pub(crate) fn consume(&mut self, held: Quantity, quantity: Quantity, price: Option<Price>) {
        match self {
            Lots::Not(None) => {}
            Lots::One { .. } => {
                if quantity == held {
                    *self = Lots::default();
                }
            }
            Lots::Not(Some(book)) => {
                book.consume(quantity, price);
                match book.few() {
                    Some([]) => *self = Lots::default(),
                    Some(&[Lot { bought_at, price, .. }]) => {
                        *self = Lots::One { bought_at: bought_at.into(), price };
                    }
                    _ => {}
                }
            }
        }
    }

    /// Quantity that the lots of a price hold together, where all lots hold `held`.
    fn held_at(&self, price: Price, held: Quantity) -> Quantity {
        match self {
            Lots::One { price: paid, .. } if *paid == price => held,
            Lots::Not(None) | Lots::One { .. } => Quantity::ZERO,
            Lots::Not(Some(book)) => book.held_at(price),
        }
    }
}

/// In units of money. Never out of range: it is part of the position's `totalInvested`.
fn cost(price: Price, quantity: Quantity) -> i128 {
    i128::from(price.units()) * quantity.units()
}
