//! Shapes that go over the wire, the platform's own.

use std::collections::BTreeMap;
use std::fmt;
use std::io::Write as _;

use serde::{Deserialize, Serialize};

use crate::event::{Side, Trade, Transaction};
use crate::schema::{Schema, json_schema};
use crate::{Money, PortfolioId, Quantity, Symbol, SymbolCase, Timestamp};

/// A position (AN-WS-1): amounts are JSON numbers by their digits, times are
/// ISO-8601 in UTC, or null where they are not known.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct PositionRow {
    /// Portfolio that holds it.
    pub portfolio_id: PortfolioId,
    /// Of what.
    pub symbol: Symbol,
    /// Quantity held.
    pub holdings: Quantity,
    /// Cost of the open lots.
    pub total_invested: Money,
    /// Profit of the closed lots.
    pub realized_pnl: Money,
    /// Time at which it first came to be.
    pub created_at: Option<Timestamp>,
    /// Time of the last change.
    pub updated_at: Option<Timestamp>,
}

/// A portfolio's unrealised P&L (AN-WS-2). The irregular spelling of its keys
/// is part of the contract.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct UnrealizedPnl {
    /// Portfolio that holds them.
    pub portfolio_id: PortfolioId,
    /// Profit that each symbol would make if it were sold now.
    pub symbols: BTreeMap<Symbol, Money>,
    /// Their sum.
    pub overall: Money,
    /// Symbols that are held and have no price: they are not in the sum.
    pub unpriced: Vec<Symbol>,
    /// Symbols whose prices are stale.
    pub stale: Vec<Symbol>,
    /// The time of the oldest stale price.
    pub as_of: Option<Timestamp>,
}

/// A transaction that was applied, as `/topic/transactions` tells it.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Execution {
    /// Transaction that was applied.
    pub transaction: Transaction,
    /// Profit of a SELL beyond the cost of the lots it consumed; 0 for a BUY.
    pub realized_pnl: Money,
    /// Time at which it happened.
    pub timestamp: Timestamp,
}

