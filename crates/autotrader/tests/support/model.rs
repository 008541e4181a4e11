//! The auto-trader as one would write it on a napkin: plain integers, every
//! sum worked out anew whenever it is asked for.

pub(crate) mod numbers;

use std::collections::BTreeMap;

use hub_core::event::trading::{CloseTrade, OpenTrade, TradingCommand, TradingRequest};
use hub_core::event::{PriceQuote, Side};
use hub_core::{Event, Money, Price, Record, RequestId, Settings, Symbol, Timestamp};

const DAY: i64 = 86_400_000;

#[derive(Default)]
pub(crate) struct Model {
    settings: Settings,
    keys: BTreeMap<RequestId, (i64, TradingCommand)>,
    /// Session 1 first.
    pub(crate) sessions: Vec<Session>,
    /// Trade 1 first.
    pub(crate) trades: Vec<Trade>,
    /// Price, and time.
    pub(crate) prices: BTreeMap<Symbol, (i64, i64)>,
    /// Price, and time of one that is stale, as they are shown, and the offset that last changed that.
    pub(crate) shown: BTreeMap<Symbol, (i64, Option<i64>, u64)>,
    now: i64,
    /// What the last record told.
    pub(crate) told: Vec<(u128, String)>,
    /// How many trades have been closed, how many sessions stopped.
    closings: u64,
    stops: u64,
}

#[derive(Default)]
pub(crate) struct Session {
    initial: i128,
    /// Its place among all stops.
    stopped: Option<u64>,
    pub(crate) forgotten: bool,
}

pub(crate) struct Trade {
    pub(crate) session: usize,
    pub(crate) command: OpenTrade,
    pub(crate) entry: i64,
    pub(crate) exit: Option<Exit>,
    pub(crate) forgotten: bool,
}

pub(crate) struct Exit {
    pub(crate) price: i64,
    pub(crate) pnl: i128,
    pub(crate) reason: &'static str,
    pub(crate) at: i64,
    /// Its place among all closings.
    ordinal: u64,
}

/// Status, and the field at fault.
pub(crate) type Verdict = (&'static str, Option<&'static str>);

const ACCEPTED: Verdict = ("accepted", None);

fn rejected(field: &'static str) -> Verdict {
    ("rejected", Some(field))
}

const REFUSED: Verdict = ("rejected", None);

impl Trade {
    fn pnl(&self, price: i64) -> Option<i128> {
        let gain = i128::from(price) - i128::from(self.entry);
        let gain = if self.command.side == Side::Buy { gain } else { -gain };
        gain.checked_mul(self.command.quantity.units())
    }

    fn cost(&self) -> Option<i128> {
        i128::from(self.entry).checked_mul(self.command.quantity.units())
    }

    fn crossed(&self, price: i64) -> Option<&'static str> {
        let reached = |level: Option<Price>, upwards: bool| {
            level.is_some_and(|level| if upwards { price >= level.units() } else { price <= level.units() })
        };
        let is_buy = self.command.side == Side::Buy;
        if reached(self.command.stop_loss, !is_buy) {
            Some("SL")
        } else if reached(self.command.target, is_buy) {
            Some("TARGET")
        } else {
            None
        }
    }
}

impl Model {
    pub(crate) fn apply(&mut self, record: &Record) -> Verdict {
        let now = record.at.millis();
        self.now = now;
        self.told.clear();
        // Time passes first.
        self.notice_prices(record);
        let horizon = self.settings.idempotency_horizon_ms;
        // 0 is for ever.
        self.keys.retain(|_, (at, _)| horizon == 0 || at.saturating_add(horizon) > now);
        let verdict = match &record.event {
            Event::Trading(request) => self.request(record, request),
            Event::Price(event) => self.price(record, event),
            Event::Settings(settings) => {
                self.settings = settings.clone();
                ACCEPTED
            }
            _ => ACCEPTED,
        };
        self.forget();
        self.notice_prices(record);
        verdict
    }

    fn notice_prices(&mut self, record: &Record) {
        for (symbol, (price, time)) in &self.prices {
            let stale = self.stale(*time);
            let shown = self.shown.entry(symbol.clone()).or_default();
            if (shown.0, shown.1) != (*price, stale) {
                *shown = (*price, stale, record.offset.0);
            }
        }
    }

