//! Rows as they are sent: ranked, with the P&L of their position.

use crate::board::Ranked;
use crate::joined::Joined;

/// Appends a JSON array of rows, with this P&L.
pub(crate) fn write_rows<'a>(out: &mut Vec<u8>, rows: impl IntoIterator<Item = &'a Ranked>, joined: &Joined) {
    out.push(b'[');
    for (index, (rank, row)) in rows.into_iter().enumerate() {
        if index > 0 {
            out.push(b',');
        }
        row.write_json(out, *rank, joined.pnl(row.id));
    }
    out.push(b']');
}
