//! Days before the market opened.

use hub_core::Date;
use rand::RngExt;
use rand_chacha::ChaCha8Rng;

use super::id::{Domain, Ids};
use super::{item, quote};

/// Portfolios that have a past: the first ones of a crowd, so that it opens soon.
const PORTFOLIOS_MAX: usize = 1000;

/// A return from one day to the next, at least and at most.
const RETURN: [f64; 2] = [-0.015, 0.018];

/// Values of portfolios at the ends of so many days before `today`, of each in order: they lead to `worths`, in cents.
pub(super) fn valuations(
    ids: &Ids,
    worths: &[f64],
    days: u32,
    today: Date,
    rng: &mut ChaCha8Rng,
) -> Vec<String> {
    let mut items = Vec::new();
    for (number, worth) in (0..).zip(worths.iter().take(PORTFOLIOS_MAX)) {
        let id = ids.get(Domain::Portfolio, number);
        let mut value = *worth;
        let back = (1..=days).map_while(|ago| {
            value /= 1.0 + rng.random_range(RETURN[0]..RETURN[1]);
            let date = today.plus_days(-i32::try_from(ago).ok()?)?;
            Some(item::valuation(&id, date, quote::cents(value)))
        });
        let back: Vec<String> = back.collect();
        items.extend(back.into_iter().rev());
    }
    items
}