    /// A price's time, if it is stale by now.
    pub(crate) fn stale(&self, time: i64) -> Option<i64> {
        let stale_ms = i64::from(self.settings.prices.stale_ms);
        Some(time).filter(|time| stale_ms > 0 && self.now - time >= stale_ms)
    }

    fn request(&mut self, record: &Record, request: &TradingRequest) -> Verdict {
        if let Some((_, first)) = request.request_id.and_then(|key| self.keys.get(&key)) {
            return if *first == request.command { ("duplicate", None) } else { rejected("requestId") };
        }
        let verdict = match &request.command {
            TradingCommand::CreateSession(command) => {
                let active = self.sessions.iter().filter(|session| session.stopped.is_none()).count();
                if active >= self.settings.autotrader.active_sessions_max as usize {
                    REFUSED
                } else {
                    let initial = command.initial_capital.units();
                    self.sessions.push(Session { initial, ..Session::default() });
                    ACCEPTED
                }
            }
            TradingCommand::OpenTrade(command) => self.open(record, command),
            TradingCommand::CloseTrade(command) => self.close(record, command),
            TradingCommand::StopSession(command) => self.stop(record, command.session_id.0),
        };
        if let (ACCEPTED, Some(key)) = (verdict, request.request_id) {
            self.keys.insert(key, (record.at.millis(), request.command.clone()));
        }
        verdict
    }

    /// The place of a session in which something can be done.
    fn active(&self, id: u64) -> Result<usize, Verdict> {
        let place = (id as usize).wrapping_sub(1);
        match self.sessions.get(place) {
            Some(session) if session.forgotten => Err(rejected("sessionId")),
            Some(session) if session.stopped.is_some() => Err(REFUSED),
            Some(_) => Ok(place),
            None => Err(rejected("sessionId")),
        }
    }

    fn open(&mut self, record: &Record, command: &OpenTrade) -> Verdict {
        let place = match self.active(command.session_id.0) {
            Ok(place) => place,
            Err(verdict) => return verdict,
        };
        if self.open_of(place).count() >= self.settings.autotrader.open_trades_max as usize {
            return REFUSED;
        }
        let last = self.prices.get(&command.symbol).map(|(price, ..)| *price);
        let Some(entry) = command.entry_price.map(Price::units).or(last) else {
            return rejected("entryPrice");
        };
        let up = if command.side == Side::Buy { 1 } else { -1 };
        if command.stop_loss.is_some_and(|level| i128::from(level.units() - entry) * up >= 0) {
            return rejected("stopLoss");
        }
        if command.target.is_some_and(|level| i128::from(level.units() - entry) * up <= 0) {
            return rejected("target");
        }
        let trade = Trade { session: place, command: command.clone(), entry, exit: None, forgotten: false };
        let staked: i128 = self.open_of(place).map(|(_, trade)| trade.cost().unwrap()).sum();
        let available = self.current(place).unwrap().checked_sub(staked);
        if trade.cost().zip(available).is_none_or(|(cost, available)| cost > available) {
            return rejected("quantity");
        }
        self.trades.push(trade);
        self.tell(self.trades.len() - 1, record.at);
        ACCEPTED
    }

    fn close(&mut self, record: &Record, command: &CloseTrade) -> Verdict {
        let place = (command.trade_id.0 as usize).wrapping_sub(1);
        let Some(trade) = self.trades.get(place) else { return rejected("tradeId") };
        if trade.exit.is_some() {
            return REFUSED;
        }
        let last = self.prices.get(&trade.command.symbol).map(|(price, ..)| *price);
        let Some(price) = command.price.map(Price::units).or(last) else { return rejected("price") };
        if !self.end(place, price, "MANUAL", record.at) {
            return rejected("price");
        }
        self.tell(place, record.at);
        ACCEPTED
    }

