//! Sessions begin and end.

use std::sync::Arc;

use hub_core::event::trading::{CreateSession, SessionId, StopSession};
use hub_core::{Record, Rejection};

use super::{Done, Ledger};
use crate::answers::Answer;
use crate::session::Session;
use crate::trade::{ExitReason, Trade};

impl Ledger {
    pub(super) fn create(&mut self, record: &Record, command: &CreateSession) -> Result<Done, Rejection> {
        // The door has checked this; a log written by something else has not.
        if !command.initial_capital.is_positive() {
            return Err(Rejection::of("initialCapital", "must be more than zero"));
        }
        let max = self.settings.active_sessions_max;
        if self.active_sessions >= max {
            return Err(Rejection::whole(format!("{max} sessions are active; stop one first")));
        }
        self.last_session += 1;
        self.active_sessions += 1;
        let id = SessionId(self.last_session);
        let session = Arc::new(Session::new(id, command.name.as_deref(), command.initial_capital, record.at));
        self.state.sessions.insert_mut(id, Arc::clone(&session));
        Ok((Answer::Session(session), Vec::new()))
    }

    /// Closes what is open at the last prices, by id, and ends the session;
    /// or refuses as a whole, where one of them has no price.
    pub(super) fn stop(&mut self, record: &Record, command: &StopSession) -> Result<Done, Rejection> {
        let mut session = Session::clone(self.active_session(command.session_id)?);
        let ended = session.open_trades().map(|trade| self.end_at_last_price(record, trade));
        let ended = ended.collect::<Result<Vec<_>, _>>()?;
        for trade in &ended {
            if !self.end_in(&mut session, trade) {
                return Err(unrepresentable());
            }
        }
        session.stopped_at = Some(record.at);
        for trade in &ended {
            self.forget_open(trade);
        }
        let (id, answer) = (session.id, Arc::new(session.without_trades()));
        self.state.sessions.insert_mut(id, Arc::new(session));
        self.active_sessions -= 1;
        self.stopped.push_back(id);
        self.forget_stopped();
        Ok((Answer::Session(answer), ended))
    }

    /// Keeps as many stopped sessions as are configured: the last ones.
    pub(super) fn forget_stopped(&mut self) {
        while self.stopped.len() > self.settings.stopped_sessions_kept as usize
            && let Some(oldest) = self.stopped.pop_front()
        {
            self.state.sessions.remove_mut(&oldest);
        }
    }

    fn end_at_last_price(&self, record: &Record, trade: &Trade) -> Result<Arc<Trade>, Rejection> {
        let price = self.last_price(&trade.symbol).ok_or_else(|| {
            let (id, symbol) = (trade.id, &trade.symbol);
            Rejection::whole(format!("no price of {symbol} is known: close trade {id} at a price first"))
        })?;
        let ended = trade.closed(price, ExitReason::Manual, record.at);
        ended.map(Arc::new).ok_or_else(unrepresentable)
    }
}

fn unrepresentable() -> Rejection {
    Rejection::whole("the session's capital can't be represented any more")
}
