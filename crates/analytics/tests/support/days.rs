//! Days beside positions and prices, worked out anew.

use std::collections::BTreeMap;

use hub_core::event::{RiskMetrics, Upstream, Valuation};
use hub_core::settings::Close;
use hub_core::{Date, Event, Money, PortfolioId, Price, Ratio, Record, Symbol, Timestamp};

use super::model::Model;
use super::portfolio;
use super::script::PORTFOLIOS;

/// 29 days and one under way.
const SERIES: usize = 30;

/// Positions and prices of the other model, and days beside them.
#[derive(Default)]
pub(crate) struct Days {
    pub(crate) model: Model,
    /// Ends that are yet to come.
    pub(crate) ahead: Vec<Close>,
    last: Option<Date>,
    derived: BTreeMap<(PortfolioId, Date), Money>,
    said: BTreeMap<(PortfolioId, Date), Money>,
    /// P&L at the end of the last day, and prices.
    pub(crate) ends: BTreeMap<PortfolioId, Money>,
    pub(crate) end_prices: BTreeMap<Symbol, i64>,
}

impl Days {
    /// What a portfolio is worth; `None` if it never had a position, or where that is not known.
    pub(crate) fn worth(&self, id: PortfolioId) -> Option<Money> {
        if self.model.is_relayed(id) {
            return None;
        }
        let rows = self.model.rows();
        let mut of: Vec<_> = rows.iter().filter(|row| row.portfolio_id == id).collect();
        if of.is_empty() {
            return None;
        }
        of.retain(|row| !row.holdings.is_zero());
        let mut worth = 0_i128;
        for row in of {
            let (price, _) = self.model.prices.get(&row.symbol)?;
            let amount = i128::from(*price).checked_mul(row.holdings.units())?;
            worth = amount.checked_add(worth)?;
        }
        Money::from_units_checked(worth)
    }

    /// Realised and unrealised P&L, if all of it is known.
    pub(crate) fn pnl(&self, id: PortfolioId) -> Option<Money> {
        let rows = self.model.rows();
        let own: Vec<_> = rows.iter().filter(|row| row.portfolio_id == id).collect();
        if self.model.is_relayed(id) {
            let holds = own.iter().any(|row| !row.holdings.is_zero());
            let realized = whole_sum(own.iter().map(|row| row.realized_pnl))?;
            return match self.model.relayed_mark(id) {
                Some(mark) => realized.checked_add(mark.overall),
                None => (!holds).then_some(realized),
            };
        }
        if own.is_empty() {
            return None;
        }
        let mut parts = Vec::new();
        for row in own {
            let worth = if row.holdings.is_zero() {
                Money::ZERO
            } else {
                let (price, _) = self.model.prices.get(&row.symbol)?;
                Money::of(Price::from_units(*price), row.holdings)?
            };
            let invested = Money::from_units(-row.total_invested.units());
            parts.extend([worth, invested, row.realized_pnl]);
        }
        whole_sum(parts)
    }

    pub(crate) fn ids() -> impl Iterator<Item = PortfolioId> {
        (0..PORTFOLIOS).map(portfolio)
    }

    /// Time passes to `now` before anything else is applied.
    pub(crate) fn pass(&mut self, now: Timestamp) {
        while let Some(close) = self.ahead.first().copied().filter(|close| close.at <= now) {
            self.ahead.remove(0);
            self.last = Some(close.date);
            self.ends = Days::ids().filter_map(|id| Some((id, self.pnl(id)?))).collect();
            self.end_prices =
                self.model.prices.iter().map(|(symbol, (price, _))| (symbol.clone(), *price)).collect();
            for id in Days::ids() {
                if let Some(worth) = self.worth(id) {
                    self.derived.insert((id, close.date), worth);
                }
            }
        }
    }

    pub(crate) fn apply(&mut self, record: &Record) {
        self.pass(record.at);
        match &record.event {
            Event::Upstream(fact) => {
                if let Upstream::Valuation(Valuation { portfolio_id, date, portfolio_value }) = **fact {
                    self.said.insert((portfolio_id, date), portfolio_value);
                }
            }
            Event::Settings(settings) => {
                self.ahead.clear();
                let (mut now, mut last) = (record.at, self.last);
                while let Some(close) = settings.closes.next(now, last) {
                    self.ahead.push(close);
                    (now, last) = (close.at, Some(close.date));
                }
            }
            _ => {}
        }
        self.model.apply(record);
    }

