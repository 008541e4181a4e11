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
    is_stale: bool,
}

/// P&L as it is kept by difference: not since when it is stale.
#[derive(Clone, Copy, Debug)]
pub(crate) struct KnownPnl {
    pub(crate) amount: Money,
    pub(crate) is_partial: bool,
    pub(crate) is_stale: bool,
}

impl From<Pnl> for KnownPnl {
    fn from(Pnl { amount, is_partial, stale_as_of }: Pnl) -> KnownPnl {
        KnownPnl { amount, is_partial, is_stale: stale_as_of.is_some() }
    }
}

impl Kept {
    fn of(pnl: Option<KnownPnl>) -> Kept {
        Kept {
            amount: halves(pnl.map_or(i128::MIN, |pnl| pnl.amount.units())),
            is_partial: pnl.is_some_and(|pnl| pnl.is_partial),
            is_stale: pnl.is_some_and(|pnl| pnl.is_stale),
        }
    }

    fn pnl(self) -> Option<KnownPnl> {
        let Kept { amount, is_partial, is_stale } = self;
        Some(KnownPnl { amount: Money::from_units_checked(whole(amount))?, is_partial, is_stale })
    }
}

impl Marks {
    /// The offset that last changed the mark.
    pub(crate) fn version(&self, key: PortfolioKey) -> Option<Offset> {
        self.0.version(key)
    }

    /// As [`State::pnl`](crate::State::pnl).
    pub(crate) fn pnl(&self, key: PortfolioKey) -> Option<KnownPnl> {
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
        mark: impl Fn(PortfolioKey) -> (Offset, Option<KnownPnl>),
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
