//! Mistakes that senders make.

use rand::RngExt;
use rand_chacha::ChaCha8Rng;

use super::item::Transaction;

/// More than a portfolio of the demo ever holds of one symbol, in shares.
const MORE_THAN_HELD: &str = "1000000000";

/// A way for a transaction to be refused.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Mistake {
    /// Sells more than is held.
    Oversell,
    /// Neither BUY nor SELL.
    UnknownSide,
    /// Less than nothing.
    NegativeQuantity,
    /// A portfolio that no UUID names.
    MalformedId,
    /// An earlier transaction again, id and all.
    SentTwice,
}

impl Mistake {
    /// One of them, each as likely.
    pub(super) fn pick(rng: &mut ChaCha8Rng) -> Mistake {
        match rng.random_range(0..5) {
            0 => Mistake::Oversell,
            1 => Mistake::UnknownSide,
            2 => Mistake::NegativeQuantity,
            3 => Mistake::MalformedId,
            _ => Mistake::SentTwice,
        }
    }

    /// Spoils a right transaction. Where nothing was sent before, what was to
    /// be sent twice becomes an oversell.
    pub(super) fn make(self, transaction: &mut Transaction) {
        match self {
            Mistake::Oversell | Mistake::SentTwice => {
                "SELL".clone_into(&mut transaction.side);
                MORE_THAN_HELD.clone_into(&mut transaction.quantity);
            }
            Mistake::UnknownSide => "HOLD".clone_into(&mut transaction.side),
            Mistake::NegativeQuantity => transaction.quantity.insert(0, '-'),
            Mistake::MalformedId => transaction.portfolio_id.truncate(23),
        }
    }
}
