//! An entry as people see it.

use std::io::Write as _;

use hub_core::Money;

use crate::board::Ranked;
use crate::entry::Entry;
use crate::reads::LeaderboardReads;

/// What of a row is the entry's own, encoded when first asked for and never
/// again; rank and P&L are put in when the row is sent.
#[derive(Debug)]
pub(crate) struct RowParts {
    json: Box<[u8]>,
    /// Where the P&L goes.
    pnl_at: usize,
}

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
            r#","compositeScore":{score},"avgReturn":{},"sharpe":{},"sortino":{},"updatedAt":"{at}","updated":"{at}"}}"#,
            metrics.avg_return, metrics.sharpe, metrics.sortino
        );
        RowParts { json: json.into(), pnl_at }
    }
}

/// Appends `{"rank","portfolioId","portfolioName","pnl","compositeScore",
/// "avgReturn","sharpe","sortino","updatedAt","updated"}`: numbers by their
/// digits, name and P&L null where nobody knows them.
pub(crate) fn write_row(out: &mut Vec<u8>, (rank, entry): &Ranked, pnl: Option<Money>) {
    let parts = entry.json.get_or_init(|| RowParts::of(entry));
    let (head, tail) = parts.json.split_at(parts.pnl_at);
    // Writing to a Vec does not fail.
    let _ = write!(out, r#"{{"rank":{rank},"#);
    out.extend_from_slice(head);
    let _ = match pnl {
        Some(pnl) => write!(out, "{pnl}"),
        None => write!(out, "null"),
    };
    out.extend_from_slice(tail);
}

/// Appends a JSON array of rows, their P&L joined now.
pub(crate) fn write_rows<'a>(
    out: &mut Vec<u8>,
    rows: impl IntoIterator<Item = &'a Ranked>,
    reads: &LeaderboardReads,
) {
    out.push(b'[');
    for (index, row) in rows.into_iter().enumerate() {
        if index > 0 {
            out.push(b',');
        }
        write_row(out, row, reads.pnl(row.1.id));
    }
    out.push(b']');
}
