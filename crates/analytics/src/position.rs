//! The arithmetic of a position (AN-POS), exact and checked.

use hub_core::dto::PositionRow;
use hub_core::{Money, PortfolioId, Price, Quantity, Rejection, Symbol, Timestamp};

/// Amounts of a position. Of open lots only: a lot that was sold has left `holdings` and `total_invested` and
/// lives on in `realized_pnl`.
#[derive(Clone, Copy, PartialEq, Eq, Default, Debug)]
pub(crate) struct Balance {
    pub(crate) holdings: Quantity,
    /// Cost of the open lots.
    pub(crate) total_invested: Money,
    pub(crate) realized_pnl: Money,
}

impl Balance {
    /// The balance that a row shows.
    pub(crate) fn of(row: &PositionRow) -> Balance {
        Balance { holdings: row.holdings, total_invested: row.total_invested, realized_pnl: row.realized_pnl }
    }

    /// The row that shows this balance, for a position that came to be at `created_at` and changed last
    /// at `updated_at`.
    pub(crate) fn row(
        self,
        portfolio_id: PortfolioId,
        symbol: Symbol,
        created_at: Timestamp,
        updated_at: Timestamp,
    ) -> PositionRow {
        PositionRow {
            portfolio_id,
            symbol,
            holdings: self.holdings,
            total_invested: self.total_invested,
            realized_pnl: self.realized_pnl,
            created_at: Some(created_at),
            updated_at: Some(updated_at),
        }
    }

    /// After a purchase, or why it can't be taken in.
    pub(crate) fn bought(self, price: Price, quantity: Quantity) -> Result<Balance, Rejection> {
        let holdings =
            self.holdings.checked_add(quantity).ok_or_else(|| too_large("quantity", "holdings"))?;
        let cost = Money::of(price, quantity);
        let total_invested =
            self.total_invested.checked_add(cost).ok_or_else(|| too_large("price", "totalInvested"))?;
        Ok(Balance { holdings, total_invested, ..self })
    }

    /// After a sale at `price` of lots that hold `quantity` and have cost
    /// `cost`, or why it can't be taken in.
    pub(crate) fn sold(self, price: Price, quantity: Quantity, cost: Money) -> Result<Balance, Rejection> {
        let holdings =
            self.holdings.checked_sub(quantity).ok_or_else(|| too_large("quantity", "holdings"))?;
        // Over all consumed lots, the sum of (price - lot price) * quantity.
        let gain = Money::of(price, quantity).checked_sub(cost);
        let realized_pnl = gain
            .and_then(|gain| self.realized_pnl.checked_add(gain))
            .ok_or_else(|| too_large("price", "realizedPnl"))?;
        let total_invested =
            self.total_invested.checked_sub(cost).ok_or_else(|| too_large("price", "totalInvested"))?;
        debug_assert!(!holdings.is_zero() || total_invested.is_zero(), "no lots, no cost");
        Ok(Balance { holdings, total_invested, realized_pnl })
    }
}

fn too_large(field: &'static str, what: &'static str) -> Rejection {
    Rejection::of(field, format!("makes the position's {what} too large to be represented"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn holdings_too_large_are_the_quantitys_fault() {
        let most = Quantity::from_units(i64::MAX);
        let full = Balance::default().bought(Price::from_units(1), most).unwrap();
        let rejection = full.bought(Price::from_units(1), Quantity::from_units(1)).unwrap_err();
        assert_eq!(rejection.field.as_deref(), Some("quantity"));
    }

    #[test]
    fn profit_too_large_is_the_prices_fault() {
        let (penny, dear) = (Price::from_units(1), Price::from_units(i64::MAX));
        let most = Quantity::from_units(i64::MAX);
        let trade = |before: Balance| before.bought(penny, most)?.sold(dear, most, Money::of(penny, most));
        let twice = trade(trade(Balance::default()).unwrap()).unwrap();
        assert_eq!(trade(twice).unwrap_err().field.as_deref(), Some("price"));
    }
}
