//! Shapes of what the auto-trader takes and sends.

use hub_core::schema::{Schema, json_schema};

/// A session.
pub(crate) fn session() -> Schema {
    json_schema!({
        "type": "object",
        "properties": {
            "sessionId": { "type": "integer" },
            "name": { "type": ["string", "null"] },
            "status": { "type": "string" },
            "initialCapital": { "type": "number" },
            "currentCapital": { "type": "number" },
            "availableCapital": { "type": ["number", "null"] },
            "totalPnL": { "type": "number" },
            "todayPnL": { "type": "number" },
            "totalTrades": { "type": "integer" },
            "openTrades": { "type": "integer" },
            "closedTrades": { "type": "integer" },
            "winningTrades": { "type": "integer" },
            "losingTrades": { "type": "integer" },
            "winRate": { "type": "number" },
            "createdAt": { "type": "string", "format": "date-time" },
            "stoppedAt": { "type": ["string", "null"], "format": "date-time" },
        },
        "required": [
            "sessionId", "name", "status", "initialCapital", "currentCapital", "availableCapital", "totalPnL",
            "todayPnL", "totalTrades", "openTrades", "closedTrades", "winningTrades", "losingTrades", "winRate",
            "createdAt", "stoppedAt",
        ],
    })
}

/// All sessions.
pub(crate) fn sessions() -> Schema {
    json_schema!({ "type": "array", "items": session() })
}

/// A trade.
pub(crate) fn trade() -> Schema {
    json_schema!({
        "type": "object",
        "properties": {
            "tradeId": { "type": "integer" },
            "sessionId": { "type": "integer" },
            "symbol": { "type": "string" },
            "side": { "enum": ["BUY", "SELL"] },
            "quantity": { "type": "number" },
            "status": { "enum": ["OPEN", "CLOSED"] },
            "entryPrice": { "type": "number" },
            "stopLoss": { "type": ["number", "null"] },
            "target": { "type": ["number", "null"] },
            "currentPrice": { "type": ["number", "null"] },
            "unrealizedPnL": { "type": ["number", "null"] },
            "exitPrice": { "type": ["number", "null"] },
            "pnl": { "type": ["number", "null"] },
            "pnlPercent": { "type": ["number", "null"] },
            "exitReason": { "enum": ["SL", "TARGET", "MANUAL", null] },
            "openedAt": { "type": "string", "format": "date-time" },
            "closedAt": { "type": ["string", "null"], "format": "date-time" },
            "stale": { "const": true },
            "asOf": { "type": "string", "format": "date-time" },
        },
        "required": [
            "tradeId", "sessionId", "symbol", "side", "quantity", "status", "entryPrice", "stopLoss", "target",
            "currentPrice", "unrealizedPnL", "exitPrice", "pnl", "pnlPercent", "exitReason", "openedAt", "closedAt",
        ],
    })
}

/// Trades of a session.
pub(crate) fn trades() -> Schema {
    json_schema!({ "type": "array", "items": trade() })
}

/// The body that creates a session.
pub(crate) fn create_session() -> Schema {
    json_schema!({
        "type": "object",
        "properties": {
            "name": { "type": "string" },
            "initialCapital": { "type": ["number", "string"] },
            "requestId": { "type": "string", "format": "uuid" },
        },
        "required": ["initialCapital"],
    })
}

/// The body that opens a trade.
pub(crate) fn open_trade() -> Schema {
    json_schema!({
        "type": "object",
        "properties": {
            "symbol": { "type": "string" },
            "quantity": { "type": ["number", "string"] },
            "side": { "enum": ["BUY", "SELL"] },
            "entryPrice": { "type": ["number", "string"] },
            "stopLoss": { "type": ["number", "string"] },
            "target": { "type": ["number", "string"] },
            "requestId": { "type": "string", "format": "uuid" },
        },
        "required": ["symbol", "quantity"],
    })
}

