//! The least that marks take.

use std::collections::HashMap;
use std::hint::black_box;
use std::time::Instant;

use hub_analytics::State;
use hub_core::PortfolioId;

/// Numbers that are read to find out what memory gives: more than caches hold.
const READ_WORDS: usize = 1 << 25;

/// Holders of each symbol as columns, and a total per portfolio. Nobody reads them, and what moved is not known.
pub(super) struct PlainColumns {
    holders: Vec<Holders>,
    totals: Vec<i128>,
    ticks: i64,
}

#[derive(Default)]
struct Holders {
    portfolios: Vec<u32>,
    quantities: Vec<i64>,
}

impl PlainColumns {
    /// The positions of a state, in its order.
    pub(super) fn of(state: &State) -> PlainColumns {
        let numbers: HashMap<PortfolioId, u32> = state.portfolios().flatten().zip(0..).collect();
        let mut symbols = HashMap::new();
        let mut holders: Vec<Holders> = Vec::new();
        for row in state.positions().flatten() {
            let position = row.position();
            let next = symbols.len();
            let symbol = *symbols.entry(position.symbol.clone()).or_insert(next);
            if symbol == holders.len() {
                holders.push(Holders::default());
            }
            holders[symbol].portfolios.push(numbers[&position.portfolio_id]);
            holders[symbol].quantities.push(position.holdings.units() as i64);
        }
        PlainColumns { holders, totals: vec![0; numbers.len()], ticks: 0 }
    }

    /// Every symbol ticks: the seconds that it took.
    pub(super) fn remark(&mut self) -> f64 {
        self.ticks += 1;
        let by = i128::from(self.ticks);
        let begun = Instant::now();
        for Holders { portfolios, quantities } in &self.holders {
            for (portfolio, quantity) in portfolios.iter().zip(quantities) {
                self.totals[*portfolio as usize] += by * i128::from(*quantity);
            }
        }
        black_box(&self.totals);
        begun.elapsed().as_secs_f64()
    }
}

/// Rate at which one thread reads memory that no cache has.
pub(super) fn memory_gb_per_second() -> f64 {
    let words = vec![1_u64; READ_WORDS];
    let begun = Instant::now();
    let sum = words.iter().fold(0_u64, |sum, word| sum.wrapping_add(*word));
    let seconds = begun.elapsed().as_secs_f64();
    black_box(sum);
    size_of_val(&words[..]) as f64 / seconds / 1e9
}
