//! Random histories: few portfolios and few values, so that there are ties,
//! returns to an earlier state, and updates that change nothing.

use hub_core::{Event, Offset, Record, Timestamp};
use proptest::prelude::*;

use super::{START_MILLIS, named, risk};

pub(crate) const PORTFOLIOS: u8 = 12;

fn ratio() -> impl Strategy<Value = &'static str> {
    prop_oneof![
        3 => Just("0"), 3 => Just("1"), 2 => Just("-1"), 1 => Just("0.1"), 1 => Just("0.2"),
        1 => Just("0.0000000000000000004"), 1 => Just("1.5"),
    ]
}

pub(crate) fn event() -> impl Strategy<Value = Event> {
    prop_oneof![
        8 => (1..=PORTFOLIOS, ratio(), ratio(), ratio())
            .prop_map(|(of, avg, sharpe, sortino)| risk(of, avg, sharpe, sortino)),
        1 => (1..=PORTFOLIOS, prop_oneof![Just("Growth"), Just("Income \"A\"")])
            .prop_map(|(of, name)| named(of, name)),
        1 => Just(Event::Tick),
    ]
}

pub(crate) fn history(records: usize) -> impl Strategy<Value = Vec<Record>> {
    prop::collection::vec((event(), 0..200_i64), 0..records).prop_map(|steps| {
        let mut millis = START_MILLIS;
        let record = |(index, (event, pause)): (usize, (Event, i64))| {
            millis += pause;
            Record { offset: Offset(index as u64 + 1), at: Timestamp::from_millis(millis).unwrap(), event }
        };
        steps.into_iter().enumerate().map(record).collect()
    })
}
