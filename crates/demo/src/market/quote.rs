//! A price that moves.

use hub_core::Price;
use rand::RngExt;
use rand_chacha::ChaCha8Rng;

/// The lowest price, in cents.
const FLOOR_CENTS: f64 = 2.0;

/// The pull on a price towards its first value, per tick. With a
/// [`Quote::volatility`] of 0.002 it strays some 6 % from there.
const REVERSION: f64 = 0.0008;

/// Units of a [`Price`] in a cent.
const UNITS_PER_CENT: i64 = 10_i64.pow(Price::SCALE - 2);

/// A price that walks at random, in proportion to itself, around its first
/// value. Only sums and products are used, which every machine rounds alike.
pub(super) struct Quote {
    first_cents: f64,
    cents: f64,
    /// The size of a usual move, as a share of the price.
    volatility: f64,
}

impl Quote {
    pub(super) fn new(cents: u32, rng: &mut ChaCha8Rng) -> Quote {
        let cents = f64::from(cents).max(FLOOR_CENTS);
        Quote { first_cents: cents, cents, volatility: rng.random_range(0.001..0.003) }
    }

    /// The next price.
    pub(super) fn step(&mut self, rng: &mut ChaCha8Rng) -> Price {
        // Three uniform numbers add up to a bell shape of variance 1.
        let shock: f64 = (0..3).map(|_| rng.random_range(-1.0..1.0)).sum();
        let moved = self.cents * (1.0 + self.volatility * shock);
        self.cents = (moved + REVERSION * (self.first_cents - self.cents)).max(FLOOR_CENTS);
        cents(self.cents)
    }

    /// The price for who deals now: the current one, give or take 0.1 %.
    pub(super) fn dealt(&self, rng: &mut ChaCha8Rng) -> Price {
        cents((self.cents * rng.random_range(0.999..1.001)).max(FLOOR_CENTS))
    }
}

/// The price of so many cents, rounded to a whole one.
pub(super) fn cents(cents: f64) -> Price {
    Price::from_units((cents.round() as i64).saturating_mul(UNITS_PER_CENT))
}

#[cfg(test)]
mod tests {
    use rand::SeedableRng;

    use super::*;

    #[test]
    fn the_cheapest_symbol_moves_and_never_costs_a_cent() {
        let mut rng = ChaCha8Rng::seed_from_u64(7);
        let mut quote = Quote { first_cents: 3.0, cents: 3.0, volatility: 0.2 };
        let prices: Vec<Price> =
            (0..10_000).map(|_| quote.step(&mut rng).min(quote.dealt(&mut rng))).collect();
        assert_eq!(prices.iter().min(), Some(&cents(FLOOR_CENTS)));
        assert!(prices.iter().max() > Some(&cents(5.0)));
    }

    #[test]
    fn however_long_it_walks_a_price_stays_around_its_first() {
        let mut rng = ChaCha8Rng::seed_from_u64(7);
        for _ in 0..20 {
            let mut quote = Quote::new(10_000, &mut rng);
            for _ in 0..50_000 {
                quote.step(&mut rng);
            }
            assert!((6_000.0..16_000.0).contains(&quote.cents), "{}", quote.cents);
        }
    }
}
