//! Shapes of what analytics sends.

use hub_core::dto::{PositionRow, UnrealizedPnl};
use hub_core::schema::{Schema, json_schema};

use crate::traded;

/// An array of positions (AN-WS-1).
pub(crate) fn positions() -> Schema {
    json_schema!({ "type": "array", "items": PositionRow::schema() })
}

/// An array of marks (AN-WS-2).
pub(crate) fn marks() -> Schema {
    json_schema!({ "type": "array", "items": UnrealizedPnl::schema() })
}

/// Sectors with their shares.
pub(crate) fn sectors() -> Schema {
    shares("sector", "totalHoldings")
}

/// Symbols of a sector with their shares.
pub(crate) fn sector() -> Schema {
    shares("symbol", "holdings")
}

/// Rows of what is held, under the names that the two kinds of rows have for what it is of and how much.
fn shares(of: &str, holdings: &str) -> Schema {
    json_schema!({
        "type": "array",
        "items": {
            "type": "object",
            "properties": {
                of: { "type": "string" },
                "percentage": { "type": ["number", "null"] },
                holdings: { "type": "number" },
                "totalInvested": { "type": ["number", "null"] },
                "realizedPnl": { "type": ["number", "null"] },
            },
            "required": [of, "percentage", holdings, "totalInvested", "realizedPnl"],
        },
    })
}

/// Sectors with their symbols.
pub(crate) fn catalog() -> Schema {
    json_schema!({
        "type": "array",
        "items": {
            "type": "object",
            "properties": {
                "sector": { "type": "string" },
                "symbols": { "type": "array", "items": { "type": "string" } },
            },
            "required": ["sector", "symbols"],
        },
    })
}

/// A portfolio.
pub(crate) fn portfolio() -> Schema {
    json_schema!({
        "type": "object",
        "properties": {
            "portfolioId": { "type": "string", "format": "uuid" },
            "name": { "type": ["string", "null"] },
            "phoneNumber": { "type": ["string", "null"] },
            "address": { "type": ["string", "null"] },
        },
        "required": ["portfolioId", "name", "phoneNumber", "address"],
    })
}

/// Totals of a portfolio.
pub(crate) fn summary() -> Schema {
    json_schema!({
        "type": "object",
        "properties": {
            "portfolioId": { "type": "string", "format": "uuid" },
            "name": { "type": ["string", "null"] },
            "positions": { "type": "integer" },
            "holdings": { "type": ["number", "null"] },
            "totalInvested": { "type": ["number", "null"] },
            "marketValue": { "type": ["number", "null"] },
            "realizedPnl": { "type": ["number", "null"] },
            "unrealizedPnl": { "type": ["number", "null"] },
            "dayChange": { "type": ["number", "null"] },
            "asOf": { "type": ["string", "null"], "format": "date-time" },
            "stale": { "type": "boolean" },
            "unpriced": { "type": "array", "items": { "type": "string" } },
        },
        "required": [
            "portfolioId", "name", "positions", "holdings", "totalInvested", "marketValue", "realizedPnl",
            "unrealizedPnl", "dayChange", "asOf", "stale", "unpriced",
        ],
    })
}

/// Symbols that earn most, and those that lose most.
pub(crate) fn movers() -> Schema {
    let movers = json_schema!({
        "type": "array",
        "items": {
            "type": "object",
            "properties": {
                "symbol": { "type": "string" },
                "unrealizedPnl": { "type": "number" },
                "priceChangePercent": { "type": ["number", "null"] },
                "stale": { "const": true },
                "asOf": { "type": "string", "format": "date-time" },
            },
            "required": ["symbol", "unrealizedPnl", "priceChangePercent"],
        },
    });
    json_schema!({
        "type": "object",
        "properties": { "gainers": movers, "losers": movers },
        "required": ["gainers", "losers"],
    })
}

/// Portfolios.
pub(crate) fn portfolios() -> Schema {
    json_schema!({ "type": "array", "items": portfolio() })
}

/// A portfolio's worth at the ends of days.
pub(crate) fn history() -> Schema {
    json_schema!({
        "type": "array",
        "items": {
            "type": "object",
            "properties": {
                "id": { "type": "string", "format": "uuid" },
                "portfolioId": { "type": "string", "format": "uuid" },
                "date": { "type": "string", "format": "date" },
                "portfolioValue": { "type": "number" },
                "createdAt": { "type": "string", "format": "date-time" },
                "updatedAt": { "type": "string", "format": "date-time" },
            },
            "required": ["id", "portfolioId", "date", "portfolioValue", "createdAt", "updatedAt"],
        },
    })
}

/// Last prices.
pub(crate) fn prices() -> Schema {
    json_schema!({
        "type": "array",
        "items": {
            "type": "object",
            "properties": {
                "symbol": { "type": "string" },
                "price": { "type": "number" },
                "timestamp": { "type": "string", "format": "date-time" },
                "stale": { "const": true },
                "asOf": { "type": "string", "format": "date-time" },
            },
            "required": ["symbol", "price", "timestamp"],
        },
    })
}

/// Transactions that were applied.
pub(crate) fn transactions() -> Schema {
    json_schema!({ "type": "array", "items": traded::schema(&[]) })
}

/// A message of `/ws/positions`.
pub(crate) fn socket_message() -> Schema {
    let mark = UnrealizedPnl::schema();
    let message = |name: &str, data: Schema| {
        json_schema!({
            "type": "object",
            "properties": {
                "type": { "const": name },
                "data": data,
                "resume": { "type": "string" },
                "snapshot": { "type": "string" },
            },
            "required": ["type", "data"],
        })
    };
    json_schema!({
        "oneOf": [
            message("position-update", positions()),
            message("unrealized-pnl", json_schema!({ "oneOf": [mark, { "type": "array", "items": mark }] })),
            message("portfolio-summary", json_schema!({ "type": "array", "items": summary() })),
            message("movers", movers()),
            message("sectors", sectors()),
        ],
    })
}
