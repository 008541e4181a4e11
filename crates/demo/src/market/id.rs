//! Ids that are the same for the same seed.

use rand::{Rng, SeedableRng};
use rand_chacha::ChaCha8Rng;

/// The use of an id; no two domains share one.
#[derive(Clone, Copy)]
pub(super) enum Domain {
    Portfolio = 1,
    /// A transaction of the opening.
    Opening = 2,
    /// A transaction of this run.
    Step = 3,
    /// A trade of this run on its way through the pipeline.
    Trade = 4,
    /// A request for a session of the auto-trader.
    #[cfg(feature = "autotrader")]
    Session = 5,
}

/// Makes UUIDs of numbers. They depend on nothing else, neither on the order
/// of calls nor on how many portfolios or symbols there are, so that an
/// opening made after a change of configuration still repeats its ids.
pub(super) struct Ids {
    seed: u64,
    run: u64,
}

impl Ids {
    pub(super) fn new(seed: u64, run: u64) -> Ids {
        Ids { seed, run }
    }

    /// The id of the `number`th thing, a version 4 UUID to look at.
    pub(super) fn get(&self, domain: Domain, number: u64) -> String {
        let run = if matches!(domain, Domain::Step | Domain::Trade) { self.run } else { 0 };
        let mut key = [0; 32];
        for (part, value) in key.chunks_exact_mut(8).zip([self.seed, domain as u64, run, number]) {
            part.copy_from_slice(&value.to_le_bytes());
        }
        let mut bytes = [0; 16];
        ChaCha8Rng::from_seed(key).fill_bytes(&mut bytes);
        uuid::Builder::from_random_bytes(bytes).into_uuid().to_string()
    }
}
