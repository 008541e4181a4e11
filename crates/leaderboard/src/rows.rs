//! Rows as they are sent: ranked, with the P&L of the moment.

use crate::board::Ranked;
use crate::reads::LeaderboardReads;

/// Appends a JSON array of rows, their P&L joined now.
pub(crate) fn write_rows<'a>(
    out: &mut Vec<u8>,
    rows: impl IntoIterator<Item = &'a Ranked>,
    reads: &LeaderboardReads,
) {
    out.push(b'[');
    for (index, (rank, row)) in rows.into_iter().enumerate() {
        if index > 0 {
            out.push(b',');
        }
        row.write_json(out, *rank, reads.pnl(row.id));
    }
    out.push(b']');
}
