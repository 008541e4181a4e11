//! The leaderboard as plainly as it can be said: a list that is sorted.

use std::cmp::Reverse;
use std::collections::{BTreeMap, BTreeSet};

use hub_core::event::RiskMetrics;
use hub_core::{Event, Offset, PortfolioId, Ratio, Record, Timestamp};

/// All that is known of a ranked portfolio.
#[derive(Clone, PartialEq, Debug)]
pub(crate) struct Standing {
    pub(crate) id: PortfolioId,
    pub(crate) name: Option<String>,
    /// avgReturn, sharpe, sortino in units of 10^-18.
    pub(crate) metrics: [i128; 3],
    pub(crate) score: i128,
    pub(crate) attained: u64,
    pub(crate) updated_at: Timestamp,
}

#[derive(Clone, Default)]
pub(crate) struct Model {
    standings: Vec<Standing>,
    names: BTreeMap<PortfolioId, String>,
    ingested: BTreeSet<PortfolioId>,
}

impl Model {
    pub(crate) fn of(records: &[Record]) -> Model {
        let mut model = Model::default();
        for record in records {
            model.apply(record);
        }
        model
    }

    /// Takes a record in; false if it is rejected.
    pub(crate) fn apply(&mut self, record: &Record) -> bool {
        match &record.event {
            Event::Portfolio(info) => {
                self.names.insert(info.portfolio_id, info.name.clone());
            }
            Event::Risk(risk) => return self.ingest(record, risk),
            _ => {}
        }
        true
    }

    /// Metrics that were derived count until others were ingested.
    pub(crate) fn derive(&mut self, offset: Offset, at: Timestamp, risk: &RiskMetrics) {
        if !self.ingested.contains(&risk.portfolio_id) {
            self.rank(offset, at, risk);
        }
    }

    fn ingest(&mut self, record: &Record, risk: &RiskMetrics) -> bool {
        let is_ranked = self.rank(record.offset, record.at, risk);
        self.ingested.extend(is_ranked.then_some(risk.portfolio_id));
        is_ranked
    }

    /// Ranks a portfolio by these; false if they have no score.
    fn rank(&mut self, offset: Offset, at: Timestamp, risk: &RiskMetrics) -> bool {
        let metrics = [risk.avg_rate_of_return, risk.sharpe_ratio, risk.sortino_ratio].map(Ratio::units);
        let terms = metrics.into_iter().zip([50, 30, 20]).map(|(ratio, weight)| ratio.checked_mul(weight));
        let Some(score) = terms.sum() else { return false };
        let place = self.standings.iter().position(|standing| standing.id == risk.portfolio_id);
        let old = place.map(|place| self.standings.remove(place));
        let id = risk.portfolio_id;
        let mut new = Standing { id, name: None, metrics, score, attained: offset.0, updated_at: at };
        if let Some(old) = old {
            if old.score == score {
                new.attained = old.attained;
            }
            if old.metrics == metrics {
                new.updated_at = old.updated_at;
            }
        }
        self.standings.push(new);
        self.standings.sort_by_key(|standing| (Reverse(standing.score), standing.attained, standing.id));
        true
    }

    /// In order, with their names.
    pub(crate) fn standings(&self) -> Vec<Standing> {
        let named = |standing: &Standing| Standing {
            name: self.names.get(&standing.id).cloned(),
            ..standing.clone()
        };
        self.standings.iter().map(named).collect()
    }
}
