//! Shapes of what the auto-trader takes and sends.

use hub_core::schema::{Schema, json_schema};

/// A session.
pub(crate) fn session() -> Schema {
    json_schema!({
        "type": "object",
        "properties": {
            "sessionId": { "type": "integer" },
            "name": { "type": "string" },
            "status": { "type": "string" },
            "initialCapital": { "type": "number" },
            "currentCapital": { "type": "number" },
            "availableCapital": { "type": "number" },
            "totalPnL": { "type": "number" },
            "todayPnL": { "type": "number" },
            "totalTrades": { "type": "integer" },
            "openTrades": { "type": "integer" },
            "closedTrades": { "type": "integer" },
            "winningTrades": { "type": "integer" },
            "losingTrades": { "type": "integer" },
            "winRate": { "type": "number" },
            "createdAt": { "type": "string", "format": "date-time" },
            "stoppedAt": { "type": "string", "format": "date-time" },
        },
        "required": [
            "sessionId", "status", "initialCapital", "currentCapital", "totalPnL", "todayPnL", "totalTrades",
            "openTrades", "closedTrades", "winningTrades", "losingTrades", "winRate", "createdAt",
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
            "stopLoss": { "type": "number" },
            "target": { "type": "number" },
            "currentPrice": { "type": "number" },
            "unrealizedPnL": { "type": "number" },
            "exitPrice": { "type": "number" },
            "pnl": { "type": "number" },
            "pnlPercent": { "type": "number" },
            "exitReason": { "enum": ["SL", "TARGET", "MANUAL"] },
            "openedAt": { "type": "string", "format": "date-time" },
            "closedAt": { "type": "string", "format": "date-time" },
        },
        "required": ["tradeId", "sessionId", "symbol", "side", "quantity", "status", "entryPrice", "openedAt"],
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
    json_schema!({
        "type": "object",
        "properties": {
            "type": {
                "enum": ["trade_opened", "trade_closed", "session_update", "pnl_update", "price_update"],
            },
            "data": { "type": "object" },
        },
        "required": ["type", "data"],
    })
}
