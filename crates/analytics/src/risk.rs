//! Risk metrics of a portfolio (AN-RISK): what its returns from day to day come to.
//!
//! Every number has the digits that the platform gives it, and no more is lost: returns and their mean have 8 places;
//! squares, variances and deviations 10 digits; the ratios as many places as a [`Ratio`] has. All of them are rounded
//! half up, away from zero. There is no risk-free rate, nothing is annualised, and nothing passes through a binary
//! float.

mod digits;
mod lapses;
mod pass;

use hub_core::event::RiskMetrics;
use hub_core::{Money, PortfolioId, Ratio};
use smallvec::SmallVec;

pub(crate) use lapses::Lapses;
pub(crate) use pass::{RiskPass, last_turn, turn_before};

use digits::{Decimal, quotient};

/// Values of a series: of 29 days, and that of the day that is under way.
pub(crate) const SERIES: usize = 30;

/// Places of a return.
const RETURN_PLACES: u32 = 8;

/// Units of 1, in those of a return.
const ONE: u64 = 10_u64.pow(RETURN_PLACES);

/// Metrics of a series.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) struct Risk {
    pub(crate) avg_rate_of_return: Ratio,
    pub(crate) sharpe_ratio: Ratio,
    pub(crate) sortino_ratio: Ratio,
}

impl Risk {
    /// The same as an event of a portfolio.
    pub(crate) fn event(self, portfolio_id: PortfolioId) -> RiskMetrics {
        let Risk { avg_rate_of_return, sharpe_ratio, sortino_ratio } = self;
        RiskMetrics { portfolio_id, avg_rate_of_return, sharpe_ratio, sortino_ratio }
    }
}

/// A reason why there are none.
#[derive(Clone, Copy, PartialEq, Eq, Debug, thiserror::Error)]
pub(crate) enum NoRisk {
    /// Fewer days have a value.
    #[error("{0} of the 29 days before it have a value")]
    TooFewDays(usize),
    /// Something that is held has no price.
    #[error("something that is held has no price")]
    Unpriced,
    /// A return on nothing (against BUG-A5).
    #[error("a day before the last has the value 0, on which there is no return")]
    Zero,
    /// A return that no trading brings.
    #[error("a return is too large to be represented")]
    TooLarge,
}

/// The series of a portfolio, the oldest value first: 29 of the days that have ended, which come with the last one first,
/// and what it is worth now. As long as that is what it was worth at the end of the last one, the day that is under way
/// has no return yet: then the days alone, if there are as many. So it is where nobody says what it is worth now.
pub(crate) fn series<D>(
    days: impl Iterator<Item = D>,
    worth: Result<Option<D>, NoRisk>,
    value: impl Fn(&D) -> Money,
) -> Result<[D; SERIES], NoRisk> {
    let worth = worth?;
    let mut days: SmallVec<[D; SERIES]> = days.take(SERIES).collect();
    let Some(worth) = worth else {
        days.reverse();
        return days.into_inner().map_err(|days| NoRisk::TooFewDays(days.len()));
    };
    if days.len() < SERIES || days.first().map(&value) != Some(value(&worth)) {
        days.truncate(SERIES - 1);
        days.insert(0, worth);
    }
    days.reverse();
    days.into_inner().map_err(|days| NoRisk::TooFewDays(days.len() - 1))
}

/// The metrics of a series, the oldest value first.
pub(crate) fn risk(series: &[Money; SERIES]) -> Result<Risk, NoRisk> {
    let mut returns = [0_i64; SERIES - 1];
    for (rate, days) in returns.iter_mut().zip(series.windows(2)) {
        let [before, after] = [days[0].units(), days[1].units()];
        if before <= 0 {
            return Err(NoRisk::Zero);
        }
        *rate = return_of(before, after).ok_or(NoRisk::TooLarge)?;
    }
    let count = returns.len() as u64;
    let sum: i128 = returns.iter().copied().map(i128::from).sum();
    let average = rounded(sum, quotient(sum.unsigned_abs(), 1, count.into()))?;
    let deviations = returns.iter().map(|rate| (i128::from(*rate) - i128::from(average)).unsigned_abs());
    let deviation = root_of_mean(deviations, count - 1);
    let losses: Vec<u128> =
        returns.iter().filter(|rate| **rate < 0).map(|rate| rate.unsigned_abs().into()).collect();
    // Without a loss there is nothing to blame it for: it counts as its Sharpe ratio does (against BUG-A6).
    let downside = if losses.is_empty() {
        deviation
    } else {
        let count = losses.len() as u64;
        root_of_mean(losses.into_iter(), count)
    };
    Ok(Risk {
        avg_rate_of_return: ratio(average, Decimal::ONE)?,
        sharpe_ratio: ratio(average, deviation)?,
        sortino_ratio: ratio(average, downside)?,
    })
}

/// The rate between two values, of which the first is more than 0; `None` if it is more than what is a rate.
fn return_of(before: i128, after: i128) -> Option<i64> {
    let gain = after.checked_sub(before)?;
    rounded(gain, quotient(gain.unsigned_abs(), ONE, before.unsigned_abs())).ok()
}

/// A size that has the sign of a number, if it is one that squares of can be added up.
fn rounded(sign: i128, size: Option<u128>) -> Result<i64, NoRisk> {
    let size = size.and_then(|size| i64::try_from(size).ok()).filter(|size| *size <= RATE_MAX);
    size.map(|size| if sign < 0 { -size } else { size }).ok_or(NoRisk::TooLarge)
}

/// 10^10, in units of a return.
const RATE_MAX: i64 = 10_i64.pow(RETURN_PLACES + 10);

