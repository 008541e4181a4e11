//! The ranking: all of it sorted anew whenever somebody looks.

use std::cmp::Reverse;

use hub_core::PortfolioId;

use super::{Model, Standing, score, text};
use crate::digits::{RATIO_PLACES, decimal};

/// P&L of a portfolio, and whether something of it has no price.
pub(crate) type PnlOf<'a> = &'a dyn Fn(PortfolioId) -> (String, String);

impl Model {
    /// Ids in the order of their ranks.
    fn ranked(&self) -> Vec<&Standing> {
        let mut ranked: Vec<&Standing> = self.standings.iter().collect();
        ranked.sort_by_key(|it| (Reverse(score(&it.metrics)), it.attained, it.id));
        ranked
    }

    pub(crate) fn ranked_ids(&self) -> Vec<PortfolioId> {
        self.ranked().into_iter().map(|standing| standing.id).collect()
    }

    pub(crate) fn total(&self) -> usize {
        self.standings.len()
    }

    /// The first rows, with the P&L that `pnl` knows.
    pub(crate) fn top(&self, limit: usize, pnl: PnlOf<'_>) -> Vec<String> {
        self.all_ranks(pnl).into_iter().take(limit).collect()
    }

    /// A portfolio's rank, and the rows around it.
    pub(crate) fn around(
        &self,
        id: PortfolioId,
        range: usize,
        pnl: PnlOf<'_>,
    ) -> (Option<usize>, Vec<String>) {
        let Some(at) = self.ranked().iter().position(|standing| standing.id == id) else {
            return (None, Vec::new());
        };
        let rows = self.all_ranks(pnl).into_iter().enumerate();
        let rows = rows.filter(|(place, _)| place.abs_diff(at) <= range).map(|(_, row)| row);
        (Some(at + 1), rows.collect())
    }

    fn all_ranks(&self, pnl: PnlOf<'_>) -> Vec<String> {
        let row = |(place, standing): (usize, &Standing)| {
            let Standing { id, metrics, updated_at: at, .. } = standing;
            let name = self.names.get(id).map_or("null".to_owned(), |name| text(name));
            let (amount, tail) = pnl(*id);
            let [avg, sharpe, sortino] = metrics.map(|units| decimal(units, RATIO_PLACES));
            format!(
                r#"{{"rank":{},"portfolioId":"{id}","portfolioName":{name},"pnl":{},"compositeScore":{},"avgReturn":{avg},"sharpe":{sharpe},"sortino":{sortino},"updatedAt":"{at}","updated":"{at}"{tail}}}"#,
                place + 1,
                amount,
                decimal(score(metrics), RATIO_PLACES),
            )
        };
        self.ranked().into_iter().enumerate().map(row).collect()
    }
}