    fn stop(&mut self, record: &Record, id: u64) -> Verdict {
        let place = match self.active(id) {
            Ok(place) => place,
            Err(verdict) => return verdict,
        };
        let open: Vec<usize> = self.open_of(place).map(|(place, _)| place).collect();
        let last = |place: &usize| self.prices.get(&self.trades[*place].command.symbol).map(|price| price.0);
        let Some(prices) = open.iter().map(last).collect::<Option<Vec<_>>>() else { return REFUSED };
        let closings = self.closings;
        for (place, price) in open.iter().zip(prices) {
            if !self.end(*place, price, "MANUAL", record.at) {
                for place in &open {
                    self.trades[*place].exit = None;
                }
                self.closings = closings;
                return REFUSED;
            }
        }
        for place in open {
            self.tell(place, record.at);
        }
        self.stops += 1;
        self.sessions[place].stopped = Some(self.stops);
        ACCEPTED
    }

    fn price(&mut self, record: &Record, event: &PriceQuote) -> Verdict {
        let at = record.at.millis();
        let time = event.timestamp.map_or(at, Timestamp::millis);
        if time > at + 300_000 {
            return rejected("timestamp");
        }
        let time = time.min(at);
        let price = event.price.units();
        if self.prices.get(&event.symbol).is_some_and(|(_, held)| time < *held) {
            return ("stale", None);
        }
        self.prices.insert(event.symbol.clone(), (price, time));
        for place in 0..self.trades.len() {
            let trade = &self.trades[place];
            if trade.exit.is_none()
                && trade.command.symbol == event.symbol
                && let Some(reason) = trade.crossed(price)
                && self.end(place, price, reason, record.at)
            {
                self.tell(place, record.at);
            }
        }
        ACCEPTED
    }

    /// Ends a trade, unless that makes a sum that can't be represented.
    fn end(&mut self, place: usize, price: i64, reason: &'static str, at: Timestamp) -> bool {
        let session = self.trades[place].session;
        let Some(pnl) = self.trades[place].pnl(price) else { return false };
        self.closings += 1;
        let exit = Exit { price, pnl, reason, at: at.millis(), ordinal: self.closings };
        self.trades[place].exit = Some(exit);
        let representable = self.earned(session, |_| true).is_some()
            && self.current(session).is_some()
            && self.today(session, at).is_some();
        if !representable {
            self.trades[place].exit = None;
            self.closings -= 1;
        }
        representable
    }

    fn tell(&mut self, place: usize, at: Timestamp) {
        let Trade { session, command, entry, exit, .. } = &self.trades[place];
        let (kind, status, ending) = match exit {
            None => ("opened", "OPEN", String::new()),
            Some(Exit { pnl, reason, .. }) => {
                let pnl = Money::from_units(*pnl);
                ("closed", "CLOSED", format!(r#""pnl":{pnl},"exitReason":"{reason}","#))
            }
        };
        let (id, session, symbol, quantity) = (place + 1, session + 1, &command.symbol, command.quantity);
        let side = if command.side == Side::Buy { "BUY" } else { "SELL" };
        let price = Price::from_units(exit.as_ref().map_or(*entry, |exit| exit.price));
        let entry = Price::from_units(*entry);
        self.told.push((session as u128, format!(
            r#"{{"type":"trade_{kind}","data":{{"tradeId":{id},"sessionId":{session},"symbol":"{symbol}","status":"{status}",{ending}"timestamp":"{at}","quantity":{quantity},"side":"{side}","entryPrice":{entry},"price":{price}}}}}"#
        )));
    }

    /// What is over and beyond its bound is forgotten, the oldest first.
    fn forget(&mut self) {
        let bounds = self.settings.autotrader;
        let mut stopped: Vec<&mut Session> = self
            .sessions
            .iter_mut()
            .filter(|session| session.stopped.is_some() && !session.forgotten)
            .collect();
        stopped.sort_by_key(|session| std::cmp::Reverse(session.stopped));
        stopped
            .into_iter()
            .skip(bounds.stopped_sessions_kept as usize)
            .for_each(|session| session.forgotten = true);
        for place in 0..self.sessions.len() {
            let ordinal = |trade: &Trade| trade.exit.as_ref().map(|exit| exit.ordinal);
            let mut closed: Vec<&mut Trade> = self
                .trades
                .iter_mut()
                .filter(|trade| trade.session == place && trade.exit.is_some() && !trade.forgotten)
                .collect();
            closed.sort_by_key(|trade| std::cmp::Reverse(ordinal(trade)));
            closed
                .into_iter()
                .skip(bounds.closed_trades_kept as usize)
                .for_each(|trade| trade.forgotten = true);
        }
    }
}
