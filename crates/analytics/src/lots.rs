//! The open lots of one position.

use std::collections::{BTreeMap, BTreeSet};

use hub_core::{Money, Price, Quantity, Timestamp};

/// Lots that were bought and not yet sold, by [`Age`]: the first by trade date goes out first.
///
/// With n lots open at p prices: a purchase is O(log n), a sale O(log n) per
/// lot it consumes, refusing a named sale O(log p), refusing an unnamed one
/// O(1).
#[derive(Default, Debug)]
pub(crate) struct Lots {
    held: Quantity,
    /// The number of the next lot.
    next: u64,
    by_age: BTreeMap<Age, Lot>,
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
struct Lot {
    price: Price,
    /// Quantity that is left of it; more than zero.
    quantity: Quantity,
}

/// The lots a sale may consume don't hold enough; this is what they hold.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) struct Shortage(pub(crate) Quantity);

impl Lots {
    /// A purchase, by its own time. The caller has checked that all lots
    /// together can still be represented, what they have cost, too
    /// ([`Balance::bought`](crate::position::Balance::bought)).
    pub(crate) fn add(&mut self, bought_at: Timestamp, price: Price, quantity: Quantity) {
        let age = Age { bought_at, number: self.next };
        self.next += 1;
        self.held = plus(self.held, quantity);
        self.by_age.insert(age, Lot { price, quantity });
        self.by_price.insert((price, age));
        let held = self.held_at.entry(price).or_default();
        *held = plus(*held, quantity);
    }

    /// Cost of the lots that a sale of `quantity` would consume: the oldest at exactly `price` if one is named,
    /// else the oldest.
    pub(crate) fn cost(&self, quantity: Quantity, price: Option<Price>) -> Result<Money, Shortage> {
        let held = match price {
            Some(price) => self.held_at.get(&price).copied().unwrap_or_default(),
            None => self.held,
        };
        if quantity > held {
            return Err(Shortage(held));
        }
        Ok(Money::from_units(
            price.map_or_else(|| self.cost_of_oldest(quantity), |price| cost(price, quantity)),
        ))
    }

    /// A sale for which [`cost`](Lots::cost) found enough.
    pub(crate) fn consume(&mut self, quantity: Quantity, price: Option<Price>) {
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

    fn oldest_at(&self, price: Price) -> Option<Age> {
        let first = Age { bought_at: Timestamp::default(), number: 0 };
        let (at, age) = self.by_price.range((price, first)..).next()?;
        (*at == price).then_some(*age)
    }

    fn cost_of_oldest(&self, quantity: Quantity) -> i128 {
        let mut owed = quantity;
        let mut sum = 0;
        for lot in self.by_age.values() {
            let taken = lot.quantity.min(owed);
            sum += cost(lot.price, taken);
            owed = minus(owed, taken);
            if owed.is_zero() {
                break;
            }
        }
        sum
    }

    /// Takes up to `owed` from one lot; returns how much.
    fn take(&mut self, age: Age, owed: Quantity) -> Quantity {
        let Some(lot) = self.by_age.get_mut(&age) else { return owed };
        let taken = lot.quantity.min(owed);
        lot.quantity = minus(lot.quantity, taken);
        self.held = minus(self.held, taken);
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
}

/// In units of money. Never out of range: it is part of the position's `totalInvested`.
fn cost(price: Price, quantity: Quantity) -> i128 {
    i128::from(price.units()) * quantity.units()
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

    fn at(millis: i64) -> Timestamp {
        Timestamp::from_millis(millis).unwrap()
    }

    fn lots(bought: &[(&str, &str)]) -> Lots {
        let mut lots = Lots::default();
        for (of, price_of_one) in bought {
            lots.add(at(1000), price(price_of_one), quantity(of));
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
    fn lots_go_out_by_the_time_at_which_they_were_bought() {
        let mut lots = Lots::default();
        for (millis, of, at_price) in
            [(2000, "1", "10"), (1000, "2", "12"), (2000, "3", "10"), (1500, "4", "10")]
        {
            lots.add(at(millis), price(at_price), quantity(of));
        }
        assert_eq!(lots.cost(quantity("2.5"), None), Ok("29".parse().unwrap()));
        lots.consume(quantity("2.5"), None);
        let kept = |pairs: &[(&str, &str)]| -> Vec<(String, String)> {
            pairs.iter().map(|(of, at)| ((*of).into(), (*at).into())).collect()
        };
        assert_eq!(left(&lots), kept(&[("3.5", "10"), ("1", "10"), ("3", "10")]));
        lots.add(at(500), price("12"), quantity("7"));
        lots.consume(quantity("5"), Some(price("10")));
        assert_eq!(left(&lots), kept(&[("7", "12"), ("2.5", "10")]));
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
        assert!(
            lots.by_age.is_empty()
                && lots.by_price.is_empty()
                && lots.held_at.is_empty()
                && lots.held.is_zero()
        );
    }
}
