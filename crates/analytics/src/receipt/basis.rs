//! The basis of a portfolio's risk: the values that it is derived from.

use hub_core::{Date, Money, Offset, Timestamp};

use super::{Receipt, Runs, Turn};
use crate::history::{PastDay, PastSource};
use crate::risk::{self, NoRisk, Risk, SERIES};

/// A portfolio's risk at a turn, and the series that it is of.
pub(crate) struct Basis {
    pub(crate) turn: Turn,
    /// The worth then; `None` where something that was held had no price, or nobody said it.
    pub(crate) worth: Option<Money>,
    pub(crate) risk: Result<(Risk, [Point; SERIES]), NoRisk>,
}

/// A value of a series.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Point {
    /// The day that it is of; `None` of the one under way.
    pub(crate) date: Option<Date>,
    pub(crate) value: Money,
    pub(crate) source: PointSource,
    /// The record that it is of, or as of.
    pub(crate) offset: Offset,
    /// Time of the record, or the instant.
    pub(crate) at: Timestamp,
}

/// The reason for a value.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum PointSource {
    /// It was the worth at the end of a day.
    Close,
    /// A service upstream said so.
    Valuation,
    /// It was the worth at the turn.
    Worth,
}

impl Basis {
    /// The risk of a portfolio with these positions at a turn, `None` of one that is relayed, and these days that had
    /// ended, the last one first; of valuations that were replaced since, `said` has found what they were.
    pub(crate) fn of(
        turn: Turn,
        positions: Option<&[Receipt]>,
        days: &[PastDay],
        said: &Runs<Date, Money>,
    ) -> Basis {
        let add = |sum: Money, position: &Receipt| sum.checked_add(position.worth()?);
        let worth = positions.and_then(|positions| positions.iter().try_fold(Money::ZERO, add));
        let days = days.iter().map(|day| Point::of_day(day, turn, said));
        let now =
            |value| Point { date: None, value, source: PointSource::Worth, offset: turn.as_of, at: turn.at };
        let now = match (positions, worth.map(now)) {
            (Some(_), None) => Err(NoRisk::Unpriced),
            (_, now) => Ok(now),
        };
        let series = risk::series(days, now, |point| point.value);
        let metrics = |series: &[Point; SERIES]| risk::risk(&series.each_ref().map(|point| point.value));
        Basis { turn, worth, risk: series.and_then(|series| Ok((metrics(&series)?, series))) }
    }
}

impl Point {
    fn of_day(day: &PastDay, turn: Turn, said: &Runs<Date, Money>) -> Point {
        let (date, value) = (Some(day.date), day.value);
        match day.source {
            PastSource::Close { at, as_of } => {
                Point { date, value, source: PointSource::Close, offset: as_of, at }
            }
            PastSource::Valuation(valued) => {
                let held = (valued.value, valued.offset, valued.updated_at);
                let found = said.found(&day.date).map(|said| (said.value, said.offset, said.at));
                let is_past = valued.offset > turn.as_of;
                let (value, offset, at) = found.filter(|_| is_past).unwrap_or(held);
                Point { date, value, source: PointSource::Valuation, offset, at }
            }
        }
    }
}
