//! Turns at which portfolios had no risk any more.

use std::sync::Arc;

use hub_core::Timestamp;
use rpds::RedBlackTreeMapSync;
use serde::{Deserialize, Serialize};

use crate::portfolio::PortfolioKey;

/// Turns of a portfolio that are kept.
const LAPSES_KEPT: usize = 100;

/// Turns at which there was no risk where there had been one: what was handed on before stays, and whoever asks what that
/// was finds here when it was. They are few: something without a price was bought, or a day ended with nothing held.
#[derive(Clone, Serialize, Deserialize)]
pub(crate) struct Lapses(RedBlackTreeMapSync<PortfolioKey, Arc<[Timestamp]>>);

/// More such turns came later than are kept.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) struct Forgotten;

impl Default for Lapses {
    fn default() -> Lapses {
        Lapses(RedBlackTreeMapSync::new_sync())
    }
}

impl Lapses {
    /// A portfolio has no risk any more, at a turn that is later than all before.
    pub(crate) fn push(&mut self, key: PortfolioKey, turn: Timestamp) {
        let held = self.0.get(&key).map(|held| &**held).unwrap_or_default();
        let over = (held.len() + 1).saturating_sub(LAPSES_KEPT);
        let all = held.iter().skip(over).copied().chain([turn]).collect();
        self.0.insert_mut(key, all);
    }

    /// The last of a portfolio's up to a turn.
    pub(crate) fn last(&self, key: PortfolioKey, turn: Timestamp) -> Result<Option<Timestamp>, Forgotten> {
        let held = self.0.get(&key).map(|held| &**held).unwrap_or_default();
        match held[..held.partition_point(|lapse| *lapse <= turn)].last() {
            None if held.len() == LAPSES_KEPT => Err(Forgotten),
            last => Ok(last.copied()),
        }
    }

    /// True if they are as they were pushed.
    pub(crate) fn is_in_order(&self) -> bool {
        self.0.values().all(|held| held.len() <= LAPSES_KEPT && held.is_sorted_by(|one, next| one < next))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_last_ones_are_kept_and_others_are_known_to_be_forgotten() {
        let at = |second: i64| Timestamp::from_millis(second * 1000).unwrap();
        let mut lapses = Lapses::default();
        assert_eq!(lapses.last(7, at(1)), Ok(None));
        (1..).take(LAPSES_KEPT).for_each(|second| lapses.push(7, at(second * 10)));
        assert_eq!(lapses.last(7, at(25)), Ok(Some(at(20))));
        assert_eq!(lapses.last(7, at(10)), Ok(Some(at(10))));
        assert_eq!(lapses.last(7, at(9)), Err(Forgotten), "there may have been one");
        lapses.push(7, at(1_000_000));
        assert_eq!(lapses.last(7, at(15)), Err(Forgotten));
        assert_eq!(lapses.last(8, at(9)), Ok(None));
        assert!(lapses.is_in_order());
    }
}
