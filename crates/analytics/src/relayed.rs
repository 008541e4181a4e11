//! Portfolios that a service upstream computes: what it says of them is shown as it is.
//!
//! A portfolio is computed from transactions here, or relayed; the first fact of it that is accepted decides, and the
//! other sort is refused from then on. So nothing is ever counted twice, and no row is half the one and half the other.

use std::sync::Arc;

use hub_core::dto::{PositionRow, UnrealizedPnl};
use hub_core::{Money, Offset, Outcome, Pnl, PortfolioId, Record, Rejection, Timestamp};
use hub_fanout::Step;
use serde::{Deserialize, Serialize};

use crate::position::Balance;
use crate::row::{Entry, LotsAt, Phase};
use crate::rules::Accounts;

/// A portfolio that is relayed.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub(crate) struct Relayed {
    /// The first record of it.
    pub(crate) since: Offset,
    /// Its unrealised P&L, if any came.
    pub(crate) mark: Option<Arc<UnrealizedPnl>>,
}

/// The service that computes a portfolio.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Origin {
    /// This one, from transactions.
    Computed,
    /// One upstream.
    Relayed,
}

/// A position that a record relays.
pub(crate) struct RelayedPosition<'e> {
    pub(crate) row: &'e PositionRow,
    created_at: Option<Timestamp>,
    updated_at: Option<Timestamp>,
    at: Timestamp,
}

impl Relayed {
    /// Realised plus unrealised P&L, of what is realised of its positions; `None` if it holds something and nobody said
    /// what that is worth.
    pub(crate) fn pnl(&self, realized: Money, holds: bool) -> Option<Pnl> {
        let Some(mark) = &self.mark else {
            return (!holds).then_some(Pnl { amount: realized, is_partial: false, stale_as_of: None });
        };
        Some(Pnl {
            amount: realized.checked_add(mark.overall)?,
            is_partial: !mark.unpriced.is_empty(),
            stale_as_of: mark.as_of,
        })
    }
}

impl<'e> RelayedPosition<'e> {
    fn of(record: &Record, row: &'e PositionRow) -> Result<RelayedPosition<'e>, Rejection> {
        Ok(RelayedPosition {
            row,
            created_at: told_time(record, row.created_at, "createdAt")?,
            updated_at: told_time(record, row.updated_at, "updatedAt")?,
            at: record.at,
        })
    }

    /// The entry that it makes of the one before, of which only what it tells is another.
    pub(crate) fn entry(&self, before: Entry) -> Entry {
        let PositionRow { holdings, total_invested, realized_pnl, .. } = *self.row;
        let balance = Balance { holdings, total_invested, realized_pnl };
        let is_same = balance == before.balance;
        Entry {
            created_at: self.created_at.unwrap_or(before.created_at),
            updated_at: self.updated_at.unwrap_or(if is_same { before.updated_at } else { self.at }),
            phase: Phase::Relayed,
            balance,
            lots: LotsAt::None,
            ..before
        }
    }

    /// The entry of one that was not there.
    pub(crate) fn first(&self, portfolio: u32, symbol: u32) -> Entry {
        self.entry(Entry {
            portfolio,
            symbol,
            created_at: self.at,
            updated_at: self.at,
            phase: Phase::Relayed,
            balance: Balance::default(),
            lots: LotsAt::None,
        })
    }
}

/// A time that upstream tells of, which is not ahead of the log's.
fn told_time(
    record: &Record,
    claimed: Option<Timestamp>,
    field: &'static str,
) -> Result<Option<Timestamp>, Rejection> {
    let time = claimed.map(|claimed| record.event_time(Some(claimed))).transpose();
    time.map_err(|rejection| Rejection::of(field, rejection.reason))
}

/// A position that is relayed; the last one wins.
pub(crate) fn position<S: Accounts>(
    accounts: &mut S,
    record: &Record,
    row: &PositionRow,
) -> Result<Result<Outcome, Rejection>, S::Error> {
    let taken = refuse(accounts, row.portfolio_id, Origin::Computed);
    let relayed = match taken.and_then(|()| RelayedPosition::of(record, row)) {
        Ok(relayed) => relayed,
        Err(rejection) => return Ok(Err(rejection)),
    };
    accounts.relay_position(record, &relayed)?;
    Ok(Ok(Outcome::Accepted))
}

/// A portfolio's unrealised P&L that is relayed; the last one wins.
pub(crate) fn unrealized<S: Accounts>(
    accounts: &mut S,
    record: &Record,
    pnl: &UnrealizedPnl,
    step: &mut Step,
) -> Result<Outcome, Rejection> {
    refuse(accounts, pnl.portfolio_id, Origin::Computed)?;
    told_time(record, pnl.as_of, "asOf")?;
    let sum = pnl.symbols.values().try_fold(Money::ZERO, |sum, amount| sum.checked_add(*amount));
    if sum != Some(pnl.overall) {
        step.warn("overallUnrealised_Pnl: is not the sum of its symbols");
    }
    accounts.relay_mark(record, pnl);
    Ok(Outcome::Accepted)
}

/// Refuses what is of the other sort, of a portfolio of this origin.
pub(crate) fn refuse(accounts: &mut impl Accounts, id: PortfolioId, origin: Origin) -> Result<(), Rejection> {
    if accounts.origin(id) != Some(origin) {
        return Ok(());
    }
    Err(Rejection::of(
        "portfolioId",
        match origin {
            Origin::Computed => {
                "is computed from transactions here; what is relayed of it would be counted twice"
            }
            Origin::Relayed => "is relayed from upstream here; transactions of it would be counted twice",
        },
    ))
}
