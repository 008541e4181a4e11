//! Positions, P&L, marks and ranks as one would write them on a napkin: plain maps and integers, everything that is
//! shown worked out anew from them, texts included. No code of the services.

mod ranking;
mod relayed;

pub(crate) use ranking::PnlOf;

use std::collections::BTreeMap;

use hub_core::dto::UnrealizedPnl;
use hub_core::event::{PriceQuote, RiskMetrics, Trade, Transaction};
use hub_core::{Event, PortfolioId, Record, Timestamp};

use crate::digits::{MONEY_PLACES, PRICE_PLACES, decimal};
use crate::script::derived_of;

/// A claimed time may be so far ahead.
const SKEW_MICROS: i64 = 300_000_000;

/// 10^15, with 8 places.
const HELD_MOST: i128 = 100_000_000_000_000_000_000_000;

/// Status, and the field at fault.
pub(crate) type Verdict = (&'static str, Option<String>);

#[derive(Clone, Default)]
pub(crate) struct Model {
    now: i64,
    idempotency_micros: i64,
    resume_micros: i64,
    /// 0 is never.
    stale_micros: i64,
    ids: BTreeMap<[u8; 16], i64>,
    /// In the order of first mention.
    positions: Vec<Position>,
    /// Portfolios that are relayed, with their unrealised P&L, if any came.
    relayed: BTreeMap<PortfolioId, Option<UnrealizedPnl>>,
    prices: BTreeMap<String, Quote>,
    names: BTreeMap<PortfolioId, String>,
    standings: Vec<Standing>,
}

#[derive(Clone)]
struct Position {
    portfolio: PortfolioId,
    symbol: String,
    /// In the order of the log.
    lots: Vec<Lot>,
    realized: i128,
    /// Held and invested, of what is relayed.
    told: Option<(i128, i128)>,
    created_at: Timestamp,
    updated_at: Timestamp,
    /// When it closed, while that is listed.
    closed: Option<i64>,
}

/// A purchase, and what is left of it.
#[derive(Clone)]
struct Lot {
    bought_at: i64,
    price: i128,
    left: i128,
}

#[derive(Clone, Copy)]
struct Quote {
    price: i128,
    time: i64,
}

#[derive(Clone)]
struct Standing {
    id: PortfolioId,
    metrics: [i128; 3],
    /// The record that brought it to its score.
    attained: u64,
    updated_at: Timestamp,
    is_ingested: bool,
}

impl Model {
    pub(crate) fn new() -> Model {
        // The settings of a log that holds none.
        Model { resume_micros: 600_000_000, stale_micros: 60_000_000, ..Model::default() }
    }

    pub(crate) fn apply(&mut self, record: &Record) -> Verdict {
        self.now = self.now.max(record.at.micros());
        self.pass();
        match &record.event {
            Event::Transaction(event) => verdict(self.transaction(record, event)),
            Event::Price(event) => verdict(self.price(record, event)),
            Event::Upstream(fact) => verdict(self.upstream(record, fact)),
            Event::Portfolio(info) => {
                self.names.insert(info.portfolio_id, info.name.clone());
                ACCEPTED
            }
            Event::Risk(risk) => {
                self.rank(record, risk, true);
                ACCEPTED
            }
            Event::Symbol(info) => {
                if let Some(risk) = derived_of(info) {
                    self.rank(record, &risk, false);
                }
                ACCEPTED
            }
            Event::Rejected(input) => ("rejected", input.rejection.field.as_deref().map(str::to_owned)),
            Event::Settings(settings) => {
                self.idempotency_micros = settings.idempotency_horizon_ms.saturating_mul(1000);
                self.resume_micros = settings.resume_horizon_ms.saturating_mul(1000);
                self.stale_micros = i64::from(settings.prices.stale_ms) * 1000;
                ACCEPTED
            }
            _ => ACCEPTED,
        }
    }

    /// What is too old is forgotten.
    fn pass(&mut self) {
        let (now, ids, resume) = (self.now, self.idempotency_micros, self.resume_micros);
        // 0 is for ever.
        self.ids.retain(|_, at| ids == 0 || at.saturating_add(ids) > now);
        for position in &mut self.positions {
            position.closed = position.closed.filter(|at| at.saturating_add(resume) > now);
        }
    }

    fn transaction(&mut self, record: &Record, event: &Transaction) -> Result<(), Refusal> {
        if self.ids.contains_key(&event.transaction_id.to_bytes()) {
            return Err(("duplicate", None));
        }
        if self.relayed.contains_key(&event.portfolio_id) {
            return Err(refused("portfolioId"));
        }
        let bought_at = event_time(record, event.timestamp)?;
        let symbol = event.symbol.as_str();
        let is_it =
            |position: &Position| position.portfolio == event.portfolio_id && position.symbol == symbol;
        let place = self.positions.iter().position(is_it);
        let mut position = match place {
            Some(at) => self.positions[at].clone(),
            None => Position::new(event.portfolio_id, symbol, record.at),
        };
        let quantity = event.quantity.units();
        match event.trade {
            Trade::Buy { price } => {
                position.buy(Lot { bought_at, price: price.units().into(), left: quantity })?;
            }
            Trade::Sell { price, lot_price } => {
                position.sell(quantity, price.units().into(), lot_price.map(|price| price.units().into()))?;
            }
        }
        position.updated_at = record.at;
        position.closed = position.lots.is_empty().then_some(record.at.micros());
        self.ids.insert(event.transaction_id.to_bytes(), record.at.micros());
        match place {
            Some(at) => self.positions[at] = position,
            None => self.positions.push(position),
        }
        Ok(())
    }

    fn price(&mut self, record: &Record, event: &PriceQuote) -> Result<(), Refusal> {
        let time = event_time(record, event.timestamp)?;
        let symbol = event.symbol.as_str();
        if self.prices.get(symbol).is_some_and(|held| time < held.time) {
            return Err(("stale", None));
        }
        self.prices.insert(symbol.to_owned(), Quote { price: event.price.units().into(), time });
        Ok(())
    }

    fn rank(&mut self, record: &Record, risk: &RiskMetrics, is_ingested: bool) {
        let ratios = [risk.avg_rate_of_return, risk.sharpe_ratio, risk.sortino_ratio];
        let metrics = ratios.map(hub_core::Ratio::units);
        let Some(held) = self.standings.iter_mut().find(|held| held.id == risk.portfolio_id) else {
            let (attained, updated_at) = (record.offset.0, record.at);
            let id = risk.portfolio_id;
            self.standings.push(Standing { id, metrics, attained, updated_at, is_ingested });
            return;
        };
        if held.is_ingested && !is_ingested {
            return;
        }
        held.is_ingested = is_ingested;
        if held.metrics != metrics {
            if score(&held.metrics) != score(&metrics) {
                held.attained = record.offset.0;
            }
            (held.metrics, held.updated_at) = (metrics, record.at);
        }
    }
}

/// What is shown.
impl Model {
    /// Texts of all positions, by portfolio and symbol.
    pub(crate) fn rows(&self) -> BTreeMap<(PortfolioId, String), String> {
        let row = |position: &Position| ((position.portfolio, position.symbol.clone()), position.json());
        self.positions.iter().map(row).collect()
    }

    /// Texts of all marks, of those that have one, by portfolio.
    pub(crate) fn marks(&self) -> BTreeMap<PortfolioId, String> {
        let of = |id: PortfolioId| Some((id, self.mark(id)?));
        let ids = self.positions.iter().map(|position| position.portfolio);
        ids.chain(self.relayed.keys().copied()).filter_map(of).collect()
    }

    fn mark(&self, id: PortfolioId) -> Option<String> {
        if let Some(mark) = self.relayed.get(&id) {
            return mark.as_ref().map(relayed::mark);
        }
        let mut own: Vec<&Position> = self.positions.iter().filter(|it| it.portfolio == id).collect();
        own.sort_by(|one, other| one.symbol.cmp(&other.symbol));
        own.retain(|position| !position.lots.is_empty() || position.closed.is_some());
        let (mut sum, mut symbols, mut unpriced) = (0_i128, Vec::new(), Vec::new());
        let (mut stale, mut times) = (Vec::new(), Vec::new());
        for position in own {
            let value = if position.lots.is_empty() { Some(0) } else { self.unrealized(position) };
            // In their order, those that the sum still holds.
            match value.and_then(|value| Some((value, money(sum.checked_add(value)?)?))) {
                Some((value, new)) => {
                    sum = new;
                    if let Some(time) = self.stale(position) {
                        stale.push(text(&position.symbol));
                        times.push(time);
                    }
                    symbols.push(format!("{}:{}", text(&position.symbol), decimal(value, MONEY_PLACES)));
                }
                None => unpriced.push(text(&position.symbol)),
            }
        }
        if symbols.is_empty() && !unpriced.is_empty() {
            return None;
        }
        let list = |name: &str, symbols: &[String]| {
            if symbols.is_empty() {
                return String::new();
            }
            format!(r#","{name}":[{}]"#, symbols.join(","))
        };
        let (unpriced, stale) = (list("unpriced", &unpriced), list("stale", &stale));
        let as_of = times.into_iter().min().map(|oldest| Timestamp::from_micros(oldest).unwrap());
        let as_of = as_of.map_or(String::new(), |as_of| format!(r#","asOf":"{as_of}""#));
        Some(format!(
            r#"{{"symbol":{{{}}},"overallUnrealised_Pnl":{},"portfolio_id":"{id}"{unpriced}{stale}{as_of}}}"#,
            symbols.join(","),
            decimal(sum, MONEY_PLACES)
        ))
    }

    /// The time of its price, if it is open and that is as old as that.
    fn stale(&self, position: &Position) -> Option<i64> {
        let time = self.prices.get(&position.symbol)?.time;
        let is_stale = self.stale_micros > 0 && self.now - time >= self.stale_micros;
        (is_stale && !position.lots.is_empty()).then_some(time)
    }

    fn unrealized(&self, position: &Position) -> Option<i128> {
        let price = self.prices.get(&position.symbol)?.price;
        money(money(price.checked_mul(position.held())?)?.checked_sub(position.cost()?)?)
    }

    /// Realised plus unrealised, as a text, "null" where nobody knows; and what its row says of it: that something of it has no
    /// price, or one that is stale.
    pub(crate) fn pnl(&self, id: PortfolioId) -> (String, String) {
        if let Some(mark) = self.relayed.get(&id) {
            return self.relayed_pnl(id, mark.as_ref());
        }
        let mut own = self.positions.iter().filter(|position| position.portfolio == id).peekable();
        if own.peek().is_none() {
            return ("null".to_owned(), String::new());
        }
        let (mut sum, mut open, mut priced, mut stale) = (Some(0_i128), 0, 0, None::<i64>);
        for position in own {
            let mut add = |value| sum = sum.and_then(|sum| money(sum.checked_add(value)?));
            add(position.realized);
            open += usize::from(!position.lots.is_empty());
            if !position.lots.is_empty()
                && let Some(value) = self.unrealized(position)
            {
                add(value);
                priced += 1;
                stale = stale.into_iter().chain(self.stale(position)).min();
            }
        }
        // Of what is open at least something has to be priced.
        let known = sum.filter(|_| priced > 0 || open == 0);
        let Some(known) = known else { return ("null".to_owned(), String::new()) };
        let mut tail = if priced < open { r#","pnlPartial":true"#.to_owned() } else { String::new() };
        if let Some(oldest) = stale {
            let as_of = Timestamp::from_micros(oldest).unwrap();
            tail = format!(r#"{tail},"pnlStale":true,"pnlAsOf":"{as_of}""#);
        }
        (decimal(known, MONEY_PLACES), tail)
    }
}

impl Position {
    fn new(portfolio: PortfolioId, symbol: &str, at: Timestamp) -> Position {
        let symbol = symbol.to_owned();
        Position {
            portfolio,
            symbol,
            lots: vec![],
            realized: 0,
            told: None,
            created_at: at,
            updated_at: at,
            closed: None,
        }
    }

    fn held(&self) -> i128 {
        self.lots.iter().map(|lot| lot.left).sum()
    }

    fn cost(&self) -> Option<i128> {
        self.lots.iter().try_fold(0_i128, |sum, lot| sum.checked_add(lot.price.checked_mul(lot.left)?))
    }

    /// Adds a lot, unless too much would be held or invested.
    fn buy(&mut self, lot: Lot) -> Result<(), Refusal> {
        if self.held() + lot.left > HELD_MOST || lot.price.checked_mul(lot.left).is_none() {
            return Err(refused("quantity"));
        }
        self.lots.push(lot);
        self.cost().map(|_| ()).ok_or(refused("totalInvested"))
    }

    /// Takes from the lots what is sold, the first by trade date first, then by the order of the log.
    fn sell(&mut self, quantity: i128, price: i128, named: Option<i128>) -> Result<(), Refusal> {
        let (mut owed, mut spent) = (quantity, 0);
        let mut by_date: Vec<&mut Lot> = self.lots.iter_mut().collect();
        by_date.sort_by_key(|lot| lot.bought_at);
        for lot in by_date.into_iter().filter(|lot| named.is_none_or(|named| named == lot.price)) {
            let taken = owed.min(lot.left);
            spent += lot.price * taken;
            lot.left -= taken;
            owed -= taken;
        }
        let earned = price.checked_mul(quantity).filter(|_| owed == 0).ok_or(refused("quantity"))?;
        self.lots.retain(|lot| lot.left > 0);
        let realized = self.realized.checked_add(earned - spent).and_then(money);
        self.realized = realized.ok_or(refused("realizedPnl"))?;
        Ok(())
    }

    fn json(&self) -> String {
        format!(
            r#"{{"id":{{"portfolioId":"{}","symbol":{}}},"holdings":{},"totalInvested":{},"realizedPnl":{},"createdAt":"{}","updatedAt":"{}"}}"#,
            self.portfolio,
            text(&self.symbol),
            decimal(self.told.map_or(self.held(), |told| told.0), PRICE_PLACES),
            decimal(self.told.map_or_else(|| self.cost().unwrap(), |told| told.1), MONEY_PLACES),
            decimal(self.realized, MONEY_PLACES),
            self.created_at,
            self.updated_at
        )
    }
}

type Refusal = (&'static str, Option<&'static str>);

const ACCEPTED: Verdict = ("accepted", None);

fn refused(field: &'static str) -> Refusal {
    ("rejected", Some(field))
}

fn verdict(decided: Result<(), Refusal>) -> Verdict {
    decided.map_or_else(|(status, field)| (status, field.map(str::to_owned)), |()| ACCEPTED)
}

/// The claimed time, or else that of the record.
fn event_time(record: &Record, claimed: Option<Timestamp>) -> Result<i64, Refusal> {
    let (at, claimed) = (record.at.micros(), claimed.map(Timestamp::micros));
    match claimed {
        Some(time) if time > at + SKEW_MICROS => Err(refused("timestamp")),
        claimed => Ok(claimed.unwrap_or(at).min(at)),
    }
}

/// Money reaches equally far on either side of zero.
fn money(units: i128) -> Option<i128> {
    (units != i128::MIN).then_some(units)
}

fn score(metrics: &[i128; 3]) -> i128 {
    metrics[0] * 50 + metrics[1] * 30 + metrics[2] * 20
}

fn text(name: &str) -> String {
    serde_json::to_string(name).unwrap()
}
