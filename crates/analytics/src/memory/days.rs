//! Days that end, and the risk that follows from them, as log time passes.

use hub_core::event::RiskMetrics;
use hub_core::{Date, Derived, Money, Offset, PortfolioId, Timestamp};
use hub_fanout::Step;
use smallvec::SmallVec;

use super::Memory;
use crate::history::Day;
use crate::portfolio::PortfolioKey;
use crate::risk::{NoRisk, Risk, SERIES, risk};

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
        if !self.has_risk() {
            return;
        }
        for key in self.pass.advance(now, self.ledger.portfolios()) {
            if let Some(Ok(metrics)) = self.turn(key) {
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
        let metrics = |Risk { avg_rate_of_return, sharpe_ratio, sortino_ratio }| RiskMetrics {
            portfolio_id: id,
            avg_rate_of_return,
            sharpe_ratio,
            sortino_ratio,
        };
        Some(self.series(id, key, worth).and_then(|series| risk(&series)).map(metrics))
    }

    /// The series of a portfolio, the oldest value first: 29 days that have ended, and what it is worth now. As long as
    /// that is what it was worth at the end of the last one, the day that is under way has no return yet: then the days
    /// alone, if there are as many.
    fn series(
        &self,
        id: PortfolioId,
        key: PortfolioKey,
        worth: Option<Money>,
    ) -> Result<[Money; SERIES], NoRisk> {
        let is_relayed = self.ledger.is_relayed(key);
        if worth.is_none() && !is_relayed {
            return Err(NoRisk::Unpriced);
        }
        let entries = self.history.entries(id, Some(key)).filter(|entry| self.has_ended(entry.date));
        let mut days: SmallVec<[Money; SERIES]> = entries.map(|entry| entry.value).take(SERIES).collect();
        // What one that is relayed is worth now upstream has not said yet.
        let Some(worth) = worth else {
            days.reverse();
            return <[Money; SERIES]>::try_from(&*days).map_err(|_| NoRisk::TooFewDays(days.len()));
        };
        if days.len() < SERIES || days.first() != Some(&worth) {
            days.truncate(SERIES - 1);
            days.insert(0, worth);
        }
        days.reverse();
        <[Money; SERIES]>::try_from(&*days).map_err(|_| NoRisk::TooFewDays(days.len() - 1))
    }

    /// True of a day that is over, though somebody may have said already what another was worth.
    fn has_ended(&self, date: Date) -> bool {
        match (self.history.last(), self.next_close) {
            (Some(last), _) => date <= last.date,
            (None, Some(next)) => date < next.date,
            (None, None) => true,
        }
    }
}
