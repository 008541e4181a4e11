//! Days that end, and the risk that follows from them, as log time passes.

use hub_core::event::RiskMetrics;
use hub_core::{Derived, Offset, Timestamp};
use hub_fanout::Step;

use super::Memory;
use crate::history::{Day, has_ended};
use crate::portfolio::PortfolioKey;
use crate::risk::{NoRisk, SERIES, risk, series};

impl Memory {
    /// The next time at which a day ends, or a portfolio's risk may be worked out.
    pub(super) fn next_of_days(&self) -> Option<Timestamp> {
        let close = self.next_close.map(|close| close.at);
        let pass = self.pass.next().filter(|_| self.has_risk());
        [close, pass].into_iter().flatten().min()
    }

    /// Log time passes to `now`, by the record at `offset`.
    pub(super) fn pass_days(&mut self, now: Timestamp, offset: Offset, step: &mut Step) {
        while let Some(close) = self.next_close.filter(|close| close.at <= now) {
            let (worths, ends) = self.ledger.worths();
            self.history
                .close(Day { date: close.date, at: close.at, as_of: self.applied, offset, worths }, ends);
            self.pass.arm();
            self.find_next_close(close.at);
        }
        let turns = self.pass.advance(now, self.ledger.portfolios());
        if !self.has_risk() {
            return;
        }
        for key in turns {
            let Some(metrics) = self.turn(key) else { continue };
            if self.pass.lapses(key, metrics.is_ok()) {
                self.lapses.push(key, now);
            }
            if let Ok(metrics) = metrics {
                step.derive(Derived::Risk(metrics));
            }
        }
    }

    /// The next end of a day after this time.
    pub(super) fn find_next_close(&mut self, now: Timestamp) {
        let last = self.history.last().map(|day| day.date);
        self.next_close = self.settings.closes.next(now, last);
    }

    /// True if a portfolio may have enough days.
    fn has_risk(&self) -> bool {
        self.history.may_have(SERIES - 1)
    }

    /// A record was applied.
    pub(super) fn applied_to_days(&mut self, offset: Offset) {
        self.applied = offset;
        if self.ledger.newest().max(self.history.newest()) == offset {
            self.pass.arm();
        }
    }

    /// A portfolio's turn: its risk, if something changed that it depends on.
    fn turn(&mut self, key: PortfolioKey) -> Option<Result<RiskMetrics, NoRisk>> {
        let id = self.ledger.portfolio_id(key)?;
        let (version, worth) = self.ledger.worth(key);
        if !self.pass.take(key, version.max(self.history.version(id)), self.applied) {
            return None;
        }
        let (last, next) = (self.history.last().map(|day| day.date), self.next_close.map(|close| close.date));
        let entries = self.history.entries(id, Some(key)).filter(|entry| has_ended(entry.date, last, next));
        let worth =
            if self.ledger.is_relayed(key) { Ok(None) } else { worth.map(Some).ok_or(NoRisk::Unpriced) };
        let series = series(entries.map(|entry| entry.value), worth, |value| *value);
        Some(series.and_then(|series| risk(&series)).map(|risk| risk.event(id)))
    }
}
