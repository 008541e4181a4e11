//! Trades are opened and closed on command.

use std::sync::Arc;

use hub_core::event::Side;
use hub_core::event::trading::{CloseTrade, OpenTrade, TradeId};
use hub_core::{Price, Record, Rejection};

use super::{Done, Ledger};
use crate::answers::Answer;
use crate::balance::Balance;
use crate::session::Session;
use crate::trade::{ExitReason, Trade};

impl Ledger {
    pub(super) fn open(&mut self, record: &Record, command: &OpenTrade) -> Result<Done, Rejection> {
        let session = self.active_session(command.session_id)?;
        let max = self.settings.open_trades_max;
        if session.open.size() >= max as usize {
            return Err(Rejection::whole(format!(
                "{max} trades of session {} are open; close one first",
                session.id
            )));
        }
        let trade = self.trade(record, command)?;
        let balance = stake(session, &trade)?;
        let trade = Arc::new(trade);
        self.last_trade = trade.id.0;
        if let Some(session) = self.state.sessions.get_mut(&trade.session) {
            Arc::make_mut(session).add(Arc::clone(&trade), balance);
        }
        self.open.insert(trade.id, trade.session);
        self.triggers.entry(trade.symbol.clone()).or_default().add(&trade);
        Ok((Answer::Trade(Arc::clone(&trade)), vec![trade]))
    }

    pub(super) fn close(&mut self, record: &Record, command: &CloseTrade) -> Result<Done, Rejection> {
        let id = command.trade_id;
        let trade = self.open_trade(id).ok_or_else(|| self.not_open(id))?;
        let price = command.price.or_else(|| self.last_price(&trade.symbol)).ok_or_else(|| {
            Rejection::of("price", format!("is required: no price of {} is known", trade.symbol))
        })?;
        check_price("price", Some(price))?;
        let ended = trade.closed(price, ExitReason::Manual, record.at);
        let ended = ended
            .and_then(|ended| self.end(Arc::new(ended)))
            .ok_or_else(|| Rejection::of("price", "leaves a capital that can't be represented"))?;
        Ok((Answer::Trade(Arc::clone(&ended)), vec![ended]))
    }

    /// The trade that a command means.
    fn trade(&self, record: &Record, command: &OpenTrade) -> Result<Trade, Rejection> {
        if !command.quantity.is_positive() {
            return Err(Rejection::of("quantity", "must be more than zero"));
        }
        check_price("entryPrice", command.entry_price)?;
        check_price("stopLoss", command.stop_loss)?;
        check_price("target", command.target)?;
        let entry_price = command.entry_price.or_else(|| self.last_price(&command.symbol));
        let entry_price = entry_price.ok_or_else(|| {
            Rejection::of("entryPrice", format!("is required: no price of {} is known", command.symbol))
        })?;
        let trade = Trade {
            id: TradeId(self.last_trade + 1),
            session: command.session_id,
            symbol: command.symbol.clone(),
            side: command.side,
            quantity: command.quantity,
            entry_price,
            stop_loss: command.stop_loss,
            target: command.target,
            opened_at: record.at,
            exit: None,
        };
        check_levels(&trade)?;
        Ok(trade)
    }

    /// Ids are dense: one that was given out and is not open is closed.
    fn not_open(&self, id: TradeId) -> Rejection {
        if (1..=self.last_trade).contains(&id.0) {
            Rejection::whole(format!("trade {id} is CLOSED"))
        } else {
            Rejection::of("tradeId", format!("there is no trade {id}"))
        }
    }
}

/// The balance after opening a trade: it holds the trade's cost, whichever side it is on.
fn stake(session: &Session, trade: &Trade) -> Result<Balance, Rejection> {
    let cost = trade.cost();
    let cost = cost.ok_or_else(|| Rejection::of("quantity", "times the price is more than 1.7 * 10^22"))?;
    let available = session.balance.available();
    let balance = available.filter(|available| cost <= *available).and(session.balance.opened(cost));
    balance.ok_or_else(|| {
        let of = available.unwrap_or_default();
        Rejection::of("quantity", format!("costs {cost}, and {of} of the session's capital is available"))
    })
}

/// The door has checked this; a log written by something else has not.
fn check_price(field: &'static str, price: Option<Price>) -> Result<(), Rejection> {
    match price {
        Some(price) if !price.is_positive() => Err(Rejection::of(field, "must be more than zero")),
        _ => Ok(()),
    }
}

/// A stop loss ends a loss and a target a profit, so they lie on either side
/// of the entry.
fn check_levels(trade: &Trade) -> Result<(), Rejection> {
    let (entry, is_buy) = (trade.entry_price, trade.side == Side::Buy);
    let is_loss = |level: Price| if is_buy { level < entry } else { level > entry };
    let is_profit = |level: Price| if is_buy { level > entry } else { level < entry };
    let (loss, profit) = if is_buy { ("below", "above") } else { ("above", "below") };
    if trade.stop_loss.is_some_and(|level| !is_loss(level)) {
        return Err(Rejection::of("stopLoss", format!("must be {loss} the entry price {entry}")));
    }
    if trade.target.is_some_and(|level| !is_profit(level)) {
        return Err(Rejection::of("target", format!("must be {profit} the entry price {entry}")));
    }
    Ok(())
}
