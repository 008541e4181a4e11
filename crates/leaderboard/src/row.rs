//! An entry in its slot of the board, with its JSON.

use std::io::Write as _;
use std::ops::Deref;
use std::sync::OnceLock;

use hub_core::Pnl;
use serde::{Deserialize, Deserializer, Serialize, Serializer};

use crate::entry::Entry;

/// An entry at one version, and its JSON once somebody has asked for it:
/// immutable, shared by all boards that hold this version. Reads as the entry.
#[derive(Debug)]
pub struct Row {
    entry: Entry,
    json: OnceLock<RowParts>,
}

/// The part of a row that is the entry's own, encoded when first asked for and
/// never again; rank and P&L are put in when the row is sent.
#[derive(Debug)]
struct RowParts {
    json: Box<[u8]>,
    /// Index in the bytes at which the P&L goes.
    pnl_at: usize,
}

impl Row {
    pub(crate) fn new(entry: Entry) -> Row {
        Row { entry, json: OnceLock::new() }
    }

    /// Appends `{"rank","portfolioId","portfolioName","pnl","compositeScore",
    /// "avgReturn","sharpe","sortino","updatedAt","updated"}`: numbers by their
    /// digits, name and P&L null where nobody knows them; and `"pnlPartial":true`
    /// where P&L is the known sum of a portfolio that is not priced as a whole,
    /// `"pnlStale":true,"pnlAsOf"` where a price in it is stale, with the time of the oldest.
    pub(crate) fn write_json(&self, out: &mut Vec<u8>, rank: usize, pnl: Option<Pnl>) {
        let parts = self.json.get_or_init(|| RowParts::of(&self.entry));
        let (head, tail) = parts.json.split_at(parts.pnl_at);
        // Writing to a Vec does not fail.
        let _ = write!(out, r#"{{"rank":{rank},"#);
        out.extend_from_slice(head);
        let _ = match pnl {
            Some(pnl) => write!(out, "{}", pnl.amount),
            None => write!(out, "null"),
        };
        out.extend_from_slice(tail);
        if pnl.is_some_and(|pnl| pnl.is_partial) {
            out.extend_from_slice(br#","pnlPartial":true"#);
        }
        if let Some(as_of) = pnl.and_then(|pnl| pnl.stale_as_of) {
            let _ = write!(out, r#","pnlStale":true,"pnlAsOf":"{as_of}""#);
        }
        out.push(b'}');
    }
}

impl Deref for Row {
    type Target = Entry;

    fn deref(&self) -> &Entry {
        &self.entry
    }
}

/// Walked as its entry: JSON is of this process.
impl Serialize for Row {
    fn serialize<S: Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        self.entry.serialize(to)
    }
}

impl<'de> Deserialize<'de> for Row {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Row, D::Error> {
        Entry::deserialize(from).map(Row::new)
    }
}

/// Equal if their entries are, encoded or not.
impl PartialEq for Row {
    fn eq(&self, other: &Row) -> bool {
        self.entry == other.entry
    }
}

impl Eq for Row {}

/// Room for a row with numbers of usual size.
const JSON_USUAL_BYTES: usize = 384;

impl RowParts {
    fn of(entry: &Entry) -> RowParts {
        let mut json = Vec::with_capacity(JSON_USUAL_BYTES);
        // Writing to a Vec does not fail.
        let _ = write!(json, r#""portfolioId":"{}","portfolioName":"#, entry.id);
        let _ = serde_json::to_writer(&mut json, &entry.name.as_deref());
        json.extend_from_slice(br#","pnl":"#);
        let pnl_at = json.len();
        let (score, metrics, at) = (entry.score, &entry.metrics, entry.updated_at);
        let _ = write!(
            json,
            r#","compositeScore":{score},"avgReturn":{},"sharpe":{},"sortino":{},"updatedAt":"{at}","updated":"{at}""#,
            metrics.avg_return, metrics.sharpe, metrics.sortino
        );
        RowParts { json: json.into(), pnl_at }
    }
}
