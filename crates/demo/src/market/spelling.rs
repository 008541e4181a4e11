//! The spellings that the platform's services use.

use rand::RngExt;
use rand_chacha::ChaCha8Rng;

/// A sender's way to write an item.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Spelling {
    /// The canonical item, numbers as numbers.
    Plain,
    /// `snake_case`, numbers as strings.
    Snake,
    /// As the transactional service does (AN-IN-1): prices as strings in
    /// `buyPrice` and `sellPrice`, `"0"` where there is none.
    Upstream,
}

impl Spelling {
    /// Half of all senders are plain.
    pub(super) fn pick(rng: &mut ChaCha8Rng) -> Spelling {
        match rng.random_range(0..4) {
            0 => Spelling::Snake,
            1 => Spelling::Upstream,
            _ => Spelling::Plain,
        }
    }
}
