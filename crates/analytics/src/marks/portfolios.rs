//! Versions of marks, and the P&L of portfolios.

use hub_core::{Money, Offset, Pnl};

use crate::portfolio::PortfolioKey;
use crate::row::{halves, whole};
use crate::table::Table;

/// Version of each portfolio's mark, and its P&L, at one flush.
#[derive(Clone, Default, Debug)]
pub(crate) struct Marks(Table<Kept>);

/// Realised plus unrealised P&L, or none: no money has the least integer of all.
#[derive(Clone, Copy, Debug)]
struct Kept {
    amount: [u64; 2],
    is_partial: bool,
}

impl Kept {
    fn of(pnl: Option<Pnl>) -> Kept {
        let amount = halves(pnl.map_or(i128::MIN, |pnl| pnl.amount.units()));
        Kept { amount, is_partial: pnl.is_some_and(|pnl| pnl.is_partial) }
    }

    fn pnl(self) -> Option<Pnl> {
        let Kept { amount, is_partial } = self;
        Some(Pnl { amount: Money::from_units_checked(whole(amount))?, is_partial })
    }
}

impl Marks {
    /// The offset that last changed the mark.
    pub(crate) fn version(&self, key: PortfolioKey) -> Option<Offset> {
        self.0.version(key)
    }

    /// As [`State::pnl`](crate::State::pnl).
    pub(crate) fn pnl(&self, key: PortfolioKey) -> Option<Pnl> {
        self.0.get(key)?.pnl()
    }

    /// As [`Table::changed`].
    pub(crate) fn changed(
        &self,
        after: Offset,
        from: Option<PortfolioKey>,
        limit: usize,
        keys: &mut Vec<PortfolioKey>,
    ) -> bool {
        self.0.changed(after, from, limit, keys)
    }

    /// Has these marks, whose keys ascend, changed or added. Costs what changed.
    pub(super) fn set(
        &mut self,
        keys: &[PortfolioKey],
        mark: impl Fn(PortfolioKey) -> (Offset, Option<Pnl>),
    ) {
        let (known, new) = keys.split_at(keys.partition_point(|key| *key < self.0.len()));
        let mark = |key| {
            let (version, pnl) = mark(key);
            (version, Kept::of(pnl))
        };
        self.0.set_all(known, &mark);
        for key in new {
            let (version, pnl) = mark(*key);
            self.0.push(version, pnl);
        }
    }
}
