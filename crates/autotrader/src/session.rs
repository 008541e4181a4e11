//! A trading session.

use std::sync::Arc;

use hub_core::event::trading::{SessionId, TradeId};
use hub_core::{Money, Timestamp};
use rpds::RedBlackTreeMapSync;
use serde::{Deserialize, Serialize};

use crate::balance::Balance;
use crate::percent::Percent;
use crate::trade::{Exit, Trade};

/// A trading session. A clone is cheap and shares its trades.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Session {
    /// Its id.
    pub id: SessionId,
    /// Shown to people.
    pub name: Option<Arc<str>>,
    /// The time at which it began.
    pub created_at: Timestamp,
    /// The time at which it was stopped, if it was.
    pub stopped_at: Option<Timestamp>,
    pub(crate) balance: Balance,
    pub(crate) counts: Counts,
    pub(crate) open: RedBlackTreeMapSync<TradeId, Arc<Trade>>,
    /// The latest, by the ordinal of their closing.
    closed: RedBlackTreeMapSync<u64, Arc<Trade>>,
}

/// Numbers of trades, whether or not they are still kept.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default, Serialize, Deserialize)]
pub(crate) struct Counts {
    pub(crate) total: u64,
    pub(crate) closed: u64,
    /// That earned something.
    pub(crate) winning: u64,
    /// That lost something.
    pub(crate) losing: u64,
}

impl Counts {
    /// Of the trades that are *closed*: with one won and one open it is 100
    /// (AT-WIN). 0 when none is.
    pub(crate) fn win_rate(&self) -> Percent {
        Percent::of(self.winning.into(), self.closed.into())
    }
}

impl Session {
    pub(crate) fn new(id: SessionId, name: Option<&str>, initial: Money, at: Timestamp) -> Session {
        Session {
            id,
            name: name.map(Arc::from),
            created_at: at,
            stopped_at: None,
            balance: Balance::new(initial),
            counts: Counts::default(),
            open: RedBlackTreeMapSync::new_sync(),
            closed: RedBlackTreeMapSync::new_sync(),
        }
    }

    /// `ACTIVE` or `STOPPED`.
    pub fn status(&self) -> &'static str {
        if self.is_active() { "ACTIVE" } else { "STOPPED" }
    }

    /// True while trades can be opened in it.
    pub fn is_active(&self) -> bool {
        self.stopped_at.is_none()
    }

    /// The capital that may be staked: what no open trade holds. Negative
    /// after losses beyond it; `None` if it can't even be represented.
    pub fn available_capital(&self) -> Option<Money> {
        self.balance.available()
    }

    /// Its open trades, by id.
    pub fn open_trades(&self) -> impl Iterator<Item = &Arc<Trade>> {
        self.open.values()
    }

    /// Its trades, open and (the latest) closed, by id.
    pub fn trades(&self) -> Vec<Arc<Trade>> {
        let mut trades: Vec<_> = self.open.values().chain(self.closed.values()).cloned().collect();
        trades.sort_unstable_by_key(|trade| trade.id);
        trades
    }

    /// Its numbers alone: what is remembered of it for long must not keep its
    /// trades in memory.
    pub(crate) fn without_trades(&self) -> Session {
        Session {
            open: RedBlackTreeMapSync::new_sync(),
            closed: RedBlackTreeMapSync::new_sync(),
            ..self.clone()
        }
    }

    /// Adds a trade that was opened, and what it makes of the balance.
    pub(crate) fn add(&mut self, trade: Arc<Trade>, balance: Balance) {
        self.balance = balance;
        self.counts.total += 1;
        self.open.insert_mut(trade.id, trade);
    }

    /// Puts `trade`, which has ended, in place of the open one, and forgets
    /// the oldest closed ones beyond `kept`. Returns whether that was
    /// possible: where a sum can't be represented, nothing changes.
    pub(crate) fn end(&mut self, trade: Arc<Trade>, exit: Exit, kept: u32) -> bool {
        let balance = trade.cost().and_then(|cost| self.balance.closed(cost, exit.pnl, exit.at));
        let Some(balance) = balance else { return false };
        self.balance = balance;
        self.counts.closed += 1;
        self.counts.winning += u64::from(exit.pnl > Money::ZERO);
        self.counts.losing += u64::from(exit.pnl < Money::ZERO);
        self.open.remove_mut(&trade.id);
        self.closed.insert_mut(self.counts.closed, trade);
        self.forget_closed(kept);
        true
    }

    /// Keeps the `kept` trades that were closed last.
    pub(crate) fn forget_closed(&mut self, kept: u32) {
        while self.closed.size() > kept as usize {
            let Some(oldest) = self.closed.first().map(|(ordinal, _)| *ordinal) else { return };
            self.closed.remove_mut(&oldest);
        }
    }
}
