//! Trades end.

use std::sync::Arc;

use hub_core::event::trading::TradeId;
use hub_core::{Price, Record, Symbol};

use super::Ledger;
use crate::session::Session;
use crate::trade::Trade;
use crate::triggers;

impl Ledger {
    /// Ends the trades whose stop loss or target `price` crosses, by id, at
    /// that price.
    ///
    /// One whose profit would carry the session's capital beyond what can be
    /// represented (about 1.7 * 10^22) stays open: nothing real comes near it;
    /// what matters is that it neither wraps nor panics.
    pub(super) fn exits(&mut self, record: &Record, symbol: &Symbol, price: Price) -> Vec<Arc<Trade>> {
        let crossed = self.triggers.get(symbol).map(|levels| levels.crossed_by(price)).unwrap_or_default();
        let end = |id| {
            let trade = self.open_trade(id)?;
            let ended = trade.closed(price, triggers::reason(trade, price), record.at)?;
            self.end(Arc::new(ended))
        };
        crossed.into_iter().filter_map(end).collect()
    }

    pub(super) fn open_trade(&self, id: TradeId) -> Option<&Arc<Trade>> {
        self.state.session(*self.open.get(&id)?)?.open.get(&id)
    }

    /// Puts a trade that ended in its session; `None` if the sums don't allow
    /// it, and then nothing has changed.
    pub(super) fn end(&mut self, ended: Arc<Trade>) -> Option<Arc<Trade>> {
        // Cheap: its trades are shared.
        let mut session = Session::clone(self.state.session(ended.session)?);
        if !self.end_in(&mut session, &ended) {
            return None;
        }
        self.state.sessions.insert_mut(session.id, Arc::new(session));
        self.forget_open(&ended);
        Some(ended)
    }

    pub(super) fn end_in(&self, session: &mut Session, ended: &Arc<Trade>) -> bool {
        let kept = self.settings.closed_trades_kept;
        ended.exit.is_some_and(|exit| session.end(Arc::clone(ended), exit, kept))
    }

    pub(super) fn forget_open(&mut self, ended: &Trade) {
        self.open.remove(&ended.id);
        if let Some(levels) = self.triggers.get_mut(&ended.symbol) {
            levels.remove(ended);
            if levels.is_empty() {
                self.triggers.remove(&ended.symbol);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use hub_core::event::trading::{
        CloseTrade, CreateSession, OpenTrade, SessionId, StopSession, TradingCommand,
    };
    use hub_core::event::{PriceQuote, Side};
    use hub_core::{Event, Offset, Timestamp};

    use super::*;

    #[test]
    fn whichever_way_a_trade_ends_it_is_no_longer_looked_for() {
        let mut ledger = Ledger::default();
        let record = Record { offset: Offset(1), at: Timestamp::default(), event: Event::Tick };
        let mut command = |command| ledger.command(&record, &command).unwrap();
        let initial_capital = "1000".parse().unwrap();
        command(TradingCommand::CreateSession(CreateSession { name: None, initial_capital }));
        let open = |level: &str| {
            TradingCommand::OpenTrade(OpenTrade {
                session_id: SessionId(1),
                symbol: "X".parse().unwrap(),
                side: Side::Sell,
                quantity: "1".parse().unwrap(),
                entry_price: Some("100".parse().unwrap()),
                stop_loss: Some(level.parse().unwrap()),
                target: Some("90".parse().unwrap()),
            })
        };
        for level in ["105", "120", "121"] {
            command(open(level));
        }
        let price = Some("100".parse().unwrap());
        command(TradingCommand::CloseTrade(CloseTrade { trade_id: TradeId(2), price }));
        let quote =
            PriceQuote { symbol: "X".parse().unwrap(), price: "110".parse().unwrap(), timestamp: None };
        assert_eq!(ledger.price(&record, &quote).unwrap().1.len(), 1, "the first one");
        assert_eq!((ledger.open.len(), ledger.triggers.len()), (1, 1));
        let stop = TradingCommand::StopSession(StopSession { session_id: SessionId(1) });
        ledger.command(&record, &stop).unwrap();
        assert!(ledger.open.is_empty() && ledger.triggers.is_empty());
    }
}
