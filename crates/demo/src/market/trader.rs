//! Somebody who trades in a session of the auto-trader.
//!
//! A trader looks at what the auto-trader shows and asks for one thing at a
//! time. It remembers nothing but its session's id, which it learns by asking
//! for the same session again: so it goes on after a restart where the log
//! ends, and is not confused by whoever else stops its session or closes its
//! trades. (Not beyond `analytics.idempotency_hours`, where that is not for
//! ever: then it is given another session.)

use hub_autotrader::{Answer, Session, State, Trade};
use hub_core::event::Side;
use hub_core::event::trading::{
    CloseTrade, CreateSession, OpenTrade, SessionId, TradingCommand, TradingRequest,
};
use hub_core::{Money, Price, Quantity, Rejection, Symbol, Timestamp};
use rand::RngExt;
use rand_chacha::ChaCha8Rng;

use super::id::{Domain, Ids};
use super::{listing, stream};
use crate::config::DemoConfig;

/// Trades near the market; each is over within seconds.
const SHORT_TRADES: usize = 2;

/// Time for which the one trade is held that is always open, at least.
const HELD_MILLIS: i64 = 60_000;

/// Time in which nothing is asked for after something was refused.
const SULK_MILLIS: i64 = 10_000;

const CAPITAL_UNITS: i128 = 1_000_000 * 10_i128.pow(Money::SCALE);
const SHARE: Quantity = Quantity::from_units(10_i128.pow(Quantity::SCALE));
const CENT_UNITS: i64 = 10_i64.pow(Price::SCALE - 2);

/// Names of sessions.
const STYLES: [&str; 4] = ["Momentum", "Mean Reversion", "Breakout", "Opening Range"];

/// The trader of one session.
pub struct Trader {
    ids: Ids,
    number: u32,
    /// The number of its sessions that are over.
    over: u64,
    session: Option<SessionId>,
    symbols: Vec<Symbol>,
    sulks_until: Timestamp,
    rng: ChaCha8Rng,
}

impl Trader {
    /// One for each configured session.
    pub fn all(config: &DemoConfig) -> Vec<Trader> {
        (0..config.trading_sessions).map(|number| Trader::new(config, number)).collect()
    }

    fn new(config: &DemoConfig, number: u32) -> Trader {
        let symbols = (0..config.symbols).filter_map(|place| listing::listing(place).symbol.parse().ok());
        Trader {
            ids: Ids::new(config.seed, 0),
            number,
            over: 0,
            session: None,
            symbols: symbols.collect(),
            sulks_until: Timestamp::default(),
            rng: stream(config.seed, 100 + u64::from(number)),
        }
    }

    /// The next request, if there is one; [`Trader::answered`] or
    /// [`Trader::refused`] comes next.
    pub fn next(&mut self, state: &State) -> Option<TradingRequest> {
        if state.applied().at < self.sulks_until {
            return None;
        }
        let Some(id) = self.session else { return self.create() };
        if let Some(session) = state.session(id).filter(|session| session.is_active()) {
            let command = self.act(session, state)?;
            Some(TradingRequest { request_id: None, command })
        } else {
            self.is_over();
            self.create()
        }
    }

    /// Learns the answer to its last request.
    pub fn answered(&mut self, answer: &Answer) {
        if let Answer::Session(session) = answer {
            self.session = Some(session.id);
        }
    }

    /// Learns that its request of the time `at` was refused.
    pub fn refused(&mut self, rejection: &Rejection, at: Timestamp) {
        if rejection.field.as_deref() == Some("requestId") {
            // An earlier version asked for something else.
            self.is_over();
        }
        self.sulks_until = at.plus_millis(SULK_MILLIS);
    }

    fn is_over(&mut self) {
        self.session = None;
        self.over += 1;
    }

