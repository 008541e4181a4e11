//! Drawing without repetition, and without a table of what was drawn.

use super::random::{Random, mix};

/// A random order of the numbers below `size`: a Feistel network over the next power of four, walked until it is back
/// among them.
pub(super) struct Permutation {
    size: u64,
    half_bits: u32,
    keys: [u64; 4],
}

impl Permutation {
    pub(super) fn new(size: u64, random: &mut Random) -> Permutation {
        let bits = u64::BITS - size.saturating_sub(1).leading_zeros();
        Permutation { size, half_bits: bits.div_ceil(2).max(1), keys: std::array::from_fn(|_| random.next()) }
    }

    /// The number at a place below `size`: no other place has it.
    pub(super) fn at(&self, place: u64) -> u64 {
        debug_assert!(place < self.size, "from elsewhere the walk need not lead back");
        let mut number = self.shuffled(place);
        while number >= self.size {
            number = self.shuffled(number);
        }
        number
    }

    fn shuffled(&self, number: u64) -> u64 {
        let mask = (1 << self.half_bits) - 1;
        let (mut left, mut right) = (number >> self.half_bits, number & mask);
        for key in self.keys {
            (left, right) = (right, left ^ (mix(right.wrapping_add(key)) & mask));
        }
        left << self.half_bits | right
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_number_comes_once() {
        for size in [1, 2, 3, 4, 5, 17, 1_000, 4_096] {
            let permutation = Permutation::new(size, &mut Random::new(size));
            let mut drawn: Vec<u64> = (0..size).map(|place| permutation.at(place)).collect();
            drawn.sort_unstable();
            assert!(drawn.into_iter().eq(0..size), "{size}");
        }
    }
}
