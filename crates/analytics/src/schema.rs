//! Shapes of what analytics sends.

use hub_core::schema::{Schema, json_schema};

/// An array of positions (AN-WS-1).
pub(crate) fn positions() -> Schema {
    json_schema!({ "type": "array", "items": position() })
}

/// A position (AN-WS-1).
pub(crate) fn position() -> Schema {
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

/// The unrealised P&L of a portfolio (AN-WS-2).
pub(crate) fn unrealized_pnl() -> Schema {
    json_schema!({
        "type": "object",
        "properties": {
            "symbol": { "type": "object", "additionalProperties": { "type": "number" } },
            "overallUnrealised_Pnl": { "type": "number" },
            "portfolio_id": { "type": "string", "format": "uuid" },
            "unpriced": { "type": "array", "items": { "type": "string" } },
        },
        "required": ["symbol", "overallUnrealised_Pnl", "portfolio_id"],
    })
}

/// A transaction that was applied.
pub(crate) fn execution() -> Schema {
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
        },
        "required": ["transactionId", "portfolioId", "symbol", "side", "quantity", "price", "realizedPnl", "timestamp"],
    })
}

/// A message of `/ws/positions`.
pub(crate) fn socket_message() -> Schema {
    json_schema!({
        "oneOf": [
            {
                "type": "object",
                "properties": {
                    "type": { "const": "position-update" },
                    "data": positions(),
                    "resume": { "type": "string" },
                    "snapshot": { "type": "string" },
                },
                "required": ["type", "data"],
            },
            {
                "type": "object",
                "properties": {
                    "type": { "const": "unrealized-pnl" },
                    "data": { "oneOf": [unrealized_pnl(), { "type": "array", "items": unrealized_pnl() }] },
                    "resume": { "type": "string" },
                    "snapshot": { "type": "string" },
                },
                "required": ["type", "data"],
            },
        ],
    })
}
