//! Analytics as one would write it on a napkin: plain integers, everything
//! worked out anew after every record.

use std::collections::BTreeMap;

use hub_core::dto::{PositionRow, UnrealizedPnl};
use hub_core::event::{PriceQuote, Trade, Transaction, Upstream};
use hub_core::{
    Event, Money, Offset, PortfolioId, Quantity, Record, Settings, Symbol, Timestamp, TransactionId,
};

const SKEW_MICROS: i64 = 300_000_000;

#[derive(Default)]
pub(crate) struct Model {
    /// Log time, in microseconds.
    now: i64,
    pub(crate) settings: Settings,
    ids: BTreeMap<TransactionId, i64>,
    /// In the order of first mention.
    pub(crate) positions: Vec<Position>,
    /// In the order of first mention, with the inputs of the mark and the
    /// offset that last changed them.
    pub(crate) portfolios: Vec<(PortfolioId, Inputs, Offset)>,
    /// Value and time, in microseconds.
    pub(crate) prices: BTreeMap<Symbol, (i64, i64)>,
    /// Portfolios that are relayed, with their P&L and the offset that last changed it.
    relayed: BTreeMap<PortfolioId, (Option<UnrealizedPnl>, Offset)>,
}

pub(crate) struct Position {
    pub(crate) portfolio: PortfolioId,
    pub(crate) symbol: Symbol,
    /// In the order of the log.
    lots: Vec<Lot>,
    realized: i128,
    /// Held and invested, of what is relayed.
    told: Option<(i128, i128)>,
    created_at: Timestamp,
    updated_at: Timestamp,
    pub(crate) version: Offset,
    /// When it closed, while that is listed.
    closed: Option<i64>,
}

/// A purchase, and what is left of it.
#[derive(Clone)]
struct Lot {
    /// Its own time, which is not after its record's.
    bought_at: Timestamp,
    price: i128,
    left: i128,
}

/// 10^15, with 8 places.
const HELD_MOST: i128 = 100_000_000_000_000_000_000_000;

/// What a mark is computed from: each position's version, what is priced of
/// what is open (with the time of what is stale), and which closings are listed.
pub(crate) type Inputs = Vec<(Symbol, Offset, Option<(i64, Option<i64>)>, bool)>;

/// Status, and the field at fault.
pub(crate) type Verdict = (&'static str, Option<&'static str>);

impl Model {
    pub(crate) fn apply(&mut self, record: &Record) -> Verdict {
        let now = record.at.micros();
        self.now = now;
        let Settings { idempotency_horizon_ms, resume_horizon_ms, .. } = self.settings;
        let [idempotency_micros, resume_micros] =
            [idempotency_horizon_ms, resume_horizon_ms].map(|millis| millis.saturating_mul(1000));
        // 0 is for ever.
        self.ids.retain(|_, at| idempotency_micros == 0 || at.saturating_add(idempotency_micros) > now);
        for position in &mut self.positions {
            position.closed = position.closed.filter(|at| at.saturating_add(resume_micros) > now);
        }
        // Time passes first, and that may show.
        self.notice_changes(record.offset);
        let verdict = match &record.event {
            Event::Transaction(event) => self.transaction(record, event),
            Event::Price(event) => self.price(record, event),
            Event::Upstream(fact) => match &**fact {
                Upstream::Position(row) => self.relay_position(record, row),
                Upstream::UnrealizedPnl(pnl) => self.relay_mark(record, pnl),
                Upstream::Valuation(_) => ("accepted", None),
            },
            Event::Rejected(_) => ("rejected", Some("price")),
            Event::Settings(settings) => {
                self.settings = settings.clone();
                ("accepted", None)
            }
            _ => ("accepted", None),
        };
        self.notice_changes(record.offset);
        verdict
    }

    fn transaction(&mut self, record: &Record, event: &Transaction) -> Verdict {
        if self.ids.contains_key(&event.transaction_id) {
            return ("duplicate", None);
        }
        if self.relayed.contains_key(&event.portfolio_id) {
            return ("rejected", Some("portfolioId"));
        }
        if ahead(record, event.timestamp) {
            return ("rejected", Some("timestamp"));
        }
        let of_event =
            |position: &Position| position.portfolio == event.portfolio_id && position.symbol == event.symbol;
        let place = self.positions.iter().position(of_event);
        let (mut lots, realized) =
            place.map_or((vec![], 0), |at| (self.positions[at].lots.clone(), self.positions[at].realized));
        let traded = match event.trade {
            Trade::Buy { price } => buy(&mut lots, record, event, price.units().into()).map(|()| realized),
            Trade::Sell { price, lot_price } => {
                sell(&mut lots, event, price.units().into(), lot_price.map(|price| price.units().into()))
                    .and_then(|gain| realized.checked_add(gain).ok_or("realizedPnl"))
            }
        };
        let realized = match traded {
            Ok(realized) => realized,
            Err(field) => return ("rejected", Some(field)),
        };
        self.ids.insert(event.transaction_id, record.at.micros());
        let created_at = place.map_or(record.at, |at| self.positions[at].created_at);
        let position = Position {
            portfolio: event.portfolio_id,
            symbol: event.symbol.clone(),
            closed: lots.is_empty().then_some(record.at.micros()),
            lots,
            realized,
            told: None,
            created_at,
            updated_at: record.at,
            version: record.offset,
        };
        match place {
            Some(at) => self.positions[at] = position,
            None => self.positions.push(position),
        }
        if self.portfolios.iter().all(|(id, ..)| *id != event.portfolio_id) {
            self.portfolios.push((event.portfolio_id, vec![], Offset::START));
        }
        ("accepted", None)
    }

