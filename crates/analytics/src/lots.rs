//! The open lots of one position.

use std::collections::{BTreeMap, VecDeque};

use hub_core::{Money, Price, Quantity};

/// Lots that were bought and not yet sold, in the order in which they were applied (that order, not an event's
/// own time, is what "oldest" means).
///
/// With n lots open at p prices: a purchase is O(log n), a sale O(log n) per
/// lot it consumes, refusing a named sale O(log p), refusing an unnamed one
/// O(1).
#[derive(Default, Debug)]
pub(crate) struct Lots {
    held: Quantity,
    /// The age that the next lot gets; smaller is older.
    next_age: u64,
    by_age: BTreeMap<u64, Lot>,
    by_price: BTreeMap<Price, Level>,
}

#[derive(Debug)]
struct Lot {
    price: Price,
    /// Quantity that is left of it; more than zero.
    quantity: Quantity,
}

/// The lots of one price.
#[derive(Default, Debug)]
struct Level {
    held: Quantity,
    /// Oldest first.
    ages: VecDeque<u64>,
}

/// The lots a sale may consume don't hold enough; this is what they hold.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) struct Shortage(pub(crate) Quantity);

impl Lots {
    /// A purchase. The caller has checked that all lots together can still be
    /// represented ([`Balance::bought`](crate::position::Balance::bought)),
    /// and no price's lots hold more than all lots.
    pub(crate) fn add(&mut self, price: Price, quantity: Quantity) {
        let age = self.next_age;
        self.next_age += 1;
        self.held = plus(self.held, quantity);
        self.by_age.insert(age, Lot { price, quantity });
        let level = self.by_price.entry(price).or_default();
        level.held = plus(level.held, quantity);
        level.ages.push_back(age);
    }

    /// Cost of the lots that a sale of `quantity` would consume: the oldest at exactly `price` if one is named,
    /// else the oldest.
    pub(crate) fn cost(&self, quantity: Quantity, price: Option<Price>) -> Result<Money, Shortage> {
        let held = match price {
            Some(price) => self.by_price.get(&price).map_or(Quantity::ZERO, |level| level.held),
            None => self.held,
        };
        if quantity > held {
            return Err(Shortage(held));
        }
        Ok(price.map_or_else(|| self.cost_of_oldest(quantity), |price| Money::of(price, quantity)))
    }

    /// A sale for which [`cost`](Lots::cost) found enough.
    pub(crate) fn consume(&mut self, quantity: Quantity, price: Option<Price>) {
        let mut owed = quantity;
        while owed.is_positive() {
            let oldest = match price {
                Some(price) => self.by_price.get(&price).and_then(|level| level.ages.front().copied()),
                None => self.by_age.first_key_value().map(|(age, _)| *age),
            };
            let Some(age) = oldest else { return };
            owed = minus(owed, self.take(age, owed));
        }
    }

    /// Never out of range: it is part of the position's `totalInvested`.
    fn cost_of_oldest(&self, quantity: Quantity) -> Money {
        let mut owed = quantity;
        let mut cost = 0;
        for lot in self.by_age.values() {
            let taken = lot.quantity.min(owed);
            cost += Money::of(lot.price, taken).units();
            owed = minus(owed, taken);
            if owed.is_zero() {
                break;
            }
        }
        Money::from_units(cost)
    }

    /// Takes up to `owed` from one lot, which is the oldest of its price;
    /// returns how much.
    fn take(&mut self, age: u64, owed: Quantity) -> Quantity {
        let Some(lot) = self.by_age.get_mut(&age) else { return owed };
        let taken = lot.quantity.min(owed);
        lot.quantity = minus(lot.quantity, taken);
        self.held = minus(self.held, taken);
        let (price, emptied) = (lot.price, lot.quantity.is_zero());
        if emptied {
            self.by_age.remove(&age);
        }
        if let Some(level) = self.by_price.get_mut(&price) {
            level.held = minus(level.held, taken);
            if emptied {
                level.ages.pop_front();
            }
            if level.ages.is_empty() {
                self.by_price.remove(&price);
            }
        }
        taken
    }
}

fn plus(a: Quantity, b: Quantity) -> Quantity {
    Quantity::from_units(a.units() + b.units())
}

fn minus(a: Quantity, b: Quantity) -> Quantity {
    Quantity::from_units(a.units() - b.units())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn price(text: &str) -> Price {
        text.parse().unwrap()
    }

    fn quantity(text: &str) -> Quantity {
        text.parse().unwrap()
    }

    fn lots(bought: &[(&str, &str)]) -> Lots {
        let mut lots = Lots::default();
        for (of, at) in bought {
            lots.add(price(at), quantity(of));
        }
        lots
    }

    fn left(lots: &Lots) -> Vec<(String, String)> {
        lots.by_age.values().map(|lot| (lot.quantity.to_string(), lot.price.to_string())).collect()
    }

    #[test]
    fn an_unnamed_sale_takes_the_oldest_lots_whatever_they_cost() {
        let mut lots = lots(&[("1", "10"), ("2", "12"), ("3", "10")]);
        assert_eq!(lots.cost(quantity("2.5"), None), Ok("28".parse().unwrap()));
        lots.consume(quantity("2.5"), None);
        assert_eq!(left(&lots), [("0.5".into(), "12".into()), ("3".into(), "10".into())]);
        assert_eq!(lots.cost(quantity("3.000001"), Some(price("10"))), Err(Shortage(quantity("3"))));
    }

    #[test]
    fn a_named_sale_takes_the_oldest_lots_at_exactly_that_price() {
        let mut lots = lots(&[("1", "12"), ("1", "10"), ("1", "12"), ("1", "12.00000001")]);
        assert_eq!(lots.cost(quantity("1.5"), Some(price("12"))), Ok("18".parse().unwrap()));
        lots.consume(quantity("1.5"), Some(price("12")));
        let rest =
            [("1".into(), "10".into()), ("0.5".into(), "12".into()), ("1".into(), "12.00000001".into())];
        assert_eq!(left(&lots), rest);
    }

    #[test]
    fn a_shortage_says_what_is_held_where_the_sale_would_look() {
        let lots = lots(&[("1", "10"), ("2", "12")]);
        assert_eq!(lots.cost(quantity("3.000001"), None), Err(Shortage(quantity("3"))));
        assert_eq!(lots.cost(quantity("2.000001"), Some(price("12"))), Err(Shortage(quantity("2"))));
        assert_eq!(lots.cost(quantity("0.000001"), Some(price("11"))), Err(Shortage(Quantity::ZERO)));
    }

    #[test]
    fn nothing_is_kept_of_what_was_sold() {
        let mut lots = lots(&[("1", "10"), ("2", "12"), ("3", "10")]);
        lots.consume(quantity("2"), Some(price("12")));
        lots.consume(quantity("4"), None);
        assert!(lots.by_age.is_empty() && lots.by_price.is_empty() && lots.held.is_zero());
    }
}
