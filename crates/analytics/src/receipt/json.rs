//! Receipts as JSON, which clients may rely on: docs/services.md tells of it.

mod score;

use std::io::Write as _;

use hub_core::dto::put_string;
use hub_core::schema::{Schema, json_schema};
use hub_core::{Epoch, Money, PortfolioId, Position, Symbol, Timestamp};

use super::{Receipt, Step, Taken, Tick};
use crate::lots::Lot;
use crate::traded::{self, Traded, put_record};

pub(crate) use score::{Score, write_score};

/// The portfolio of a receipt, and what it is as of.
#[derive(Clone, Copy)]
pub(crate) struct Head {
    pub(crate) portfolio_id: PortfolioId,
    pub(crate) position: Position,
    /// Log time there.
    pub(crate) at: Timestamp,
}

/// Appends the receipt of a position: `{"portfolioId","symbol","position","at","holdings","totalInvested","realizedPnl",
/// "unrealizedPnl","price","tick","lots","transactions"}`.
pub(crate) fn write_position(out: &mut Vec<u8>, head: &Head, receipt: &Receipt) {
    let epoch = head.position.epoch;
    put_head(out, head, Some(&receipt.symbol));
    let balance = receipt.holding.balance;
    // Writing to a Vec does not fail.
    let _ = write!(
        out,
        r#","holdings":{},"totalInvested":{},"realizedPnl":{}"#,
        balance.holdings, balance.total_invested, balance.realized_pnl
    );
    put_money(out, "unrealizedPnl", receipt.unrealized_pnl());
    match receipt.price() {
        Some(price) => _ = write!(out, r#","price":{price}"#),
        None => out.extend_from_slice(br#","price":null"#),
    }
    put_tick(out, epoch, receipt.tick);
    out.extend_from_slice(br#","lots":["#);
    put_each(out, receipt.holding.lots.to_vec(), |out, lot| put_lot(out, epoch, receipt, &lot));
    out.extend_from_slice(br#"],"transactions":["#);
    put_each(out, &receipt.steps, |out, step| put_step(out, epoch, receipt, step));
    out.extend_from_slice(b"]}");
}

/// Appends the receipt of a portfolio's P&L: `{"portfolioId","position","at","realizedPnl","unrealizedPnl","totalPnl",
/// "unpriced","positions"}`, of its positions in the order in which they were opened; those are told in the order of their
/// symbols, which is the order of the sum that AN-UPL is.
pub(crate) fn write_pnl(out: &mut Vec<u8>, head: &Head, receipts: &[Receipt]) {
    let mut by_symbol: Vec<&Receipt> = receipts.iter().collect();
    by_symbol.sort_by(|one, other| one.symbol.cmp(&other.symbol));
    put_head(out, head, None);
    let realized = |sum: Money, receipt: &Receipt| sum.checked_add(receipt.holding.balance.realized_pnl);
    put_money(out, "realizedPnl", receipts.iter().try_fold(Money::ZERO, realized));
    let (unrealized, unpriced) = overall(&by_symbol);
    put_money(out, "unrealizedPnl", unrealized);
    put_money(out, "totalPnl", total(receipts));
    out.extend_from_slice(br#","unpriced":["#);
    put_each(out, unpriced, |out, symbol| put_string(out, symbol.as_str()));
    out.extend_from_slice(br#"],"positions":["#);
    put_each(out, by_symbol, |out, receipt| write_position(out, head, receipt));
    out.extend_from_slice(b"]}");
}

/// The sum of what has a value, and the symbols that have none, as AN-UPL has them. What would carry the sum beyond what
/// money holds is left out, too.
fn overall<'r>(by_symbol: &[&'r Receipt]) -> (Option<Money>, Vec<&'r Symbol>) {
    let (mut overall, mut has_value, mut unpriced) = (Money::ZERO, false, Vec::new());
    for receipt in by_symbol {
        match receipt.unrealized_pnl().and_then(|value| overall.checked_add(value)) {
            Some(sum) => (overall, has_value) = (sum, true),
            None => unpriced.push(&receipt.symbol),
        }
    }
    ((has_value || unpriced.is_empty()).then_some(overall), unpriced)
}

/// Realised and unrealised P&L of what has a price, as [`State::pnl`](crate::State::pnl) has it.
fn total(receipts: &[Receipt]) -> Option<Money> {
    let (mut amount, mut is_open, mut is_priced) = (Money::ZERO, false, false);
    for receipt in receipts {
        amount = amount.checked_add(receipt.holding.balance.realized_pnl)?;
        if receipt.holding.is_open() {
            is_open = true;
            if let Some(unrealized) = receipt.unrealized_pnl() {
                is_priced = true;
                amount = amount.checked_add(unrealized)?;
            }
        }
    }
    (is_priced || !is_open).then_some(amount)
}

fn put_head(out: &mut Vec<u8>, head: &Head, symbol: Option<&Symbol>) {
    let Head { portfolio_id, position, at } = head;
    let _ = write!(out, r#"{{"portfolioId":"{portfolio_id}""#);
    if let Some(symbol) = symbol {
        out.extend_from_slice(br#","symbol":"#);
        put_string(out, symbol.as_str());
    }
    put_record(out, position.epoch, position.offset, *at);
}

fn put_money(out: &mut Vec<u8>, name: &str, money: Option<Money>) {
    let _ = match money {
        Some(money) => write!(out, r#","{name}":{money}"#),
        None => write!(out, r#","{name}":null"#),
    };
}

fn put_tick(out: &mut Vec<u8>, epoch: Epoch, tick: Option<Tick>) {
    let Some(Tick { offset, at, quote }) = tick else { return out.extend_from_slice(br#","tick":null"#) };
    let time = quote.time.to_string_micros();
    let _ = write!(out, r#","tick":{{"price":{},"timestamp":"{time}""#, quote.price);
    put_record(out, epoch, offset, at);
    out.push(b'}');
}

/// `{"transactionId","position","boughtAt","price","bought","quantity"}`.
fn put_lot(out: &mut Vec<u8>, epoch: Epoch, receipt: &Receipt, lot: &Lot) {
    put_purchase(out, epoch, receipt, lot);
    let bought = receipt.bought.get(&lot.offset).map_or(lot.quantity, |bought| bought.quantity);
    let time = lot.bought_at.to_string_micros();
    let _ = write!(
        out,
        r#","boughtAt":"{time}","price":{},"bought":{bought},"quantity":{}}}"#,
        lot.price, lot.quantity
    );
}

/// A transaction as `/api/transactions` has it, with `realizedPnl` and, of a SELL, `lots`: `[{"transactionId","position",
/// "price","quantity","cost","gain"}]`.
fn put_step(out: &mut Vec<u8>, epoch: Epoch, receipt: &Receipt, step: &Step) {
    let Some(traded) = Traded::of(epoch, &step.record) else { return };
    traded.write_members(out);
    put_money(out, "realizedPnl", Some(step.realized_pnl));
    if !step.taken.is_empty() {
        out.extend_from_slice(br#","lots":["#);
        put_each(out, &step.taken, |out, Taken { lot, quantity, cost, gain }| {
            put_purchase(out, epoch, receipt, lot);
            let price = lot.price;
            let _ = write!(out, r#","price":{price},"quantity":{quantity},"cost":{cost},"gain":{gain}}}"#);
        });
        out.push(b']');
    }
    out.push(b'}');
}

/// `{"transactionId","position"`: the purchase of a lot, without the end.
fn put_purchase(out: &mut Vec<u8>, epoch: Epoch, receipt: &Receipt, lot: &Lot) {
    let position = Position { epoch, offset: lot.offset };
    // Each lot was bought by one of the transactions.
    let id = receipt.bought.get(&lot.offset).map(|bought| bought.id.to_string()).unwrap_or_default();
    let _ = write!(out, r#"{{"transactionId":"{id}","position":"{position}""#);
}

/// Writes elements with commas between them.
fn put_each<T>(out: &mut Vec<u8>, each: impl IntoIterator<Item = T>, mut put: impl FnMut(&mut Vec<u8>, T)) {
    for (place, element) in each.into_iter().enumerate() {
        if place > 0 {
            out.push(b',');
        }
        put(out, element);
    }
}

/// Shapes of receipts.
pub(crate) mod schema {
    pub(crate) use super::score::schema as score;
    use super::{Schema, json_schema, traded};

    /// The receipt of a position.
    pub(crate) fn position() -> Schema {
        json_schema!({
            "type": "object",
            "properties": {
                "portfolioId": { "type": "string", "format": "uuid" },
                "symbol": { "type": "string" },
                "position": { "type": "string" },
                "at": { "type": "string", "format": "date-time" },
                "holdings": { "type": "number" },
                "totalInvested": { "type": "number" },
                "realizedPnl": { "type": "number" },
                "unrealizedPnl": { "type": ["number", "null"] },
                "price": { "type": ["number", "null"] },
                "tick": tick(),
                "lots": { "type": "array", "items": lot() },
                "transactions": { "type": "array", "items": transaction() },
            },
            "required": ["portfolioId", "symbol", "position", "at", "holdings", "totalInvested", "realizedPnl",
                "unrealizedPnl", "price", "tick", "lots", "transactions"],
        })
    }

    /// The receipt of a portfolio's P&L.
    pub(crate) fn pnl() -> Schema {
        json_schema!({
            "type": "object",
            "properties": {
                "portfolioId": { "type": "string", "format": "uuid" },
                "position": { "type": "string" },
                "at": { "type": "string", "format": "date-time" },
                "realizedPnl": { "type": ["number", "null"] },
                "unrealizedPnl": { "type": ["number", "null"] },
                "totalPnl": { "type": ["number", "null"] },
                "unpriced": { "type": "array", "items": { "type": "string" } },
                "positions": { "type": "array", "items": position() },
            },
            "required": ["portfolioId", "position", "at", "realizedPnl", "unrealizedPnl", "totalPnl", "unpriced",
                "positions"],
        })
    }

    fn tick() -> Schema {
        json_schema!({
            "type": ["object", "null"],
            "properties": {
                "price": { "type": "number" },
                "timestamp": { "type": "string", "format": "date-time" },
                "position": { "type": "string" },
                "at": { "type": "string", "format": "date-time" },
            },
            "required": ["price", "timestamp", "position", "at"],
        })
    }

    fn lot() -> Schema {
        json_schema!({
            "type": "object",
            "properties": {
                "transactionId": { "type": "string", "format": "uuid" },
                "position": { "type": "string" },
                "boughtAt": { "type": "string", "format": "date-time" },
                "price": { "type": "number" },
                "bought": { "type": "number" },
                "quantity": { "type": "number" },
            },
            "required": ["transactionId", "position", "boughtAt", "price", "bought", "quantity"],
        })
    }

    fn transaction() -> Schema {
        let taken = json_schema!({
            "type": "object",
            "properties": {
                "transactionId": { "type": "string", "format": "uuid" },
                "position": { "type": "string" },
                "price": { "type": "number" },
                "quantity": { "type": "number" },
                "cost": { "type": "number" },
                "gain": { "type": "number" },
            },
            "required": ["transactionId", "position", "price", "quantity", "cost", "gain"],
        });
        let taken = json_schema!({ "type": "array", "items": taken });
        traded::schema(&[("realizedPnl", json_schema!({ "type": "number" })), ("lots", taken)])
    }
}