    /// A portfolio that is relayed, from now on if it is new; false if it is computed.
    fn relay(&mut self, id: PortfolioId) -> bool {
        let is_known = self.portfolios.iter().any(|(known, ..)| *known == id);
        if !is_known {
            self.portfolios.push((id, vec![], Offset::START));
            self.relayed.insert(id, (None, Offset::START));
        }
        self.relayed.contains_key(&id)
    }

    fn relay_position(&mut self, record: &Record, row: &PositionRow) -> Verdict {
        let id = row.portfolio_id;
        if self.portfolios.iter().any(|(known, ..)| *known == id) && !self.relayed.contains_key(&id) {
            return ("rejected", Some("portfolioId"));
        }
        for (time, field) in [(row.created_at, "createdAt"), (row.updated_at, "updatedAt")] {
            if ahead(record, time) {
                return ("rejected", Some(field));
            }
        }
        assert!(self.relay(id));
        let place = self.positions.iter().position(|it| it.portfolio == id && it.symbol == row.symbol);
        let (told, realized) = ((row.holdings.units(), row.total_invested.units()), row.realized_pnl.units());
        let known = place.map(|place| &self.positions[place]);
        let is_same = known.is_some_and(|it| (it.told, it.realized) == (Some(told), realized));
        let created_at = row.created_at.map(|time| time.min(record.at));
        let updated_at = row.updated_at.map(|time| time.min(record.at));
        let position = Position {
            portfolio: id,
            symbol: row.symbol.clone(),
            lots: vec![],
            realized,
            told: Some(told),
            created_at: created_at.unwrap_or(known.map_or(record.at, |it| it.created_at)),
            updated_at: updated_at.unwrap_or(known.filter(|_| is_same).map_or(record.at, |it| it.updated_at)),
            version: record.offset,
            closed: None,
        };
        match place {
            Some(place) if self.positions[place].row() == position.row() => {}
            Some(place) => self.positions[place] = position,
            None => self.positions.push(position),
        }
        ("accepted", None)
    }

    fn relay_mark(&mut self, record: &Record, pnl: &UnrealizedPnl) -> Verdict {
        if !self.relay(pnl.portfolio_id) {
            return ("rejected", Some("portfolioId"));
        }
        let held = self.relayed.get_mut(&pnl.portfolio_id).unwrap();
        if held.0.as_ref() != Some(pnl) {
            *held = (Some(pnl.clone()), record.offset);
        }
        ("accepted", None)
    }

    fn price(&mut self, record: &Record, event: &PriceQuote) -> Verdict {
        if ahead(record, event.timestamp) {
            return ("rejected", Some("timestamp"));
        }
        let time = event.timestamp.unwrap_or(record.at).min(record.at).micros();
        if self.prices.get(&event.symbol).is_some_and(|(_, held)| time < *held) {
            return ("stale", None);
        }
        self.prices.insert(event.symbol.clone(), (event.price.units(), time));
        ("accepted", None)
    }

    fn notice_changes(&mut self, offset: Offset) {
        for place in 0..self.portfolios.len() {
            let inputs = self.inputs(self.portfolios[place].0);
            let (_, held, version) = &mut self.portfolios[place];
            if *held != inputs {
                (*held, *version) = (inputs, offset);
            }
        }
    }

    fn inputs(&self, id: PortfolioId) -> Inputs {
        let own = self.positions.iter().filter(|position| position.portfolio == id);
        let input = |position: &Position| {
            let price = self.prices.get(&position.symbol).filter(|_| !position.lots.is_empty());
            (
                position.symbol.clone(),
                position.version,
                price.map(|(price, time)| (*price, Some(*time).filter(|time| self.is_stale(*time)))),
                position.closed.is_some(),
            )
        };
        let mark = self.relayed.get(&id).map(|(_, version)| ("-".parse().unwrap(), *version, None, false));
        own.map(input).chain(mark).collect()
    }

    /// True of a price of this time, if it is as old as that.
    pub(crate) fn is_stale(&self, time: i64) -> bool {
        let stale_ms = i64::from(self.settings.prices.stale_ms);
        stale_ms > 0 && self.now - time >= stale_ms * 1000
    }

    /// True of a portfolio that is relayed.
    pub(crate) fn is_relayed(&self, id: PortfolioId) -> bool {
        self.relayed.contains_key(&id)
    }

    /// The mark that came of a portfolio that is relayed.
    pub(crate) fn relayed_mark(&self, id: PortfolioId) -> Option<&UnrealizedPnl> {
        self.relayed.get(&id)?.0.as_ref()
    }

