//! The performance of portfolios, as somebody who measures it reports it.

use std::time::Duration;

use rand::RngExt;
use rand_chacha::ChaCha8Rng;

use super::id::{Domain, Ids};
use super::item;
use super::pace::Pace;
use super::spelling::Spelling;
use super::stream;
use crate::config::DemoConfig;

/// Bounds of a number that walks at random; it is turned back at either end.
struct Bounds {
    low: f64,
    high: f64,
}

/// Per day.
const RETURN: Bounds = Bounds { low: 0.0005, high: 0.02 };
const SHARPE: Bounds = Bounds { low: 0.2, high: 3.0 };
/// Sortino as a multiple of Sharpe: only losses count against it.
const SORTINO_FACTOR: Bounds = Bounds { low: 1.1, high: 1.5 };

impl Bounds {
    fn pick(&self, rng: &mut ChaCha8Rng) -> f64 {
        rng.random_range(self.low..self.high)
    }

    /// One step, of 2 % of the whole range at most: so that of some hundred
    /// portfolios one passes its neighbours, and no more than a few of them.
    fn step(&self, value: f64, rng: &mut ChaCha8Rng) -> f64 {
        let size = 0.02 * (self.high - self.low);
        let moved = value + rng.random_range(-size..size);
        let turned = if moved < self.low { 2.0 * self.low - moved } else { moved };
        let turned = if turned > self.high { 2.0 * self.high - turned } else { turned };
        turned.clamp(self.low, self.high)
    }
}

struct Standing {
    average_return: f64,
    sharpe: f64,
    sortino_factor: f64,
}

impl Standing {
    fn pick(rng: &mut ChaCha8Rng) -> Standing {
        Standing {
            average_return: RETURN.pick(rng),
            sharpe: SHARPE.pick(rng),
            sortino_factor: SORTINO_FACTOR.pick(rng),
        }
    }

    fn step(&mut self, rng: &mut ChaCha8Rng) {
        self.average_return = RETURN.step(self.average_return, rng);
        self.sharpe = SHARPE.step(self.sharpe, rng);
        self.sortino_factor = SORTINO_FACTOR.step(self.sortino_factor, rng);
    }

    fn item(&self, id: &str, spelling: Spelling) -> String {
        let average_return = format!("{:.6}", self.average_return);
        let sharpe = format!("{:.4}", self.sharpe);
        let sortino = format!("{:.4}", self.sharpe * self.sortino_factor);
        item::risk(id, &average_return, &sharpe, &sortino, spelling)
    }
}

/// The risk metrics of all portfolios.
pub(super) struct Risk {
    standings: Vec<Standing>,
    pace: Pace,
    rng: ChaCha8Rng,
}

impl Risk {
    pub(super) fn new(config: &DemoConfig) -> Risk {
        let rng = &mut stream(config.seed, 5);
        let portfolios = if config.risk_per_second == 0 { 0 } else { config.portfolios };
        Risk {
            standings: (0..portfolios).map(|_| Standing::pick(rng)).collect(),
            pace: Pace::new(config.risk_per_second),
            rng: stream(config.seed, 6),
        }
    }

    /// Those of every portfolio.
    pub(super) fn all(&self, ids: &Ids) -> Vec<String> {
        let item = |(number, standing): (usize, &Standing)| {
            standing.item(&ids.get(Domain::Portfolio, number as u64), Spelling::Plain)
        };
        self.standings.iter().enumerate().map(item).collect()
    }

    /// Those that are measured anew in `elapsed`.
    pub(super) fn step(&mut self, elapsed: Duration, ids: &Ids) -> Vec<String> {
        (0..self.pace.due(elapsed)).filter_map(|_| self.measure(ids)).collect()
    }

    fn measure(&mut self, ids: &Ids) -> Option<String> {
        let rng = &mut self.rng;
        let number = rng.random_range(0..self.standings.len());
        let standing = self.standings.get_mut(number)?;
        standing.step(rng);
        Some(standing.item(&ids.get(Domain::Portfolio, number as u64), Spelling::pick(rng)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn however_long_it_walks_a_number_stays_within_its_bounds_and_reaches_them() {
        let mut rng = stream(7, 0);
        let mut value = SHARPE.pick(&mut rng);
        let (mut lowest, mut highest) = (value, value);
        for _ in 0..100_000 {
            value = SHARPE.step(value, &mut rng);
            (lowest, highest) = (lowest.min(value), highest.max(value));
        }
        assert!((SHARPE.low..0.3).contains(&lowest), "{lowest}");
        assert!((2.9..=SHARPE.high).contains(&highest), "{highest}");
    }
}
