//! The messages of the socket (AT-MSG): the documented members, and behind
//! them those that the hub adds.

use bytes::Bytes;
use hub_core::{Freshness, Symbol, Timestamp};

use crate::json::message;
use crate::quote::Quote;
use crate::session::Session;
use crate::trade::Trade;

/// `trade_opened`, or `trade_closed` once it has an exit. `price` is what it
/// was last traded at: its entry, then its exit.
pub(crate) fn trade_event(trade: &Trade, at: Timestamp) -> Bytes {
    let kind = if trade.exit.is_some() { "trade_closed" } else { "trade_opened" };
    message(kind, |data| {
        data.number("tradeId", trade.id);
        data.number("sessionId", trade.session);
        data.text("symbol", trade.symbol.as_str());
        data.text("status", trade.status());
        if let Some(exit) = trade.exit {
            data.number("pnl", exit.pnl);
            data.text("exitReason", exit.reason.as_str());
        }
        data.time("timestamp", at);
        data.number("quantity", trade.quantity);
        data.text("side", trade.side_str());
        data.number("entryPrice", trade.entry_price);
        data.number("price", trade.exit.map_or(trade.entry_price, |exit| exit.price));
    })
}

/// `session_update`, as of log time `at`, which says what "today" is; sent at
/// `now`.
pub(crate) fn session_update(session: &Session, at: Timestamp, now: Timestamp) -> Bytes {
    let (balance, counts) = (&session.balance, &session.counts);
    message("session_update", |data| {
        data.number("sessionId", session.id);
        data.number("currentCapital", balance.current);
        data.number("totalPnL", balance.realized);
        data.number("todayPnL", balance.today(at));
        data.number("totalTrades", counts.total);
        data.number("winRate", counts.win_rate());
        data.text("status", session.status());
        data.time("timestamp", now);
        data.number("winningTrades", counts.winning);
        data.number("losingTrades", counts.losing);
    })
}

/// `pnl_update` of an open trade, at this price of its symbol; sent at `now`.
/// None where its P&L can't be represented.
pub(crate) fn pnl_update(trade: &Trade, quote: Quote, freshness: Freshness, now: Timestamp) -> Option<Bytes> {
    let price = quote.price;
    let pnl = trade.pnl_at(price)?;
    Some(message("pnl_update", |data| {
        data.number("sessionId", trade.session);
        data.number("tradeId", trade.id);
        data.text("symbol", trade.symbol.as_str());
        data.number("currentPrice", price);
        data.number("entryPrice", trade.entry_price);
        data.number("unrealizedPnL", pnl);
        data.number("pnlPercent", trade.percent_at(price));
        data.time("timestamp", now);
        data.stale(quote.stale_as_of(freshness));
    }))
}

/// `price_update`; its timestamp is when the price was quoted.
pub(crate) fn price_update(symbol: &Symbol, quote: Quote, freshness: Freshness) -> Bytes {
    message("price_update", |data| {
        data.text("symbol", symbol.as_str());
        data.number("price", quote.price);
        data.time("timestamp", quote.time);
        data.stale(quote.stale_as_of(freshness));
    })
}