/// The root of the sum of squares by `count`, each step with the digits that it has.
fn root_of_mean(of: impl Iterator<Item = u128>, count: u64) -> Decimal {
    let squares: u128 = of.map(|size| digits::rounded(size * size)).sum();
    Decimal::of(squares, 2 * RETURN_PLACES).by(count).root()
}

/// A rate by another, which has no places if it is 0; 0 where the other is.
fn ratio(rate: i64, by: Decimal) -> Result<Ratio, NoRisk> {
    let size = by.divides(rate.unsigned_abs().into(), RETURN_PLACES, Ratio::SCALE).ok_or(NoRisk::TooLarge)?;
    let units = i128::try_from(size).ok().filter(|units| *units <= Ratio::MAX.units());
    let units = units.ok_or(NoRisk::TooLarge)?;
    Ok(Ratio::from_units(if rate < 0 { -units } else { units }))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn money(text: &str) -> Money {
        text.parse().unwrap()
    }

    fn of(values: impl Fn(usize) -> Money) -> Result<Risk, NoRisk> {
        risk(&std::array::from_fn(values))
    }

    fn figures(risk: Result<Risk, NoRisk>) -> [String; 3] {
        let Risk { avg_rate_of_return, sharpe_ratio, sortino_ratio } = risk.unwrap();
        [avg_rate_of_return, sharpe_ratio, sortino_ratio].map(|ratio| ratio.to_string())
    }

    /// True of two numbers that are equal to a millionth, as the platform's narrowing leaves them.
    fn is_near(found: &str, expected: f64) -> bool {
        let found: f64 = found.parse().unwrap();
        (found - expected).abs() <= expected.abs() * 1e-6
    }

    #[test]
    fn v2_a_rising_line_is_blamed_for_no_loss() {
        let found = figures(of(|day| money(&(1000 + 10 * day).to_string())));
        assert_eq!(found[0], "0.00881964");
        assert!(is_near(&found[1], 13.302_025_794_982_91), "{found:?}");
        // By a deviation of 0.0006630298560, to its last place.
        assert_eq!(found[1], "13.302025421914032179");
        assert_eq!(found[1], found[2]);
    }

    #[test]
    fn v3_gains_and_losses() {
        let mut values = vec![10_000_000_i64];
        for day in 0..29 {
            let by = if day % 2 == 0 { 1010 } else { 995 };
            values.push((values[day] * by + 500) / 1000);
        }
        let cents = |day: usize| Money::from_units(i128::from(values[day]) * 10_i128.pow(14));
        let found = figures(of(cents));
        assert_eq!(found[0], "0.00275862");
        assert!(is_near(&found[1], 0.361_633_718_013_763_4), "{found:?}");
        // By deviations of 0.007628215603 and 0.005000005.
        assert_eq!(found[1..], ["0.361633721904123795", "0.551723448276551723"]);
        assert!(is_near(&found[2], 0.551_723_420_619_964_6), "{found:?}");
    }

    #[test]
    fn v4_a_flat_line_has_none() {
        assert_eq!(figures(of(|_| money("500"))), ["0", "0", "0"]);
    }

    #[test]
    fn a_return_on_nothing_is_none() {
        let zero = |at: usize| of(move |day| if day == at { Money::ZERO } else { money("7") });
        assert_eq!(zero(0), Err(NoRisk::Zero));
        assert_eq!(zero(28), Err(NoRisk::Zero));
        // What all was sold for is no return on nothing: a loss of all.
        let [average, ..] = figures(zero(29));
        assert_eq!(average, "-0.03448276");
    }

    #[test]
    fn values_of_every_size_have_a_risk_or_a_reason() {
        for (low, high) in [("0.0000000000000001", "17000000000000000000000"), ("1", "100000000000")] {
            let found = of(|day| if day % 2 == 0 { money(low) } else { money(high) });
            assert_eq!(found, Err(NoRisk::TooLarge));
        }
        let [average, ..] = figures(of(|day| money(if day == 29 { "17e21" } else { "16e21" })));
        assert_eq!(average, "0.00215517");
    }

    proptest! {
        #[test]
        fn scale_makes_no_difference(values in proptest::collection::vec(1_i64..1_000_000, SERIES), by in 0_u32..15) {
            let at = |scale: u32| of(|day| Money::from_units(i128::from(values[day]) * 10_i128.pow(scale)));
            prop_assert_eq!(at(by), at(31));
        }

        #[test]
        fn metrics_are_near_those_of_floats(values in proptest::collection::vec(1_000_000_i64..2_000_000, SERIES)) {
            let rates: Vec<f64> = values.windows(2).map(|two| (two[1] - two[0]) as f64 / two[0] as f64).collect();
            let average = rates.iter().sum::<f64>() / 29.0;
            let mean = |of: &[f64], count: f64| (of.iter().map(|x| x * x).sum::<f64>() / count).sqrt();
            let deviations: Vec<f64> = rates.iter().map(|rate| rate - average).collect();
            let losses: Vec<f64> = rates.iter().copied().filter(|rate| *rate < 0.0).collect();
            let found = of(|day| Money::from_units(i128::from(values[day]) * 10_i128.pow(16))).unwrap();
            let near = |found: Ratio, expected: f64| {
                (found.to_string().parse::<f64>().unwrap() - expected).abs() < 1e-6 * expected.abs() + 1e-6
            };
            prop_assert!(near(found.avg_rate_of_return, average));
            prop_assert!(near(found.sharpe_ratio, average / mean(&deviations, 28.0)));
            prop_assert!(near(found.sortino_ratio, average / mean(&losses, losses.len() as f64)));
        }
    }
}
