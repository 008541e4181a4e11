//! Sessions and trades as REST shows them.

use hub_core::{Freshness, Timestamp};

use crate::json::{Object, object};
use crate::quote::Quote;
use crate::session::Session;
use crate::trade::Trade;

/// Appends a session as of log time `at`, which says what "today" is.
pub(super) fn session(out: &mut Vec<u8>, session: &Session, at: Timestamp) {
    let (balance, counts) = (&session.balance, &session.counts);
    object(out, |view| {
        view.number("sessionId", session.id);
        view.optional("name", session.name.as_deref(), Object::text);
        view.text("status", session.status());
        view.number("initialCapital", balance.initial);
        view.number("currentCapital", balance.current);
        view.optional("availableCapital", balance.available(), Object::number);
        view.number("totalPnL", balance.realized);
        view.number("todayPnL", balance.today(at));
        view.number("totalTrades", counts.total);
        view.number("openTrades", counts.total - counts.closed);
        view.number("closedTrades", counts.closed);
        view.number("winningTrades", counts.winning);
        view.number("losingTrades", counts.losing);
        view.number("winRate", counts.win_rate());
        view.time("createdAt", session.created_at);
        view.optional("stoppedAt", session.stopped_at, Object::time);
    });
}

/// Appends a trade; of an open one what it would earn at this price, where that
/// is known and wanted.
pub(super) fn trade(out: &mut Vec<u8>, trade: &Trade, quote: Option<Quote>, freshness: Freshness) {
    let quote = quote.filter(|_| trade.exit.is_none());
    let price = quote.map(|quote| quote.price);
    let valued_at = price.or(trade.exit.map(|exit| exit.price));
    object(out, |view| {
        view.number("tradeId", trade.id);
        view.number("sessionId", trade.session);
        view.text("symbol", trade.symbol.as_str());
        view.text("side", trade.side_str());
        view.number("quantity", trade.quantity);
        view.text("status", trade.status());
        view.number("entryPrice", trade.entry_price);
        view.optional("stopLoss", trade.stop_loss, Object::number);
        view.optional("target", trade.target, Object::number);
        view.optional("currentPrice", price, Object::number);
        view.optional("unrealizedPnL", price.and_then(|price| trade.pnl_at(price)), Object::number);
        view.optional("exitPrice", trade.exit.map(|exit| exit.price), Object::number);
        view.optional("pnl", trade.exit.map(|exit| exit.pnl), Object::number);
        view.optional("pnlPercent", valued_at.map(|price| trade.percent_at(price)), Object::number);
        view.optional("exitReason", trade.exit.map(|exit| exit.reason.as_str()), Object::text);
        view.time("openedAt", trade.opened_at);
        view.optional("closedAt", trade.exit.map(|exit| exit.at), Object::time);
        view.stale(quote.and_then(|quote| quote.stale_as_of(freshness)));
    });
}
