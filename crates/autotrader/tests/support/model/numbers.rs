//! What can be asked, worked out from all that happened.

use hub_core::event::Side;
use hub_core::{Money, Price, Timestamp};

use super::{DAY, Exit, Model, Trade};

impl Model {
    pub(crate) fn open_of(&self, session: usize) -> impl Iterator<Item = (usize, &Trade)> {
        let of = move |(_, trade): &(usize, &Trade)| trade.session == session && trade.exit.is_none();
        self.trades.iter().enumerate().filter(of)
    }

    /// In the order of closing.
    pub(super) fn exits(&self, session: usize) -> Vec<&Exit> {
        let of_session = self.trades.iter().filter(|trade| trade.session == session);
        let mut exits: Vec<&Exit> = of_session.filter_map(|trade| trade.exit.as_ref()).collect();
        exits.sort_by_key(|exit| exit.ordinal);
        exits
    }

    pub(super) fn earned(&self, session: usize, when: impl Fn(i64) -> bool) -> Option<i128> {
        let exits = self.exits(session).into_iter().filter(|exit| when(exit.at));
        exits.map(|exit| exit.pnl).try_fold(0_i128, i128::checked_add)
    }

    pub(super) fn current(&self, session: usize) -> Option<i128> {
        let pnls = self.exits(session).into_iter().map(|exit| exit.pnl);
        pnls.into_iter().try_fold(self.sessions[session].initial, i128::checked_add)
    }

    pub(super) fn today(&self, session: usize, now: Timestamp) -> Option<i128> {
        self.earned(session, |at| at / DAY == now.millis() / DAY)
    }

    /// Open trades that the last price would have ended, had the sums allowed.
    pub(crate) fn stuck(&self) -> usize {
        let price = |trade: &Trade| self.prices.get(&trade.command.symbol).map(|price| price.0);
        let overflows = |trade: &&Trade| {
            let crossed = price(trade).filter(|price| trade.crossed(*price).is_some());
            let current = self.current(trade.session).unwrap();
            crossed.is_some_and(|price| trade.pnl(price).and_then(|pnl| current.checked_add(pnl)).is_none())
        };
        self.trades.iter().filter(|trade| trade.exit.is_none()).filter(overflows).count()
    }

    /// `session_update` and the `pnl_update`s, at `now`.
    pub(crate) fn numbers(&self, session: usize, now: Timestamp) -> Vec<String> {
        let exits = self.exits(session);
        let won = exits.iter().filter(|exit| exit.pnl > 0).count();
        let lost = exits.iter().filter(|exit| exit.pnl < 0).count();
        let total = self.trades.iter().filter(|trade| trade.session == session).count();
        let status = if self.sessions[session].stopped.is_some() { "STOPPED" } else { "ACTIVE" };
        let money = |units: Option<i128>| Money::from_units(units.unwrap());
        let (current, earned) = (money(self.current(session)), money(self.earned(session, |_| true)));
        let (today, rate) = (money(self.today(session, now)), percent(won as i128, exits.len() as i128));
        let id = session + 1;
        let mut messages = vec![format!(
            r#"{{"type":"session_update","data":{{"sessionId":{id},"currentCapital":{current},"totalPnL":{earned},"todayPnL":{today},"totalTrades":{total},"winRate":{rate},"status":"{status}","timestamp":"{now}","winningTrades":{won},"losingTrades":{lost}}}}}"#
        )];
        messages.extend(self.open_of(session).filter_map(|(place, trade)| {
            let symbol = &trade.command.symbol;
            let (price, time) = *self.prices.get(symbol)?;
            let tail = as_of(self.stale(time));
            let pnl = Money::from_units(trade.pnl(price)?);
            let up = if trade.command.side == Side::Buy { 1 } else { -1 };
            let rate = percent(up * (i128::from(price) - i128::from(trade.entry)), trade.entry.into());
            let (price, entry, trade) = (Price::from_units(price), Price::from_units(trade.entry), place + 1);
            Some(format!(
                r#"{{"type":"pnl_update","data":{{"sessionId":{id},"tradeId":{trade},"symbol":"{symbol}","currentPrice":{price},"entryPrice":{entry},"unrealizedPnL":{pnl},"pnlPercent":{rate},"timestamp":"{now}"{tail}}}}}"#
            ))
        }));
        messages
    }
}

/// Members of what was worked out with a price of this time that is stale.
pub(crate) fn as_of(stale: Option<i64>) -> String {
    let as_of = stale.map(|time| Timestamp::from_millis(time).unwrap());
    as_of.map_or(String::new(), |as_of| format!(r#","stale":true,"asOf":"{as_of}""#))
}

/// By long division, two places and one more to round by.
fn percent(part: i128, whole: i128) -> Money {
    if whole == 0 {
        return Money::ZERO;
    }
    let thousandths = part.abs() * 100_000 / whole;
    let hundredths = thousandths / 10 + i128::from(thousandths % 10 >= 5);
    Money::from_units(part.signum() * hundredths * 10_i128.pow(14))
}