    /// The same request in each run, until its session is over.
    fn create(&self) -> Option<TradingRequest> {
        let style = STYLES.get(self.number as usize % STYLES.len())?;
        let name = match self.number as usize / STYLES.len() {
            0 => (*style).to_owned(),
            round => format!("{style} {}", round + 1),
        };
        let request = self.ids.get(Domain::Session, self.over << 32 | u64::from(self.number));
        let initial_capital = Money::from_units(CAPITAL_UNITS);
        Some(TradingRequest {
            request_id: request.parse().ok(),
            command: TradingCommand::CreateSession(CreateSession { name: Some(name), initial_capital }),
        })
    }

    /// Some trades near the market, and one that is held: before it is closed
    /// another one is opened.
    fn act(&mut self, session: &Session, state: &State) -> Option<TradingCommand> {
        let held: Vec<&Trade> =
            session.open_trades().map(AsRef::as_ref).filter(|trade| is_held(trade)).collect();
        let short = session.open_trades().filter(|trade| trade.stop_loss.is_some()).count();
        match held.as_slice() {
            [oldest, _, ..] => {
                return Some(TradingCommand::CloseTrade(CloseTrade { trade_id: oldest.id, price: None }));
            }
            [only] if only.opened_at.plus_millis(HELD_MILLIS) > state.applied().at => {}
            _ => return self.hold(session, state),
        }
        if short < SHORT_TRADES { self.trade(session, state) } else { None }
    }

    /// Its target is so far away that no price reaches it.
    fn hold(&mut self, session: &Session, state: &State) -> Option<TradingCommand> {
        let (symbol, price) = self.pick(state)?;
        let target = Some(Price::from_units(price.units().checked_mul(3)?));
        let quantity = affordable(session, price, 10)?;
        Some(open(session, symbol, Side::Buy, quantity, price, (None, target)))
    }

    fn trade(&mut self, session: &Session, state: &State) -> Option<TradingCommand> {
        let (symbol, price) = self.pick(state)?;
        let [below, above] = [(); 2].map(|()| distance(price, &mut self.rng));
        let below = Price::from_units((price.units() - below).max(1));
        let above = Price::from_units(price.units().checked_add(above)?);
        let quantity = affordable(session, price, 20)?;
        let (side, levels) = if self.rng.random_bool(0.5) {
            (Side::Buy, (Some(below), Some(above)))
        } else {
            (Side::Sell, (Some(above), Some(below)))
        };
        Some(open(session, symbol, side, quantity, price, levels))
    }

    /// A symbol, and the price that the auto-trader has of it: if it has none
    /// now, it may have one of another symbol at the next step.
    fn pick(&mut self, state: &State) -> Option<(Symbol, Price)> {
        let symbol = self.symbols.get(self.rng.random_range(0..self.symbols.len()))?;
        let price = state.quote(symbol)?.price;
        Some((symbol.clone(), price))
    }
}

/// Tells the kind of trade that is held: nobody else's look like it.
fn is_held(trade: &Trade) -> bool {
    let far = trade.entry_price.units().checked_mul(3);
    trade.stop_loss.is_none() && trade.target.map(Price::units) == far
}

/// 0.3 % to 0.8 % of a price, in whole cents; a cent at least.
fn distance(price: Price, rng: &mut ChaCha8Rng) -> i64 {
    let units = price.units() / 1000 * rng.random_range(3..=8);
    (units / CENT_UNITS).max(1) * CENT_UNITS
}

/// Shares that one `part`th of the available capital buys; one at least.
fn affordable(session: &Session, price: Price, part: i128) -> Option<Quantity> {
    let shares = session.available_capital()?.units() / part / Money::of(price, SHARE)?.units();
    shares.max(1).checked_mul(SHARE.units()).and_then(Quantity::from_units_checked)
}

/// At this price, whatever the last one is by then: the levels are around it.
fn open(
    session: &Session,
    symbol: Symbol,
    side: Side,
    quantity: Quantity,
    price: Price,
    (stop_loss, target): (Option<Price>, Option<Price>),
) -> TradingCommand {
    TradingCommand::OpenTrade(OpenTrade {
        session_id: session.id,
        symbol,
        side,
        quantity,
        entry_price: Some(price),
        stop_loss,
        target,
    })
}