    /// Newest first.
    pub(crate) fn days(&self, id: PortfolioId) -> Vec<(Date, Money)> {
        let mut days: BTreeMap<Date, Money> = BTreeMap::new();
        for ((of, date), value) in self.derived.iter().chain(&self.said) {
            if *of == id {
                days.insert(*date, *value);
            }
        }
        days.into_iter().rev().collect()
    }

    /// The average rate and both deviations, if there are any.
    pub(crate) fn risk(&self, id: PortfolioId) -> Option<[f64; 3]> {
        let worth = self.worth(id)?;
        let next = self.ahead.first().map(|close| close.date);
        let today = self.last.and_then(|last| last.plus_days(1)).or(next);
        let days = self.days(id).into_iter().filter(|(date, _)| today.is_none_or(|today| *date < today));
        let mut series: Vec<Money> = days.map(|(_, value)| value).take(SERIES).collect();
        if series.len() < SERIES || series[0] != worth {
            series.truncate(SERIES - 1);
            series.insert(0, worth);
        }
        series.reverse();
        if series.len() < SERIES || series[..SERIES - 1].contains(&Money::ZERO) {
            return None;
        }
        let rates: Vec<f64> = series.windows(2).map(|two| rate(two[0].units(), two[1].units())).collect();
        if rates.iter().any(|rate| rate.abs() > 1e10) {
            return None;
        }
        let average = rates.iter().sum::<f64>() / 29.0;
        let root = |of: Vec<f64>, count: f64| (of.iter().map(|rate| rate * rate).sum::<f64>() / count).sqrt();
        let deviation = root(rates.iter().map(|rate| rate - average).collect(), 28.0);
        let losses: Vec<f64> = rates.iter().copied().filter(|rate| *rate < 0.0).collect();
        let count = losses.len() as f64;
        let downside = if losses.is_empty() { deviation } else { root(losses, count) };
        Some([average, deviation, downside])
    }

    /// Compares metrics with those of floats: rates have 8 places.
    pub(crate) fn check(&self, found: &RiskMetrics) {
        let [average, deviation, downside] =
            self.risk(found.portfolio_id).expect("a portfolio that has a risk");
        let number = |ratio: Ratio| ratio.to_string().parse::<f64>().unwrap();
        let is_near =
            |found: f64, expected: f64, by: f64| (found - expected).abs() <= expected.abs() * 1e-9 + by;
        let rate = number(found.avg_rate_of_return);
        assert!(is_near(rate, average, 2e-8), "{rate} for {average}");
        for (ratio, deviation) in [(found.sharpe_ratio, deviation), (found.sortino_ratio, downside)] {
            let found = number(ratio) * deviation;
            // By a deviation of a few places a rate is any.
            assert!(deviation < 1e-3 || is_near(found, rate, 1e-4 * rate.abs() + 1e-8), "{found} for {rate}");
        }
    }
}

/// A rate to 8 places, half up.
fn rate(before: i128, after: i128) -> f64 {
    let gain = after - before;
    let places = match gain.abs().checked_mul(200_000_000).and_then(|twice| twice.checked_add(before)) {
        Some(twice) => (twice / before / 2) as f64,
        // Of numbers that are so large the last place hardly counts.
        None => (gain.abs() as f64 / before as f64 * 1e8).round(),
    };
    places.copysign(gain as f64) / 1e8
}

/// A sum that may pass by what money holds on its way.
pub(crate) fn whole_sum(amounts: impl IntoIterator<Item = Money>) -> Option<Money> {
    let (high, low) = amounts.into_iter().fold((0_i128, 0_i128), |(high, low), amount| {
        let (units, unit) = (amount.units(), 1_i128 << 64);
        (high + units.div_euclid(unit), low + units.rem_euclid(unit))
    });
    let carried = high + low.div_euclid(1 << 64);
    let all = carried.checked_mul(1 << 64)?.checked_add(low.rem_euclid(1 << 64))?;
    Money::from_units_checked(all)
}
