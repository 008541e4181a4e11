//! Turns of portfolios: when their risk was worked out, and as of which record.

use hub_core::{Offset, Timestamp};
use hub_log::{EventLog, LogError};

use crate::portfolio::PortfolioKey;
use crate::risk;

/// A turn of a portfolio.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) struct Turn {
    /// The instant.
    pub(crate) at: Timestamp,
    /// The record that was applied last before it: a record of the same instant comes after the turn.
    pub(crate) as_of: Offset,
}

impl Turn {
    /// The last turn of a portfolio up to the record at `until`. Whether it was passed over makes no difference: then
    /// nothing had changed since the one before.
    pub(crate) fn last(
        log: &dyn EventLog,
        key: PortfolioKey,
        until: Offset,
    ) -> Result<Option<Turn>, LogError> {
        match risk::last_turn(key, log.record(until)?.at) {
            Some(at) => Turn::at(log, at, until).map(Some),
            None => Ok(None),
        }
    }

    /// The turn at an instant that is no later than the record at `until`.
    pub(crate) fn at(log: &dyn EventLog, at: Timestamp, until: Offset) -> Result<Turn, LogError> {
        // Records before `low` are from before it, that at `high` is not. Mostly it is close to the end.
        let (mut low, mut high, mut step) = (1, until.0, 1);
        while low < high {
            let middle = if step < high - low { high - step } else { low.midpoint(high) };
            if log.record(Offset(middle))?.at < at {
                low = middle + 1;
                step = u64::MAX;
            } else {
                high = middle;
                step = step.saturating_mul(2);
            }
        }
        Ok(Turn { at, as_of: Offset(low - 1) })
    }
}
