//! The market before anything moves.

use rand::RngExt;
use rand::seq::index;
use rand_chacha::ChaCha8Rng;

use super::book;
use super::id::{Domain, Ids};
use super::item::{self, Transaction};
use super::listing::Listing;
use super::spelling::Spelling;
use super::{name, quote};
use crate::config::DemoConfig;

/// Positions that a portfolio may begin with; also how far apart the
/// numbers of two portfolios' opening transactions are.
const POSITIONS_MAX: usize = 6;

pub(super) fn symbols(listings: &[Listing]) -> Vec<String> {
    listings.iter().map(|listing| item::symbol(&listing.symbol, listing.sector)).collect()
}

pub(super) fn portfolios(config: &DemoConfig, ids: &Ids, rng: &mut ChaCha8Rng) -> Vec<String> {
    let first_name = rng.random_range(0..name::DISTINCT);
    let portfolio = |number: u32| {
        let id = ids.get(Domain::Portfolio, number.into());
        // 555-01xx is kept for fiction.
        let phone = format!("+1-{}-555-01{:02}", 201 + number / 100 % 700, number % 100);
        item::portfolio(&id, &name::name(first_name, number), &phone, Spelling::pick(rng))
    };
    (0..config.portfolios).map(portfolio).collect()
}

pub(super) fn prices(listings: &[Listing]) -> Vec<String> {
    let first = |listing: &Listing| quote::cents(listing.cents.into());
    listings.iter().map(|listing| item::price(&listing.symbol, first(listing), Spelling::Plain)).collect()
}

/// Some positions of each portfolio, bought within 15 % of today's prices; what each portfolio is worth at these, in cents.
pub(super) fn purchases(
    config: &DemoConfig,
    ids: &Ids,
    listings: &[Listing],
    rng: &mut ChaCha8Rng,
) -> (Vec<String>, Vec<f64>) {
    let (mut items, mut worths) = (Vec::new(), vec![0.0; config.portfolios as usize]);
    for (portfolio, worth) in (0..config.portfolios).zip(&mut worths) {
        let positions = rng.random_range(2..=POSITIONS_MAX).min(listings.len());
        let chosen = index::sample(rng, listings.len(), positions);
        for (place, listing) in chosen.into_iter().filter_map(|at| listings.get(at)).enumerate() {
            let number = u64::from(portfolio) * POSITIONS_MAX as u64 + place as u64;
            let price = quote::cents((f64::from(listing.cents) * rng.random_range(0.85..1.15)).max(2.0));
            let quantity = book::order_size(rng);
            *worth += f64::from(listing.cents) * book::shares(quantity);
            let transaction = Transaction {
                id: ids.get(Domain::Opening, number),
                portfolio_id: ids.get(Domain::Portfolio, portfolio.into()),
                symbol: listing.symbol.clone(),
                side: "BUY".to_owned(),
                quantity: quantity.to_string(),
                price: price.to_string(),
                lot_price: None,
            };
            items.push(transaction.spell(Spelling::pick(rng)));
        }
    }
    (items, worths)
}
