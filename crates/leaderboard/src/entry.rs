//! One portfolio as it is ranked.

mod walk;

use std::cmp::Reverse;
use std::sync::Arc;

use hub_core::event::RiskMetrics;
use hub_core::{Offset, PortfolioId, Ratio, Timestamp};
use serde::{Deserialize, Serialize};

/// 50, 30 and 20 of a hundred (LB-SCORE).
const WEIGHTS: [i32; 3] = [50, 30, 20];

/// A portfolio and what ranks it.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(try_from = "walk::Walked")]
pub struct Entry {
    /// The portfolio.
    pub id: PortfolioId,
    /// Its name, where one is known.
    pub name: Option<Arc<str>>,
    /// The metrics held.
    pub metrics: Metrics,
    /// The score they add up to.
    #[serde(skip)]
    pub score: Ratio,
    /// The record that brought it to this score.
    pub attained: Offset,
    /// The time at which its metrics last changed.
    pub updated_at: Timestamp,
    /// Records of what was ingested of it. Nobody is shown that.
    pub(crate) ingested: Ingested,
}

/// Records of a portfolio's ingested metrics, as far as there are any.
#[derive(Clone, Copy, PartialEq, Eq, Default, Debug, Serialize, Deserialize)]
pub(crate) struct Ingested {
    /// The first that ever was.
    pub(crate) first: Offset,
    /// The one that brought the metrics held.
    pub(crate) newest: Offset,
}

impl Ingested {
    /// The same with other metrics.
    pub(crate) fn by(self, offset: Offset) -> Ingested {
        Ingested { first: if self.is_any() { self.first } else { offset }, newest: offset }
    }

    /// True if there are any: what is derived counts no more.
    pub(crate) fn is_any(self) -> bool {
        self.first != Offset::START
    }
}

/// The three ratios that are ranked by.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct Metrics {
    /// Average daily return.
    pub avg_return: Ratio,
    /// Sharpe ratio.
    pub sharpe: Ratio,
    /// Sortino ratio.
    pub sortino: Ratio,
}

/// Key by which entries are ranked: score descending, then who reached it first, then id. Total, and
/// independent of when anybody looks (against BUG-L11).
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub(crate) struct RankKey {
    score: Reverse<Ratio>,
    attained: Offset,
    id: PortfolioId,
}

impl RankKey {
    /// Begins what it is compared by: of two keys the lesser never has the
    /// greater head, and most have different ones. It is the score's sign, how
    /// many bits it has and the first 55 of them, of what is ranked first the
    /// least.
    pub(crate) fn head(&self) -> u64 {
        const SCORE_BITS: u32 = 55;
        let units = self.score.0.units();
        let size = units.unsigned_abs();
        let bits = u128::BITS - size.leading_zeros();
        let first = size.checked_shl(u128::BITS - bits).unwrap_or(0) >> (u128::BITS - SCORE_BITS);
        let magnitude = u64::from(bits) << SCORE_BITS | first as u64;
        if units < 0 { 1 << 63 | magnitude } else { !(1 << 63 | magnitude) }
    }
}

impl Metrics {
    pub(crate) fn of(event: &RiskMetrics) -> Metrics {
        Metrics {
            avg_return: event.avg_rate_of_return,
            sharpe: event.sharpe_ratio,
            sortino: event.sortino_ratio,
        }
    }

    /// The same as an event of a portfolio.
    pub(crate) fn event(self, portfolio_id: PortfolioId) -> RiskMetrics {
        let Metrics { avg_return, sharpe, sortino } = self;
        RiskMetrics {
            portfolio_id,
            avg_rate_of_return: avg_return,
            sharpe_ratio: sharpe,
            sortino_ratio: sortino,
        }
    }

    /// LB-SCORE, exactly: 50 * avgReturn + 30 * sharpe + 20 * sortino. `None` if
    /// it can't be represented, which no metrics that were let in lead to.
    pub fn score(&self) -> Option<Ratio> {
        let terms = [self.avg_return, self.sharpe, self.sortino].into_iter().zip(WEIGHTS);
        terms
            .map(|(ratio, weight)| ratio.checked_mul(weight))
            .try_fold(Ratio::ZERO, |sum, term| sum.checked_add(term?))
    }
}

impl Entry {
    pub(crate) fn rank_key(&self) -> RankKey {
        RankKey { score: Reverse(self.score), attained: self.attained, id: self.id }
    }
}

/// Equal if people see the same.
impl PartialEq for Entry {
    fn eq(&self, other: &Entry) -> bool {
        self.id == other.id
            && self.metrics == other.metrics
            // As it is shown.
            && self.updated_at.millis() == other.updated_at.millis()
            && self.name == other.name
    }
}

impl Eq for Entry {}

#[cfg(test)]
mod tests {
    use super::*;

    fn score(avg: &str, sharpe: &str, sortino: &str) -> Option<String> {
        let [avg_return, sharpe, sortino] = [avg, sharpe, sortino].map(|text| text.parse().unwrap());
        Metrics { avg_return, sharpe, sortino }.score().map(|score| score.to_string())
    }

    #[test]
    fn vector_v5_is_115_and_nothing_is_lost_on_the_way() {
        assert_eq!(score("0.5", "2", "1.5").as_deref(), Some("115"));
        assert_eq!(score("0.1", "0.2", "-0.7").as_deref(), Some("-3"), "0.1 and 0.2 are no doubles");
        assert_eq!(
            score("0.008819639682769775", "13.30202579498291", "13.30202579498291").as_deref(),
            Some("665.54227173328398875")
        );
    }

    #[test]
    fn a_head_never_contradicts_the_order() {
        let around = |units: i128| (-3..=3).map(move |more| units.saturating_add(more));
        let powers = (0..127).map(|bit| 1_i128 << bit).flat_map(|power| [power, -power]);
        let scores = powers.chain([0, i128::MAX, i128::MIN, 115 * 10_i128.pow(18)]).flat_map(around);
        let mut keys: Vec<RankKey> = scores
            .map(|units| RankKey {
                score: Reverse(Ratio::from_units(units)),
                attained: Offset(0),
                id: PortfolioId::from_bytes([0; 16]),
            })
            .collect();
        keys.sort_unstable();
        assert!(keys.is_sorted_by_key(RankKey::head));
        let different = keys.windows(2).filter(|pair| pair[0].head() != pair[1].head()).count();
        assert!(different > keys.len() / 3, "{different} of {} differ from the one before", keys.len());
        let first = |score: i128| RankKey { score: Reverse(Ratio::from_units(score)), ..keys[0] }.head();
        assert!(first(115 * 10_i128.pow(18)) < first(115 * 10_i128.pow(18) - 10_000), "a score as they are");
    }

    #[test]
    fn the_largest_metrics_that_are_let_in_have_a_score() {
        assert_eq!(score("1e18", "1e18", "1e18").as_deref(), Some("100000000000000000000"));
        assert_eq!(score("-1e18", "-1e18", "-1e18").as_deref(), Some("-100000000000000000000"));
    }
}
