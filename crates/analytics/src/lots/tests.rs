//! Each promise by an example, and all of them at once beside a list that is sorted.

use std::mem;

use proptest::collection::vec;
use proptest::prelude::*;

use super::book::FEW;
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

/// Lots, and what the position holds.
#[derive(Default)]
struct Position {
    lots: Lots,
    held: Quantity,
    bought: u64,
}

impl Position {
    fn of(bought: &[(&str, &str)]) -> Position {
        let mut position = Position::default();
        for (of, price_of_one) in bought {
            position.buy(at(1000), price(price_of_one), quantity(of));
        }
        position
    }

    fn buy(&mut self, bought_at: Timestamp, price: Price, quantity: Quantity) {
        self.bought += 1;
        let lot = Lot { bought_at, offset: Offset(self.bought), price, quantity };
        self.lots = mem::take(&mut self.lots).with(lot);
        self.held = self.held.checked_add(quantity).unwrap();
    }

    fn cost(&self, quantity: Quantity, price: Option<Price>) -> Result<Money, Shortage> {
        self.lots.cost(self.held, quantity, price)
    }

    fn sell(&mut self, quantity: Quantity, price: Option<Price>) {
        self.lots = mem::take(&mut self.lots).without(quantity, price);
        self.held = self.held.checked_sub(quantity).unwrap();
    }

    /// Quantity, price and time of each lot.
    fn lots(&self) -> Vec<(Quantity, Price, Timestamp)> {
        match &self.lots {
            Lots::None => vec![],
            Lots::One(lot) => {
                assert_eq!(lot.quantity, self.held);
                vec![(lot.quantity, lot.price, lot.bought_at)]
            }
            Lots::Several(book) => {
                let lots: Vec<Lot> = match &**book {
                    Book::Few(lots) => lots.to_vec(),
                    Book::Many(trees) => {
                        trees.check();
                        trees.iter().collect()
                    }
                };
                assert!(lots.len() > 1, "one lot needs no book");
                let is_few = matches!(**book, Book::Few(_));
                assert!(if is_few { lots.len() <= FEW } else { lots.len() > FEW / 2 }, "{is_few}: {lots:?}");
                lots.iter().map(|lot| (lot.quantity, lot.price, lot.bought_at)).collect()
            }
        }
    }

    fn left(&self) -> Vec<(String, String)> {
        self.lots().iter().map(|(quantity, price, _)| (quantity.to_string(), price.to_string())).collect()
    }
}

fn kept(pairs: &[(&str, &str)]) -> Vec<(String, String)> {
    pairs.iter().map(|(of, at)| ((*of).into(), (*at).into())).collect()
}

#[test]
fn an_unnamed_sale_takes_the_oldest_lots_whatever_they_cost() {
    let mut position = Position::of(&[("1", "10"), ("2", "12"), ("3", "10")]);
    assert_eq!(position.cost(quantity("2.5"), None), Ok("28".parse().unwrap()));
    position.sell(quantity("2.5"), None);
    assert_eq!(position.left(), kept(&[("0.5", "12"), ("3", "10")]));
    assert_eq!(position.cost(quantity("3.000001"), Some(price("10"))), Err(Shortage(quantity("3"))));
}

#[test]
fn a_named_sale_takes_the_oldest_lots_at_exactly_that_price() {
    let mut position = Position::of(&[("1", "12"), ("1", "10"), ("1", "12"), ("1", "12.00000001")]);
    assert_eq!(position.cost(quantity("1.5"), Some(price("12"))), Ok("18".parse().unwrap()));
    position.sell(quantity("1.5"), Some(price("12")));
    assert_eq!(position.left(), kept(&[("1", "10"), ("0.5", "12"), ("1", "12.00000001")]));
}

#[test]
fn lots_go_out_by_the_time_at_which_they_were_bought() {
    let mut position = Position::default();
    for (millis, of, at_price) in [(2000, "1", "10"), (1000, "2", "12"), (2000, "3", "10"), (1500, "4", "10")]
    {
        position.buy(at(millis), price(at_price), quantity(of));
    }
    assert_eq!(position.cost(quantity("2.5"), None), Ok("29".parse().unwrap()));
    position.sell(quantity("2.5"), None);
    assert_eq!(position.left(), kept(&[("3.5", "10"), ("1", "10"), ("3", "10")]));
    position.buy(at(500), price("12"), quantity("7"));
    position.sell(quantity("5"), Some(price("10")));
    assert_eq!(position.left(), kept(&[("7", "12"), ("2.5", "10")]));
}

#[test]
fn a_shortage_says_what_is_held_where_the_sale_would_look() {
    let short = |position: &Position, of: &str, named: Option<&str>| {
        position.cost(quantity(of), named.map(price)).unwrap_err().0.to_string()
    };
    let two = Position::of(&[("1", "10"), ("2", "12")]);
    assert_eq!(short(&two, "3.000001", None), "3");
    assert_eq!(short(&two, "2.000001", Some("12")), "2");
    assert_eq!(short(&two, "0.000001", Some("11")), "0");
    let one = Position::of(&[("2", "12")]);
    assert_eq!(short(&one, "2.000001", None), "2");
    assert_eq!(short(&one, "2.000001", Some("12")), "2");
    assert_eq!(short(&one, "0.000001", Some("11")), "0");
    let none = Position::default();
    assert_eq!((short(&none, "1", None), short(&none, "1", Some("12"))), ("0".into(), "0".into()));
}

