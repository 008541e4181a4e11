//! The receipt of a score.

use std::io::Write as _;

use hub_core::dto::put_string;
use hub_core::event::RiskMetrics;
use hub_core::schema::{Schema, json_schema};
use hub_core::{Epoch, Offset, Position, Ratio, Timestamp};

use super::{Head, put_each, put_head, put_money};
use crate::receipt::{Basis, Point, PointSource, Said};
use crate::risk::{Risk, SERIES};
use crate::traded::put_record;

/// The metrics that a portfolio is ranked by, and their reason.
pub(crate) struct Score {
    /// The metrics; `None` where there are none.
    pub(crate) metrics: Option<RiskMetrics>,
    /// The score that they have; `None` if nobody ranks by them.
    pub(crate) composite: Option<Ratio>,
    /// The record that said so, if they were ingested.
    pub(crate) ingested: Option<Said<RiskMetrics>>,
    /// The values that they were derived from, otherwise.
    pub(crate) derived: Option<Basis>,
    /// The reason why there are none, or none that are newer.
    pub(crate) reason: Option<String>,
}

/// Appends the receipt of a score: `{"portfolioId","position","at","compositeScore","avgReturn","sharpe","sortino",
/// "source","reason","record","turn","values"}`. Gives the index at which what it is as of ends.
pub(crate) fn write_score(out: &mut Vec<u8>, head: &Head, score: &Score) -> usize {
    let epoch = head.position.epoch;
    put_head(out, head, None);
    let head_bytes = out.len();
    let metrics = score.metrics.as_ref();
    put_ratio(out, "compositeScore", score.composite);
    put_ratio(out, "avgReturn", metrics.map(|it| it.avg_rate_of_return));
    put_ratio(out, "sharpe", metrics.map(|it| it.sharpe_ratio));
    put_ratio(out, "sortino", metrics.map(|it| it.sortino_ratio));
    out.extend_from_slice(match (&score.ingested, &score.derived) {
        (Some(_), _) => br#","source":"ingested","reason":"#,
        (None, Some(_)) => br#","source":"derived","reason":"#,
        (None, None) => br#","source":null,"reason":"#,
    });
    match &score.reason {
        Some(reason) => put_string(out, reason),
        None => out.extend_from_slice(b"null"),
    }
    match &score.ingested {
        Some(said) => put_at(out, "record", epoch, said.offset, said.at),
        None => out.extend_from_slice(br#","record":null"#),
    }
    put_derived(out, epoch, score.derived.as_ref());
    head_bytes
}

/// `,"turn":{"position","at","worth"},"values":[{"date","value","source","position","at"}]}`.
fn put_derived(out: &mut Vec<u8>, epoch: Epoch, derived: Option<&Basis>) {
    let series: Option<&(Risk, [Point; SERIES])> = derived.and_then(|basis| basis.risk.as_ref().ok());
    match derived {
        Some(Basis { turn, worth, .. }) => {
            put_at(out, "turn", epoch, turn.as_of, turn.at);
            out.pop();
            put_money(out, "worth", *worth);
            out.push(b'}');
        }
        None => out.extend_from_slice(br#","turn":null"#),
    }
    out.extend_from_slice(br#","values":["#);
    put_each(out, series.iter().flat_map(|(_, points)| points), |out, point| {
        let _ = match point.date {
            Some(date) => write!(out, r#"{{"date":"{date}""#),
            None => write!(out, r#"{{"date":null"#),
        };
        put_money(out, "value", Some(point.value));
        let source = match point.source {
            PointSource::Close => "close",
            PointSource::Valuation => "valuation",
            PointSource::Worth => "worth",
        };
        let _ = write!(out, r#","source":"{source}""#);
        put_record(out, epoch, point.offset, point.at);
        out.push(b'}');
    });
    out.extend_from_slice(b"]}");
}

fn put_ratio(out: &mut Vec<u8>, name: &str, ratio: Option<Ratio>) {
    // Writing to a Vec does not fail.
    let _ = match ratio {
        Some(ratio) => write!(out, r#","{name}":{ratio}"#),
        None => write!(out, r#","{name}":null"#),
    };
}

/// `,"<name>":{"position","at"}`.
fn put_at(out: &mut Vec<u8>, name: &str, epoch: Epoch, offset: Offset, at: Timestamp) {
    let position = Position { epoch, offset };
    let _ = write!(out, r#","{name}":{{"position":"{position}","at":"{}"}}"#, at.to_string_micros());
}

/// Its shape.
pub(crate) fn schema() -> Schema {
    let of = |others: &[(&str, Schema)]| {
        let mut schema = json_schema!({
            "type": "object",
            "properties": {
                "position": { "type": "string" },
                "at": { "type": "string", "format": "date-time" },
            },
            "required": ["position", "at"],
        });
        for (name, shape) in others {
            if let Some(properties) = schema.get_mut("properties").and_then(|it| it.as_object_mut()) {
                properties.insert((*name).to_owned(), shape.clone().to_value());
            }
            if let Some(required) = schema.get_mut("required").and_then(|it| it.as_array_mut()) {
                required.push((*name).into());
            }
        }
        schema
    };
    let value = of(&[
        ("date", json_schema!({ "type": ["string", "null"], "format": "date" })),
        ("value", json_schema!({ "type": "number" })),
        ("source", json_schema!({ "enum": ["close", "valuation", "worth"] })),
    ]);
    let turn = of(&[("worth", json_schema!({ "type": ["number", "null"] }))]);
    let or_null = |schema: Schema| json_schema!({ "anyOf": [schema, { "type": "null" }] });
    let ratio = || json_schema!({ "type": ["number", "null"] });
    of(&[
        ("portfolioId", json_schema!({ "type": "string", "format": "uuid" })),
        ("compositeScore", ratio()),
        ("avgReturn", ratio()),
        ("sharpe", ratio()),
        ("sortino", ratio()),
        ("source", json_schema!({ "enum": ["ingested", "derived", null] })),
        ("reason", json_schema!({ "type": ["string", "null"] })),
        ("record", or_null(of(&[]))),
        ("turn", or_null(turn)),
        ("values", json_schema!({ "type": "array", "items": value })),
    ])
}