/// The body that closes a trade.
pub(crate) fn close_trade() -> Schema {
    json_schema!({
        "type": "object",
        "properties": {
            "price": { "type": ["number", "string"] },
            "requestId": { "type": "string", "format": "uuid" },
        },
    })
}

/// The body that stops a session.
pub(crate) fn stop_session() -> Schema {
    json_schema!({
        "type": "object",
        "properties": { "requestId": { "type": "string", "format": "uuid" } },
    })
}

/// A message of `/ws/auto-trader` (AT).
pub(crate) fn socket_message() -> Schema {
    let message = |kind: &str, data: Schema| {
        json_schema!({
            "type": "object",
            "properties": { "type": { "const": kind }, "data": data },
            "required": ["type", "data"],
        })
    };
    json_schema!({ "oneOf": [
        trade_event(),
        message("session_update", session_update()),
        message("pnl_update", pnl_update()),
        message("price_update", price_update()),
    ] })
}

/// An event of a trade: it was opened, or closed, which has the last two members more.
pub(crate) fn trade_event() -> Schema {
    json_schema!({
        "type": "object",
        "properties": {
            "type": { "enum": ["trade_opened", "trade_closed"] },
            "data": {
                "type": "object",
                "properties": {
                    "tradeId": { "type": "integer" },
                    "sessionId": { "type": "integer" },
                    "symbol": { "type": "string" },
                    "status": { "enum": ["OPEN", "CLOSED"] },
                    "timestamp": { "type": "string", "format": "date-time" },
                    "quantity": { "type": "number" },
                    "side": { "enum": ["BUY", "SELL"] },
                    "entryPrice": { "type": "number" },
                    "price": { "type": "number" },
                    "pnl": { "type": "number" },
                    "exitReason": { "enum": ["SL", "TARGET", "MANUAL"] },
                },
                "required": [
                    "tradeId", "sessionId", "symbol", "status", "timestamp", "quantity", "side", "entryPrice", "price",
                ],
            },
        },
        "required": ["type", "data"],
    })
}

fn session_update() -> Schema {
    json_schema!({
        "type": "object",
        "properties": {
            "sessionId": { "type": "integer" },
            "currentCapital": { "type": "number" },
            "totalPnL": { "type": "number" },
            "todayPnL": { "type": "number" },
            "totalTrades": { "type": "integer" },
            "winRate": { "type": "number" },
            "status": { "type": "string" },
            "timestamp": { "type": "string", "format": "date-time" },
            "winningTrades": { "type": "integer" },
            "losingTrades": { "type": "integer" },
        },
        "required": [
            "sessionId", "currentCapital", "totalPnL", "todayPnL", "totalTrades", "winRate", "status", "timestamp",
            "winningTrades", "losingTrades",
        ],
    })
}

fn pnl_update() -> Schema {
    json_schema!({
        "type": "object",
        "properties": {
            "sessionId": { "type": "integer" },
            "tradeId": { "type": "integer" },
            "symbol": { "type": "string" },
            "currentPrice": { "type": "number" },
            "entryPrice": { "type": "number" },
            "unrealizedPnL": { "type": "number" },
            "pnlPercent": { "type": "number" },
            "timestamp": { "type": "string", "format": "date-time" },
            "stale": { "const": true },
            "asOf": { "type": "string", "format": "date-time" },
        },
        "required": [
            "sessionId", "tradeId", "symbol", "currentPrice", "entryPrice", "unrealizedPnL", "pnlPercent", "timestamp",
        ],
    })
}

fn price_update() -> Schema {
    json_schema!({
        "type": "object",
        "properties": {
            "symbol": { "type": "string" },
            "price": { "type": "number" },
            "timestamp": { "type": "string", "format": "date-time" },
            "stale": { "const": true },
            "asOf": { "type": "string", "format": "date-time" },
        },
        "required": ["symbol", "price", "timestamp"],
    })
}
