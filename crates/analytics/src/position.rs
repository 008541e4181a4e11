//! The arithmetic of a position (AN-POS), exact and checked.

use hub_core::{Money, Price, Quantity, Rejection};

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
    /// After a purchase, or why it can't be taken in.
    pub(crate) fn bought(self, price: Price, quantity: Quantity) -> Result<Balance, Rejection> {
        let holdings =
            self.holdings.checked_add(quantity).ok_or_else(|| too_large("quantity", "holdings"))?;
        let total_invested = self
            .total_invested
            .checked_add(value(price, quantity)?)
            .ok_or_else(|| too_large("totalInvested", "totalInvested"))?;
        Ok(Balance { holdings, total_invested, ..self })
    }

    /// After a sale at `price` of lots that hold `quantity` and have cost
    /// `cost`, or why it can't be taken in.
    pub(crate) fn sold(self, price: Price, quantity: Quantity, cost: Money) -> Result<Balance, Rejection> {
        let holdings =
            self.holdings.checked_sub(quantity).ok_or_else(|| too_large("quantity", "holdings"))?;
        // Over all consumed lots, the sum of (price - lot price) * quantity.
        let gain = value(price, quantity)?.checked_sub(cost);
        let realized_pnl = gain
            .and_then(|gain| self.realized_pnl.checked_add(gain))
            .ok_or_else(|| too_large("realizedPnl", "realizedPnl"))?;
        let total_invested = self
            .total_invested
            .checked_sub(cost)
            .ok_or_else(|| too_large("totalInvested", "totalInvested"))?;
        debug_assert!(!holdings.is_zero() || total_invested.is_zero(), "no lots, no cost");
        Ok(Balance { holdings, total_invested, realized_pnl })
    }
}

/// Money that changes hands in one transaction.
fn value(price: Price, quantity: Quantity) -> Result<Money, Rejection> {
    let value = Money::of(price, quantity);
    value.ok_or_else(|| Rejection::of("quantity", "times the price is more than 1.7 * 10^22"))
}

/// A total beyond what can be represented: the field at fault is `quantity` for what is held, of which there are
/// at most 10^15, else the total itself.
fn too_large(field: &'static str, total: &'static str) -> Rejection {
    Rejection::of(field, format!("the position's {total} would be too large"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn quantity(text: &str) -> Quantity {
        text.parse().unwrap()
    }

    fn field(refused: Result<Balance, Rejection>) -> String {
        refused.unwrap_err().field.unwrap().into_owned()
    }

    const PENNY: Price = Price::from_units(1);

    #[test]
    fn holdings_too_large_are_the_quantitys_fault() {
        let full = Balance::default().bought(PENNY, Quantity::MAX).unwrap();
        assert_eq!(field(full.bought(PENNY, Quantity::from_units(1))), "quantity");
    }

    #[test]
    fn a_transaction_too_large_is_the_quantitys_fault() {
        let most = quantity("1000000000000");
        assert_eq!(field(Balance::default().bought(Price::MAX, most)), "quantity");
        let held = Balance::default().bought(PENNY, most).unwrap();
        assert_eq!(field(held.sold(Price::MAX, most, Money::of(PENNY, most).unwrap())), "quantity");
    }

    #[test]
    fn totals_too_large_are_named() {
        let (dear, many) = (Price::MAX, quantity("100000000000"));
        let value = Money::of(dear, many).unwrap();
        let once = Balance::default().bought(dear, many).unwrap();
        assert_eq!(field(once.bought(dear, many)), "totalInvested");
        let trade = |before: Balance| {
            before.bought(PENNY, many)?.sold(dear, many, Money::of(PENNY, many).unwrap_or_default())
        };
        let gained = trade(Balance::default()).unwrap();
        assert_eq!(field(trade(gained)), "realizedPnl");
        assert_eq!(once.sold(dear, many, value).unwrap(), Balance::default(), "what was bought can be sold");
    }
}