#[test]
fn nothing_is_kept_of_what_was_sold() {
    let mut position = Position::of(&[("1", "10"), ("2", "12"), ("3", "10")]);
    position.sell(quantity("2"), Some(price("12")));
    position.sell(quantity("1.5"), None);
    assert!(matches!(position.lots, Lots::One(_)), "no more than a position of one purchase");
    assert_eq!(position.left(), kept(&[("2.5", "10")]));
    position.sell(quantity("2.5"), None);
    assert!(matches!(position.lots, Lots::None));
}

#[test]
fn many_lots_are_in_trees_until_they_are_few_again() {
    let mut position = Position::default();
    for bought in 1..20 {
        position.buy(at(1000 - bought), price("10"), quantity("1"));
        let is_many = matches!(&position.lots, Lots::Several(book) if matches!(**book, Book::Many(_)));
        assert_eq!((position.lots().len(), is_many), (bought as usize, bought as usize > FEW));
    }
    for left in (0..19_usize).rev() {
        position.sell(quantity("1"), None);
        let is_many = matches!(&position.lots, Lots::Several(book) if matches!(**book, Book::Many(_)));
        assert_eq!((position.lots().len(), is_many), (left, left > FEW / 2));
    }
}

#[derive(Clone, Debug)]
enum Step {
    Buy {
        millis: i64,
        price: i64,
        quantity: i128,
    },
    Sell {
        quantity: i128,
        named: Option<i64>,
    },
    /// Whatever a sale may take.
    SellAll {
        named: Option<i64>,
    },
}

fn step() -> impl Strategy<Value = Step> {
    let named = || prop::option::of(0_i64..4);
    prop_oneof![
        6 => (0_i64..6, 0_i64..4, 1_i128..6)
            .prop_map(|(millis, price, quantity)| Step::Buy { millis, price, quantity }),
        3 => (1_i128..9, named()).prop_map(|(quantity, named)| Step::Sell { quantity, named }),
        1 => named().prop_map(|named| Step::SellAll { named }),
    ]
}

/// Lots in the order in which they go out.
#[derive(Default)]
struct Model(Vec<(Quantity, Price, Timestamp)>);

impl Model {
    fn buy(&mut self, bought_at: Timestamp, price: Price, quantity: Quantity) {
        self.0.push((quantity, price, bought_at));
        // Stable: purchases of one time stay in the order of the log.
        self.0.sort_by_key(|(_, _, bought_at)| *bought_at);
    }

    fn held(&self, named: Option<Price>) -> Quantity {
        let meant = self.0.iter().filter(|(_, price, _)| named.is_none_or(|named| named == *price));
        Quantity::from_units(meant.map(|(quantity, ..)| quantity.units()).sum())
    }

    /// Cost of what is sold.
    fn sell(&mut self, quantity: Quantity, named: Option<Price>) -> Result<Money, Shortage> {
        let held = self.held(named);
        if quantity > held {
            return Err(Shortage(held));
        }
        let (mut owed, mut cost) = (quantity.units(), 0);
        for (left, price, _) in &mut self.0 {
            if named.is_none_or(|named| named == *price) {
                let taken = owed.min(left.units());
                owed -= taken;
                cost += i128::from(price.units()) * taken;
                *left = Quantity::from_units(left.units() - taken);
            }
        }
        self.0.retain(|(left, ..)| left.is_positive());
        Ok(Money::from_units(cost))
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(2000))]

    #[test]
    fn any_course_of_trades_leaves_the_lots_of_a_sorted_list(
        steps in vec(step(), 1..80), aside in vec(any::<bool>(), 7),
    ) {
        let mut steps_aside = aside.into_iter().cycle();
        let mut position = Position::default();
        let mut model = Model::default();
        let mut aside = Vec::new();
        for step in steps {
            if steps_aside.next().unwrap() {
                aside.push((Position { lots: position.lots.clone(), ..position }, model.0.clone()));
            }
            let (quantity, named) = match step {
                Step::Buy { millis, price, quantity } => {
                    let (price, quantity) = (Price::from_units(price), Quantity::from_units(quantity));
                    position.buy(at(millis), price, quantity);
                    model.buy(at(millis), price, quantity);
                    prop_assert_eq!(position.lots(), &model.0[..]);
                    continue;
                }
                Step::Sell { quantity, named } => {
                    (Quantity::from_units(quantity), named.map(Price::from_units))
                }
                Step::SellAll { named } => {
                    let named = named.map(Price::from_units);
                    (model.held(named), named)
                }
            };
            let cost = position.cost(quantity, named);
            prop_assert_eq!(cost, model.sell(quantity, named));
            if cost.is_ok() {
                let (before, taken) = (position.lots.to_vec(), position.lots.taken(quantity, named));
                position.sell(quantity, named);
                let left = before.into_iter().filter_map(|lot| {
                    let gone = taken.iter().find(|(other, _)| *other == lot).map(|(_, gone)| gone.units());
                    let left = lot.quantity.units() - gone.unwrap_or_default();
                    (left > 0).then_some(Lot { quantity: Quantity::from_units(left), ..lot })
                });
                prop_assert!(left.eq(position.lots.to_vec()), "what is taken is what is missing");
            }
            prop_assert_eq!(position.lots(), &model.0[..]);
        }
        for (position, lots) in aside {
            prop_assert_eq!(position.lots(), lots, "what somebody has is never changed");
        }
    }
}
