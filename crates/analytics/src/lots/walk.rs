//! A book as it is walked: its lots, the first to go out first. Whether they are in trees follows from how many they
//! are, and came to be.

use hub_core::{Money, Quantity};
use serde::ser::SerializeSeq as _;
use serde::{Serialize, Serializer};

use super::book::{Book, FEW};
use super::trees::Trees;
use super::{Lot, Lots};

impl Serialize for Book {
    fn serialize<S: Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        match self {
            Book::Few(lots) => lots.as_slice().serialize(to),
            Book::Many(trees) => {
                let mut sequence = to.serialize_seq(Some(trees.len()))?;
                trees.iter().try_for_each(|lot| sequence.serialize_element(&lot))?;
                sequence.end()
            }
        }
    }
}

impl TryFrom<Vec<Lot>> for Book {
    type Error = &'static str;

    fn try_from(lots: Vec<Lot>) -> Result<Book, &'static str> {
        let age = |lot: &Lot| (lot.bought_at, lot.offset);
        let is_book = lots.len() > 1 && lots.is_sorted_by(|one, next| age(one) < age(next));
        if !is_book || total(&lots).is_none() {
            return Err("lots are none that a position has");
        }
        if lots.len() <= FEW {
            return Ok(Book::Few(lots.into()));
        }
        let mut trees = Trees::default();
        for lot in lots {
            trees.add(lot);
        }
        Ok(Book::Many(trees))
    }
}

/// Quantity and cost of lots, each of which has some, if they can be represented.
fn total<'a>(lots: impl IntoIterator<Item = &'a Lot>) -> Option<(Quantity, Money)> {
    let mut total = (Quantity::ZERO, Money::ZERO);
    for lot in lots {
        let some = Some(lot.quantity).filter(|quantity| quantity.is_positive())?;
        total = (total.0.checked_add(some)?, total.1.checked_add(Money::of(lot.price, some)?)?);
    }
    Some(total)
}

impl Lots {
    /// Quantity and cost of all of them, if they can be represented.
    pub(crate) fn total(&self) -> Option<(Quantity, Money)> {
        match self {
            Lots::None => total([]),
            Lots::One(lot) => total([lot]),
            Lots::Several(book) => match &**book {
                Book::Few(lots) => total(lots),
                Book::Many(trees) => total(&trees.iter().collect::<Vec<_>>()),
            },
        }
    }
}
