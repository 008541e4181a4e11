//! A ranking, whoever is asked for it, against the model.

use std::sync::Arc;

use hub_core::{PortfolioId, Ratio};
use hub_leaderboard::{Around, Board, Entry, LeaderboardFork, Ranked, Row};

use super::model::{Model, Standing};
use super::portfolio;
use super::script::PORTFOLIOS;

/// What is asked of a ranking.
pub(crate) trait Asked {
    fn len(&self) -> usize;
    fn entry(&self, id: PortfolioId) -> Option<Arc<Row>>;
    fn rank(&self, id: PortfolioId) -> Option<usize>;
    fn rows(&self, skip: usize, limit: usize) -> Vec<Ranked>;
    fn around(&self, id: PortfolioId, range: usize) -> Option<Around>;
}

macro_rules! asked {
    ($($of:ty),*) => {$(
        impl Asked for $of {
            fn len(&self) -> usize {
                self.len()
            }

            fn entry(&self, id: PortfolioId) -> Option<Arc<Row>> {
                self.entry(id)
            }

            fn rank(&self, id: PortfolioId) -> Option<usize> {
                self.rank(id)
            }

            fn rows(&self, skip: usize, limit: usize) -> Vec<Ranked> {
                self.rows(skip, limit).collect()
            }

            fn around(&self, id: PortfolioId, range: usize) -> Option<Around> {
                self.around(id, range)
            }
        }
    )*};
}

asked!(Board, LeaderboardFork);

pub(crate) fn standing(entry: &Entry) -> Standing {
    let metrics = [entry.metrics.avg_return, entry.metrics.sharpe, entry.metrics.sortino];
    Standing {
        id: entry.id,
        name: entry.name.as_deref().map(str::to_owned),
        metrics: metrics.map(Ratio::units),
        score: entry.score.units(),
        updated_at: entry.updated_at,
        attained: entry.attained.0,
    }
}

/// Every row, rank and window is the model's.
pub(crate) fn check(asked: &impl Asked, model: &Model) {
    let expected = model.standings();
    assert_eq!(asked.len(), expected.len());
    let rows = asked.rows(0, usize::MAX);
    assert!(rows.iter().map(|(rank, _)| *rank).eq(1..=expected.len()));
    assert!(rows.iter().map(|(_, entry)| standing(entry)).eq(expected.iter().cloned()));
    for id in (0..=PORTFOLIOS).map(portfolio) {
        let rank = expected.iter().position(|standing| standing.id == id).map(|index| index + 1);
        assert_eq!(asked.rank(id), rank);
        assert_eq!(asked.entry(id).as_ref(), rank.map(|rank| &rows[rank - 1].1));
        for range in [0, 1, 3, 100, usize::MAX] {
            let around = asked.around(id, range);
            assert_eq!(around.as_ref().map(|around| around.center), rank);
            let (Some(around), Some(rank)) = (around, rank) else { continue };
            let wanted = rows.iter().filter(|(other, _)| other.abs_diff(rank) <= range);
            assert!(around.rows.iter().eq(wanted), "{range} around {rank}");
        }
    }
    for skip in 0..=rows.len() + 1 {
        assert!(asked.rows(skip, 3).iter().eq(rows.iter().skip(skip).take(3)), "from {skip}");
    }
}
