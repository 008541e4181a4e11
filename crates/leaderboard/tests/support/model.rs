//! The leaderboard as plainly as it can be said: a list that is sorted.

use std::cmp::Reverse;
use std::collections::BTreeMap;

use hub_core::{Event, PortfolioId, Record, Timestamp};

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
}

impl Model {
    pub(crate) fn of(records: &[Record]) -> Model {
        let mut model = Model::default();
        for record in records {
            model.apply(record);
        }
        model
    }

    pub(crate) fn apply(&mut self, record: &Record) {
        match &record.event {
            Event::Portfolio(info) => {
                self.names.insert(info.portfolio_id, info.name.clone());
            }
            Event::Risk(risk) => {
                let ratios = [risk.avg_rate_of_return, risk.sharpe_ratio, risk.sortino_ratio];
                let metrics = ratios.map(hub_core::Ratio::units);
                let score = metrics[0] * 50 + metrics[1] * 30 + metrics[2] * 20;
                let at = self.standings.iter().position(|standing| standing.id == risk.portfolio_id);
                let old = at.map(|at| self.standings.remove(at));
                let mut new = Standing {
                    id: risk.portfolio_id,
                    name: None,
                    metrics,
                    score,
                    attained: record.offset.0,
                    updated_at: record.at,
                };
                if let Some(old) = old {
                    if old.score == score {
                        new.attained = old.attained;
                    }
                    if old.metrics == metrics {
                        new.updated_at = old.updated_at;
                    }
                }
                self.standings.push(new);
            }
            _ => {}
        }
        self.standings.sort_by_key(|standing| (Reverse(standing.score), standing.attained, standing.id));
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
