//! Lots that were bought in this run and not sold yet.
//!
//! Only this run's purchases are sold, although the opening bought more and an
//! earlier run may have left lots behind. So a sale is always covered: what
//! the hub holds besides can only make its lots last longer, whether it takes
//! the oldest or those at a named price.

use hub_core::{Price, Quantity};
use rand::RngExt;
use rand_chacha::ChaCha8Rng;

/// The more lots there are the more is sold, and nothing is bought at as many:
/// neither the book nor the hub's positions grow without end. Some 250 lots
/// are usual.
pub(super) const LOTS_MAX: usize = 400;

/// Units of a [`Quantity`] in a share.
const SHARE: i128 = 10_i128.pow(Quantity::SCALE);

/// So much, bought at one price.
#[derive(Clone, Debug)]
pub(super) struct Lot {
    pub(super) portfolio: u32,
    /// Its place in the listing.
    pub(super) symbol: usize,
    pub(super) price: Price,
    pub(super) quantity: Quantity,
}

/// A sale of the quantity of `lot`.
pub(super) struct Sale {
    pub(super) lot: Lot,
    /// Says at which price its lot was bought.
    pub(super) names_lot: bool,
}

/// Lots, oldest first.
#[derive(Default)]
pub(super) struct Book {
    pub(super) lots: Vec<Lot>,
}

impl Book {
    pub(super) fn buy(&mut self, lot: Lot) {
        self.lots.push(lot);
    }

    /// Sells some lot or part of it, if anybody sells now; every fourth sale
    /// names the price.
    pub(super) fn sell(&mut self, rng: &mut ChaCha8Rng) -> Option<Sale> {
        // A place behind the last lot means that nobody sells.
        let place = rng.random_range(0..LOTS_MAX);
        let mut lot = self.lots.get(place)?.clone();
        let shares = lot.quantity.units() / SHARE;
        if shares > 1 && rng.random_bool(0.5) {
            lot.quantity = Quantity::from_units(rng.random_range(1..shares) * SHARE);
        }
        let names_lot = rng.random_ratio(1, 4);
        self.consume(&lot, names_lot);
        Some(Sale { lot, names_lot })
    }

    /// As the hub does: the oldest lots at the named price, else the oldest.
    fn consume(&mut self, sold: &Lot, at_price: bool) {
        let mut left = sold.quantity.units();
        self.lots.retain_mut(|lot| {
            let same = (lot.portfolio, lot.symbol) == (sold.portfolio, sold.symbol);
            if same && (!at_price || lot.price == sold.price) {
                let taken = lot.quantity.units().min(left);
                left -= taken;
                lot.quantity = Quantity::from_units(lot.quantity.units() - taken);
            }
            lot.quantity.is_positive()
        });
    }
}

/// The size of an order: 1 to 200 shares, sometimes with a quarter more.
/// A quantity as a number, for what is made up anyway.
pub(super) fn shares(quantity: Quantity) -> f64 {
    quantity.units() as f64 / SHARE as f64
}

pub(super) fn order_size(rng: &mut ChaCha8Rng) -> Quantity {
    let shares = rng.random_range(1..=200) * SHARE;
    let fraction = if rng.random_ratio(1, 10) { rng.random_range(1..=3) * (SHARE / 4) } else { 0 };
    Quantity::from_units(shares + fraction)
}

#[cfg(test)]
mod tests {
    use rand::SeedableRng;

    use super::*;

    /// Held per portfolio, symbol and price.
    fn held(book: &Book, lot: &Lot, at_price: bool) -> i128 {
        let matches = |other: &&Lot| {
            (other.portfolio, other.symbol) == (lot.portfolio, lot.symbol)
                && (!at_price || other.price == lot.price)
        };
        book.lots.iter().filter(matches).map(|lot| lot.quantity.units()).sum()
    }

    #[test]
    fn no_sale_exceeds_what_the_hub_would_find() {
        let mut rng = ChaCha8Rng::seed_from_u64(7);
        let mut book = Book::default();
        // What the hub holds: the same purchases after some it had before.
        let mut hub = Book::default();
        for portfolio in 0..3 {
            hub.buy(Lot {
                portfolio,
                symbol: 0,
                price: Price::from_units(5),
                quantity: order_size(&mut rng),
            });
        }
        for _ in 0..20_000 {
            if let Some(sale) = book.sell(&mut rng) {
                assert!(held(&hub, &sale.lot, sale.names_lot) >= sale.lot.quantity.units());
                hub.consume(&sale.lot, sale.names_lot);
            } else {
                let price = Price::from_units(rng.random_range(4..8));
                let lot = Lot {
                    portfolio: rng.random_range(0..3),
                    symbol: rng.random_range(0..2),
                    price,
                    quantity: order_size(&mut rng),
                };
                book.buy(lot.clone());
                hub.buy(lot);
            }
        }
    }
}
