//! The top of the ranking as a snapshot and what changes of it.

use std::collections::HashSet;
use std::io::Write as _;
use std::sync::Arc;

use bytes::Bytes;
use hub_core::{Offset, PortfolioId, Position, Timestamp};
use hub_fanout::{Cadence, Composed, Document, Occasion, SnapshotReason, honour};

use super::{ON_CHANGE_MS, ROW_BYTES, composed};
use crate::board::{Board, Ranked};
use crate::joined::Joined;
use crate::reads::LeaderboardReads;
use crate::row::Row;
use crate::rows::write_rows;
use crate::state::State;

/// A snapshot every 30 s.
const SNAPSHOT_MS: u64 = 30_000;

/// `/ws/updates`: `snapshot` on connect and every 30 s, `update` on change.
///
/// Whoever applies each `update` (`entries` replace the rows of the same
/// portfolio, `removed` portfolios have left the top) has at any time what a
/// snapshot would show.
pub(crate) struct Updates {
    pub(crate) reads: LeaderboardReads,
    pub(crate) limit: usize,
}

/// The same for one who comes back: what changed since then is first.
pub(crate) struct Resumed {
    pub(crate) updates: Arc<Updates>,
    pub(crate) from: Position,
}

/// A moment: the flush that is shown, with P&L as of there.
#[derive(Clone, Copy)]
struct At<'a> {
    state: &'a State,
    joined: &'a Joined,
    now: Timestamp,
}

/// Rows that one top has and the other had not.
struct Difference {
    entries: Vec<Ranked>,
    removed: Vec<PortfolioId>,
}

impl Difference {
    fn is_empty(&self) -> bool {
        self.entries.is_empty() && self.removed.is_empty()
    }
}

impl At<'_> {
    fn update(&self, difference: &Difference) -> Bytes {
        let At { state, joined, now } = *self;
        let mut json = Vec::with_capacity((difference.entries.len() + 1) * ROW_BYTES);
        // Writing to a Vec does not fail.
        let _ = write!(json, r#"{{"type":"update","data":{{"generatedAt":"{now}","entries":"#);
        write_rows(&mut json, &difference.entries, joined);
        json.extend_from_slice(br#","removed":["#);
        for (index, id) in difference.removed.iter().enumerate() {
            let _ = write!(json, r#"{}"{id}""#, if index > 0 { "," } else { "" });
        }
        let _ = write!(json, r#"]}},"resume":"{}"}}"#, state.position());
        json.into()
    }
}

impl Updates {
    fn difference(&self, past: &[Arc<Row>], now: &Board) -> Difference {
        let new: Vec<Ranked> = now.rows(0, self.limit).collect();
        let ids: HashSet<PortfolioId> = new.iter().map(|(_, row)| row.id).collect();
        let removed = past.iter().map(|row| row.id).filter(|id| !ids.contains(id)).collect();
        let entries = new.into_iter().filter(|(rank, row)| past.get(rank - 1) != Some(row)).collect();
        Difference { entries, removed }
    }

    fn snapshot(&self, at: &At<'_>, instead: Option<SnapshotReason>) -> Bytes {
        let At { state, joined, now } = *at;
        let rows: Vec<Ranked> = state.board().rows(0, self.limit).collect();
        let mut json = Vec::with_capacity((rows.len() + 1) * ROW_BYTES);
        let total = state.board().len();
        // Writing to a Vec does not fail.
        let _ =
            write!(json, r#"{{"type":"snapshot","data":{{"generatedAt":"{now}","total":{total},"entries":"#);
        write_rows(&mut json, &rows, joined);
        let _ = write!(json, r#"}},"resume":"{}""#, state.position());
        if let Some(instead) = instead {
            let _ = write!(json, r#","snapshot":"{}""#, instead.as_str());
        }
        json.push(b'}');
        json.into()
    }

    /// The changes since `after`; a snapshot where those are not worth knowing.
    fn changed(&self, at: &At<'_>, after: Offset) -> Option<Bytes> {
        let state = at.state;
        if !state.changed(after) {
            return None;
        }
        let Some(past) = state.top_at(after, self.limit) else {
            return Some(self.snapshot(at, None));
        };
        let difference = self.difference(&past, state.board());
        (!difference.is_empty()).then(|| at.update(&difference))
    }
}

impl Document for Updates {
    fn cadence(&self) -> Cadence {
        Cadence { on_change_ms: Some(ON_CHANGE_MS), period_ms: Some(SNAPSHOT_MS) }
    }

    fn compose(&self, occasion: Occasion, now: Timestamp) -> Composed {
        let (state, joined) = self.reads.flushed_with_pnl();
        let at = At { state: &state, joined: &joined, now };
        let upto = state.position().offset;
        match occasion {
            Occasion::Opened | Occasion::Period => {
                composed(Some(self.snapshot(&at, None)), upto, Offset::START)
            }
            Occasion::Changed { after } => composed(self.changed(&at, after), upto, after),
        }
    }
}

impl Resumed {
    fn past(&self, state: &State) -> Result<Vec<Arc<Row>>, SnapshotReason> {
        // What is beyond the horizon is not remembered.
        let after = honour(self.from, state.position(), Offset::START)?;
        state.top_at(after, self.updates.limit).ok_or(SnapshotReason::BeyondHorizon)
    }

    /// An `update` even if nothing changed: it says that the position holds.
    fn opening(&self, at: &At<'_>) -> Bytes {
        match self.past(at.state) {
            Ok(past) => {
                let difference = self.updates.difference(&past, at.state.board());
                at.update(&difference)
            }
            Err(instead) => self.updates.snapshot(at, Some(instead)),
        }
    }
}

impl Document for Resumed {
    fn cadence(&self) -> Cadence {
        self.updates.cadence()
    }

    fn compose(&self, occasion: Occasion, now: Timestamp) -> Composed {
        if occasion != Occasion::Opened {
            return self.updates.compose(occasion, now);
        }
        let (state, joined) = self.updates.reads.flushed_with_pnl();
        let at = At { state: &state, joined: &joined, now };
        composed(Some(self.opening(&at)), state.position().offset, Offset::START)
    }
}
