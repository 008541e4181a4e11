//! Shapes of what the leaderboard sends.

use hub_core::schema::{Schema, json_schema};

/// Rows of the ranking (LB-REST-1).
pub(crate) fn rows() -> Schema {
    json_schema!({ "type": "array", "items": row() })
}

fn row() -> Schema {
    json_schema!({
        "type": "object",
        "properties": {
            "rank": { "type": "integer", "minimum": 1 },
            "portfolioId": { "type": "string", "format": "uuid" },
            "portfolioName": { "type": ["string", "null"] },
            "pnl": { "type": ["number", "null"] },
            "compositeScore": { "type": "number" },
            "avgReturn": { "type": "number" },
            "sharpe": { "type": "number" },
            "sortino": { "type": "number" },
            "updatedAt": { "type": "string", "format": "date-time" },
            "updated": { "type": "string", "format": "date-time" },
            "pnlPartial": { "const": true },
            "pnlStale": { "const": true },
            "pnlAsOf": { "type": "string", "format": "date-time" },
        },
        "required": [
            "rank", "portfolioId", "portfolioName", "pnl", "compositeScore", "avgReturn", "sharpe", "sortino",
            "updatedAt", "updated",
        ],
    })
}

/// The answer to `top` (LB-REST-1).
pub(crate) fn top() -> Schema {
    json_schema!({
        "type": "object",
        "properties": {
            "event": { "const": "leaderboardTop" },
            "timestamp": { "type": "integer" },
            "count": { "type": "integer" },
            "top": rows(),
        },
        "required": ["event", "timestamp", "count", "top"],
    })
}

/// The answer to `around` (LB-REST-2).
pub(crate) fn around() -> Schema {
    around_with(&json_schema!({ "type": "integer" }))
}

/// The same over a socket, which waits for a portfolio that is not ranked.
pub(crate) fn pms_around_message() -> Schema {
    around_with(&json_schema!({ "type": ["integer", "null"] }))
}

fn around_with(rank: &Schema) -> Schema {
    json_schema!({
        "type": "object",
        "properties": {
            "event": { "const": "leaderboardAround" },
            "timestamp": { "type": "integer" },
            "centerRank": rank,
            "top": rows(),
        },
        "required": ["event", "timestamp", "centerRank", "top"],
    })
}

/// A message of `/ws/updates`, in either dialect (LB-WS).
pub(crate) fn updates_message() -> Schema {
    let data = |more: Schema| {
        json_schema!({
            "allOf": [
                {
                    "type": "object",
                    "properties": { "generatedAt": { "type": "string", "format": "date-time" }, "entries": rows() },
                    "required": ["generatedAt", "entries"],
                },
                more,
            ],
        })
    };
    let total = json_schema!({ "properties": { "total": { "type": "integer" } }, "required": ["total"] });
    let removed = json_schema!({
        "properties": { "removed": { "type": "array", "items": { "type": "string", "format": "uuid" } } },
        "required": ["removed"],
    });
    json_schema!({
        "oneOf": [
            { "properties": { "type": { "const": "snapshot" }, "data": data(total), "resume": { "type": "string" } },
              "required": ["type", "data"] },
            { "properties": { "type": { "const": "update" }, "data": data(removed), "resume": { "type": "string" } },
              "required": ["type", "data"] },
            { "properties": { "event": { "const": "leaderboardSnapshot" }, "timestamp": { "type": "integer" }, "top": rows() },
              "required": ["event", "timestamp", "top"] },
        ],
    })
}

/// A message of `/ws/top`.
pub(crate) fn top_message() -> Schema {
    json_schema!({
        "type": "object",
        "properties": { "type": { "const": "top-performers" }, "data": rows() },
        "required": ["type", "data"],
    })
}

/// A message of `/ws/around`.
pub(crate) fn around_message() -> Schema {
    json_schema!({
        "type": "object",
        "properties": {
            "type": { "const": "around" },
            "centerRank": { "type": ["integer", "null"] },
            "data": rows(),
        },
        "required": ["type", "centerRank", "data"],
    })
}
