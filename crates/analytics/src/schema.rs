//! Shapes of what analytics sends.

use hub_core::dto::{PositionRow, UnrealizedPnl};
use hub_core::schema::{Schema, json_schema};

/// An array of positions (AN-WS-1).
pub(crate) fn positions() -> Schema {
    json_schema!({ "type": "array", "items": PositionRow::schema() })
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
                    "data": { "oneOf": [UnrealizedPnl::schema(), { "type": "array", "items": UnrealizedPnl::schema() }] },
                    "resume": { "type": "string" },
                    "snapshot": { "type": "string" },
                },
                "required": ["type", "data"],
            },
        ],
    })
}
