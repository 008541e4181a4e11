//! One day that was closed.

use std::collections::BTreeSet;

use hub_core::{Date, Money, Offset, Price, Timestamp};
use rpds::RedBlackTreeMapSync;
use serde::{Deserialize, Serialize};

use crate::listing::{Listing, SymbolKey};
use crate::portfolio::PortfolioKey;
use crate::position::Balance;
use crate::relayed::Relayed;
use crate::row::{Entry, Phase};
use crate::table::Table;
use crate::wide::Wide;

/// A day that was closed, and the worth of each portfolio at its end.
#[derive(Serialize, Deserialize)]
pub(crate) struct Day {
    pub(crate) date: Date,
    /// The instant of its end.
    pub(crate) at: Timestamp,
    /// The record that was applied last before it.
    pub(crate) as_of: Offset,
    /// The one that brought time there.
    pub(crate) offset: Offset,
    pub(crate) worths: Worths,
}

/// More of the last day: what is compared with it.
#[derive(Serialize, Deserialize)]
pub(crate) struct Ends {
    /// Realised plus unrealised P&L.
    pub(crate) pnl: Worths,
    /// By symbol.
    prices: Box<[Option<Price>]>,
}

/// Amounts of money by portfolio, some without one: as many bytes as money has, since no money has the least number.
#[derive(Serialize, Deserialize)]
pub(crate) struct Worths(Box<[i128]>);

impl Worths {
    fn of(amounts: Vec<Option<Wide>>) -> Worths {
        let money = |amount: Option<Wide>| amount.and_then(Wide::money).map_or(i128::MIN, Money::units);
        Worths(amounts.into_iter().map(money).collect())
    }

    /// True if the portfolio had ever held something.
    pub(crate) fn has(&self, key: PortfolioKey) -> bool {
        (key as usize) < self.0.len()
    }

    /// The amount of a portfolio; `None` where there is none to know.
    pub(crate) fn get(&self, key: PortfolioKey) -> Option<Money> {
        self.0.get(key as usize).copied().and_then(Money::from_units_checked)
    }
}

impl Ends {
    /// The last price of a symbol.
    pub(crate) fn price(&self, key: SymbolKey) -> Option<Price> {
        self.prices.get(key as usize).copied().flatten()
    }
}

/// All portfolios' worth and P&L, of so many: `price * holdings` of what each holds (AN-PVAL). A portfolio that holds
/// something without a price has none, and so has one whose sum is more than money holds; one that holds nothing is worth
/// 0. One that is relayed has only the P&L that came: what it is worth upstream says, too. One pass over all positions.
pub(crate) fn worths(
    portfolios: u32,
    positions: impl Iterator<Item = Entry>,
    listings: &Table<Listing>,
    relayed: &RedBlackTreeMapSync<PortfolioKey, Relayed>,
) -> (Worths, Ends) {
    let prices: Box<[Option<Price>]> =
        listings.iter().map(|listing| listing.quote.map(|quote| quote.price)).collect();
    // What passes by what money holds on its way may come back.
    let mut worths = vec![Some(Wide::default()); portfolios as usize];
    let mut pnl = worths.clone();
    // Of those that are relayed.
    let mut holding = BTreeSet::new();
    for entry in positions {
        let Balance { holdings, total_invested, realized_pnl } = entry.balance;
        let key = entry.portfolio as usize;
        let price = prices.get(entry.symbol as usize).copied().flatten();
        let worth = match entry.phase {
            Phase::Open => price.and_then(|price| Money::of(price, holdings)).map(Wide::from),
            Phase::Closed | Phase::Gone => Some(Wide::default()),
            Phase::Relayed => None,
        };
        let gain = match entry.phase {
            Phase::Relayed => {
                holding.extend(Some(entry.portfolio).filter(|_| !holdings.is_zero()));
                Some(Wide::from(realized_pnl))
            }
            _ => worth.map(|worth| worth.minus(total_invested.into()).plus(realized_pnl.into())),
        };
        for (sum, amount) in [(&mut worths[key], worth), (&mut pnl[key], gain)] {
            *sum = sum.zip(amount).map(|(sum, amount)| sum.plus(amount));
        }
    }
    for (key, relayed) in relayed {
        worths[*key as usize] = None;
        let (holds, pnl) = (holding.contains(key), &mut pnl[*key as usize]);
        let realized = pnl.and_then(Wide::money);
        *pnl = realized.and_then(|realized| relayed.pnl(realized, holds)).map(|pnl| pnl.amount.into());
    }
    (Worths::of(worths), Ends { pnl: Worths::of(pnl), prices })
}