    pub(crate) fn rows(&self) -> Vec<PositionRow> {
        self.positions.iter().map(Position::row).collect()
    }

    pub(crate) fn marks(&self) -> Vec<Option<String>> {
        self.portfolios.iter().map(|(id, ..)| self.mark(*id)).collect()
    }

    fn mark(&self, id: PortfolioId) -> Option<String> {
        if let Some((mark, _)) = self.relayed.get(&id) {
            return mark.as_ref().map(text);
        }
        let mut values = BTreeMap::new();
        let (mut unpriced, mut times) = (vec![], BTreeMap::new());
        for position in self.positions.iter().filter(|position| position.portfolio == id) {
            let symbol = position.symbol.clone();
            if position.lots.is_empty() {
                position.closed.map(|_| values.insert(symbol, 0));
                continue;
            }
            match self.prices.get(&symbol) {
                Some((price, time)) => match position.worth(i128::from(*price)) {
                    Some(worth) => {
                        times.insert(symbol.clone(), *time);
                        values.insert(symbol, worth);
                    }
                    None => unpriced.push(symbol),
                },
                None => unpriced.push(symbol),
            }
        }
        // In their order, those that still fit the sum.
        let mut overall: i128 = 0;
        values.retain(|symbol, worth| {
            let sum = overall.checked_add(*worth);
            overall = sum.unwrap_or(overall);
            if sum.is_none() {
                unpriced.push(symbol.clone());
            }
            sum.is_some()
        });
        unpriced.sort();
        if values.is_empty() && !unpriced.is_empty() {
            return None;
        }
        times.retain(|symbol, time| values.contains_key(symbol) && self.is_stale(*time));
        let as_of = times.values().min().map(|micros| Timestamp::from_micros(*micros).unwrap());
        let stale = times.into_keys().collect();
        let overall = Money::from_units(overall);
        let symbols = values.into_iter().map(|(symbol, value)| (symbol, Money::from_units(value))).collect();
        Some(text(&UnrealizedPnl { portfolio_id: id, symbols, overall, unpriced, stale, as_of }))
    }
}

fn text(pnl: &UnrealizedPnl) -> String {
    let mut json = vec![];
    pnl.write_json(&mut json);
    String::from_utf8(json).unwrap()
}

impl Position {
    fn held(&self) -> i128 {
        self.lots.iter().map(|lot| lot.left).sum()
    }

    /// What would be gained by selling all of it now, if that can be told.
    fn worth(&self, price: i128) -> Option<i128> {
        price.checked_mul(self.held()).map(|earned| earned - cost(&self.lots).unwrap())
    }

    fn row(&self) -> PositionRow {
        PositionRow {
            portfolio_id: self.portfolio,
            symbol: self.symbol.clone(),
            holdings: Quantity::from_units(self.told.map_or(self.held(), |told| told.0)),
            total_invested: Money::from_units(
                self.told.map_or_else(|| cost(&self.lots).unwrap(), |told| told.1),
            ),
            realized_pnl: Money::from_units(self.realized),
            created_at: Some(self.created_at),
            updated_at: Some(self.updated_at),
        }
    }
}

/// Adds a lot, unless too much would be held or invested.
fn buy(lots: &mut Vec<Lot>, record: &Record, event: &Transaction, price: i128) -> Result<(), &'static str> {
    let left = event.quantity.units();
    if lots.iter().map(|lot| lot.left).sum::<i128>() + left > HELD_MOST || price.checked_mul(left).is_none() {
        return Err("quantity");
    }
    lots.push(Lot { bought_at: event.timestamp.unwrap_or(record.at).min(record.at), price, left });
    cost(lots).map(|_| ()).ok_or("totalInvested")
}

/// Takes from the lots what is sold, the first by trade date first, and tells what was gained.
fn sell(
    lots: &mut Vec<Lot>,
    event: &Transaction,
    price: i128,
    named: Option<i128>,
) -> Result<i128, &'static str> {
    let mut owed = event.quantity.units();
    let mut spent = 0;
    let mut by_date: Vec<&mut Lot> = lots.iter_mut().collect();
    // Stable: purchases of one time stay in the order of the log.
    by_date.sort_by_key(|lot| lot.bought_at);
    for lot in by_date {
        if named.is_none_or(|named| named == lot.price) {
            let taken = owed.min(lot.left);
            spent += lot.price * taken;
            lot.left -= taken;
            owed -= taken;
        }
    }
    lots.retain(|lot| lot.left > 0);
    let earned = price.checked_mul(event.quantity.units());
    if owed > 0 { Err("quantity") } else { earned.map(|earned| earned - spent).ok_or("quantity") }
}

fn cost(lots: &[Lot]) -> Option<i128> {
    lots.iter().map(|lot| lot.price * lot.left).try_fold(0_i128, i128::checked_add)
}

fn ahead(record: &Record, claimed: Option<Timestamp>) -> bool {
    claimed.is_some_and(|time| time.micros() > record.at.micros() + SKEW_MICROS)
}