impl Execution {
    /// Appends `{"transactionId","portfolioId","symbol","side","quantity",
    /// "price","realizedPnl","timestamp"}`, and `"tradeId"` where it is known.
    pub fn write_json(&self, out: &mut Vec<u8>) {
        let Transaction { transaction_id, portfolio_id, symbol, trade, quantity, .. } = &self.transaction;
        let side = match trade.side() {
            Side::Buy => "BUY",
            Side::Sell => "SELL",
        };
        let (Trade::Buy { price } | Trade::Sell { price, .. }) = trade;
        put(
            out,
            format_args!(r#"{{"transactionId":"{transaction_id}","portfolioId":"{portfolio_id}","symbol":"#),
        );
        put_string(out, symbol.as_str());
        let (realized, time) = (self.realized_pnl, self.timestamp);
        put(
            out,
            format_args!(
                r#","side":"{side}","quantity":{quantity},"price":{price},"realizedPnl":{realized},"timestamp":"{time}""#
            ),
        );
        if let Some(id) = self.transaction.trade_id {
            put(out, format_args!(r#","tradeId":"{id}""#));
        }
        out.push(b'}');
    }

    /// The shape of what [`write_json`](Self::write_json) writes.
    pub fn schema() -> Schema {
        json_schema!({
            "type": "object",
            "properties": {
                "transactionId": { "type": "string", "format": "uuid" },
                "portfolioId": { "type": "string", "format": "uuid" },
                "symbol": { "type": "string" },
                "side": { "enum": ["BUY", "SELL"] },
                "quantity": { "type": "number" },
                "price": { "type": "number" },
                "realizedPnl": { "type": "number" },
                "timestamp": { "type": "string", "format": "date-time" },
                "tradeId": { "type": "string", "format": "uuid" },
            },
            "required": ["transactionId", "portfolioId", "symbol", "side", "quantity", "price", "realizedPnl", "timestamp"],
        })
    }
}

impl PositionRow {
    /// Appends `{"id":{"portfolioId","symbol"},"holdings",...}`.
    pub fn write_json(&self, out: &mut Vec<u8>) {
        out.extend_from_slice(br#"{"id":{"portfolioId":""#);
        self.portfolio_id.write_to(out);
        out.extend_from_slice(br#"","symbol":"#);
        put_string(out, self.symbol.as_str());
        out.extend_from_slice(br#"},"holdings":"#);
        self.holdings.write_to(out);
        out.extend_from_slice(br#","totalInvested":"#);
        self.total_invested.write_to(out);
        out.extend_from_slice(br#","realizedPnl":"#);
        self.realized_pnl.write_to(out);
        out.extend_from_slice(br#","createdAt":"#);
        put_time(out, self.created_at);
        out.extend_from_slice(br#","updatedAt":"#);
        put_time(out, self.updated_at);
        out.push(b'}');
    }

    /// The shape of what [`write_json`](Self::write_json) writes.
    pub fn schema() -> Schema {
        json_schema!({
            "type": "object",
            "properties": {
                "id": {
                    "type": "object",
                    "properties": {
                        "portfolioId": { "type": "string", "format": "uuid" },
                        "symbol": { "type": "string" },
                    },
                    "required": ["portfolioId", "symbol"],
                },
                "holdings": { "type": "number" },
                "totalInvested": { "type": "number" },
                "realizedPnl": { "type": "number" },
                "createdAt": { "type": "string", "format": "date-time" },
                "updatedAt": { "type": "string", "format": "date-time" },
            },
            "required": ["id", "holdings", "totalInvested", "realizedPnl", "createdAt", "updatedAt"],
        })
    }
}

impl UnrealizedPnl {
    /// Brings its symbols into this case. Amounts of one that is then named twice add up, as far as money holds.
    pub(crate) fn fold_symbols(&mut self, case: SymbolCase) {
        for (mut symbol, amount) in std::mem::take(&mut self.symbols) {
            case.fold(&mut symbol);
            let sum = self.symbols.entry(symbol).or_default();
            *sum = sum.checked_add(amount).unwrap_or(*sum);
        }
        for symbol in self.unpriced.iter_mut().chain(&mut self.stale) {
            case.fold(symbol);
        }
    }

    /// Appends `{"symbol":{...},"overallUnrealised_Pnl":..,"portfolio_id":..}`,
    /// `"unpriced":[...]` where there are such symbols, and `"stale":[...],"asOf":..` where there are such.
    pub fn write_json(&self, out: &mut Vec<u8>) {
        let mut json = UnrealizedPnlJson::begin(out);
        self.symbols.iter().for_each(|(symbol, amount)| json.symbol(symbol, *amount));
        json.end(self.portfolio_id, self.overall, &self.unpriced, &self.stale, self.as_of);
    }

    /// The shape of what [`write_json`](Self::write_json) writes.
    pub fn schema() -> Schema {
        json_schema!({
            "type": "object",
            "properties": {
                "symbol": { "type": "object", "additionalProperties": { "type": "number" } },
                "overallUnrealised_Pnl": { "type": "number" },
                "portfolio_id": { "type": "string", "format": "uuid" },
                "unpriced": { "type": "array", "items": { "type": "string" } },
                "stale": { "type": "array", "items": { "type": "string" } },
                "asOf": { "type": "string", "format": "date-time" },
            },
            "required": ["symbol", "overallUnrealised_Pnl", "portfolio_id"],
        })
    }
}

/// Appends what [`UnrealizedPnl::write_json`] would, of values that are told one by one: none is made of them.
pub struct UnrealizedPnlJson<'o> {
    out: &'o mut Vec<u8>,
    symbols: usize,
}

impl<'o> UnrealizedPnlJson<'o> {
    /// Begins it.
    pub fn begin(out: &'o mut Vec<u8>) -> UnrealizedPnlJson<'o> {
        out.extend_from_slice(br#"{"symbol":{"#);
        UnrealizedPnlJson { out, symbols: 0 }
    }

    /// Appends the next symbol, in their order.
    pub fn symbol(&mut self, symbol: &Symbol, amount: Money) {
        put_comma(self.out, self.symbols);
        self.symbols += 1;
        put_string(self.out, symbol.as_str());
        self.out.push(b':');
        amount.write_to(self.out);
    }

    /// Appends the rest.
    pub fn end<'s>(
        self,
        portfolio_id: PortfolioId,
        overall: Money,
        unpriced: impl IntoIterator<Item = &'s Symbol>,
        stale: impl IntoIterator<Item = &'s Symbol>,
        as_of: Option<Timestamp>,
    ) {
        let out = self.out;
        out.extend_from_slice(br#"},"overallUnrealised_Pnl":"#);
        overall.write_to(out);
        out.extend_from_slice(br#","portfolio_id":""#);
        portfolio_id.write_to(out);
        out.push(b'"');
        put_symbols(out, br#","unpriced":["#, unpriced);
        put_symbols(out, br#","stale":["#, stale);
        if let Some(as_of) = as_of {
            put(out, format_args!(r#","asOf":"{as_of}""#));
        }
        out.push(b'}');
    }
}

/// Appends a member that is a list of symbols, if there are any.
fn put_symbols<'s>(out: &mut Vec<u8>, begin: &[u8], symbols: impl IntoIterator<Item = &'s Symbol>) {
    let mut symbols = symbols.into_iter().peekable();
    if symbols.peek().is_some() {
        out.extend_from_slice(begin);
        for (index, symbol) in symbols.enumerate() {
            put_comma(out, index);
            put_string(out, symbol.as_str());
        }
        out.push(b']');
    }
}

fn put(out: &mut Vec<u8>, arguments: fmt::Arguments<'_>) {
    // Writing to a Vec does not fail.
    let _ = out.write_fmt(arguments);
}

fn put_comma(out: &mut Vec<u8>, index: usize) {
    if index > 0 {
        out.push(b',');
    }
}

/// Appends a JSON string, escaped.
pub fn put_string(out: &mut Vec<u8>, text: &str) {
    // As nearly all are.
    if text.bytes().all(|byte| byte >= b' ' && byte != b'"' && byte != b'\\') {
        out.push(b'"');
        out.extend_from_slice(text.as_bytes());
        return out.push(b'"');
    }
    // Writing a string to a Vec does not fail.
    let _ = serde_json::to_writer(out, text);
}

fn put_time(out: &mut Vec<u8>, time: Option<Timestamp>) {
    match time {
        Some(time) => put(out, format_args!(r#""{time}""#)),
        None => out.extend_from_slice(b"null"),
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use serde_json::Value;

    use super::*;
    use crate::{TradeId, TransactionId};

    fn text(write: impl FnOnce(&mut Vec<u8>)) -> String {
        let mut json = Vec::new();
        write(&mut json);
        String::from_utf8(json).unwrap()
    }

    /// Every member that may be there: `json` has all of them.
    #[track_caller]
    fn assert_declared(json: &str, schema: &Schema) {
        let names =
            |members: &Value| -> BTreeSet<String> { members.as_object().unwrap().keys().cloned().collect() };
        assert_eq!(names(&serde_json::from_str(json).unwrap()), names(schema.get("properties").unwrap()));
    }

    fn row() -> PositionRow {
        PositionRow {
            portfolio_id: "550e8400-e29b-41d4-a716-446655440001".parse().unwrap(),
            symbol: "A\"B".parse().unwrap(),
            holdings: "150.5".parse().unwrap(),
            total_invested: "22500".parse().unwrap(),
            realized_pnl: "-1000.123456789".parse().unwrap(),
            created_at: Timestamp::from_millis(1_770_460_200_000),
            updated_at: None,
        }
    }

    #[test]
    fn a_position_byte_for_byte() {
        let json = text(|out| row().write_json(out));
        assert_eq!(
            json,
            r#"{"id":{"portfolioId":"550e8400-e29b-41d4-a716-446655440001","symbol":"A\"B"},"holdings":150.5,"totalInvested":22500,"realizedPnl":-1000.123456789,"createdAt":"2026-02-07T10:30:00.000Z","updatedAt":null}"#
        );
        assert_declared(&json, &PositionRow::schema());
    }

    #[test]
    fn an_execution_byte_for_byte() {
        let id = |last: u8| TradeId::from_bytes([last; 16]).to_bytes();
        let mut transaction = Transaction::new(
            TransactionId::from_bytes(id(1)),
            PortfolioId::from_bytes(id(2)),
            "A\"B".parse().unwrap(),
            Trade::Sell { price: "15".parse().unwrap(), lot_price: None },
            "1.5".parse().unwrap(),
        );
        transaction.trade_id = Some(TradeId::from_bytes(id(3)));
        let execution = |transaction: &Transaction| {
            let timestamp = Timestamp::from_millis(1_770_460_200_000).unwrap();
            let realized_pnl = "-7.5".parse().unwrap();
            text(|out| {
                Execution { transaction: transaction.clone(), realized_pnl, timestamp }.write_json(out);
            })
        };
        let json = execution(&transaction);
        let known = r#"{"transactionId":"01010101-0101-0101-0101-010101010101","portfolioId":"02020202-0202-0202-0202-020202020202","symbol":"A\"B","side":"SELL","quantity":1.5,"price":15,"realizedPnl":-7.5,"timestamp":"2026-02-07T10:30:00.000Z""#;
        assert_eq!(json, format!(r#"{known},"tradeId":"03030303-0303-0303-0303-030303030303"}}"#));
        assert_declared(&json, &Execution::schema());
        transaction.trade_id = None;
        assert_eq!(execution(&transaction), format!("{known}}}"));
    }

    #[test]
    fn unrealised_pnl_byte_for_byte() {
        let PositionRow { portfolio_id, symbol, realized_pnl, .. } = row();
        let symbols = BTreeMap::from([(symbol.clone(), realized_pnl)]);
        let unpriced = vec!["X".parse().unwrap(), "Y".parse().unwrap()];
        let (stale, as_of) = (vec![symbol], Timestamp::from_millis(1_770_460_200_000));
        let pnl = UnrealizedPnl { portfolio_id, symbols, overall: realized_pnl, unpriced, stale, as_of };
        let json = text(|out| pnl.write_json(out));
        assert_eq!(
            json,
            r#"{"symbol":{"A\"B":-1000.123456789},"overallUnrealised_Pnl":-1000.123456789,"portfolio_id":"550e8400-e29b-41d4-a716-446655440001","unpriced":["X","Y"],"stale":["A\"B"],"asOf":"2026-02-07T10:30:00.000Z"}"#
        );
        assert_declared(&json, &UnrealizedPnl::schema());
    }
}
