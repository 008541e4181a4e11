//! The top of the ranking as a snapshot and what changes of it.

use std::collections::HashSet;
use std::io::Write as _;
use std::sync::Arc;

use bytes::Bytes;
use hub_core::{Offset, PortfolioId, Position, Timestamp};
use hub_fanout::{Cadence, Composed, Document, Occasion, SnapshotReason, honour};

use super::{ON_CHANGE_MS, ROW_BYTES, composed, unchanged};
use crate::board::{Board, Ranked};
use crate::joined::{Joined, Since};
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
    /// It is not P&L alone that is another.
    is_of_ranks: bool,
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
    /// Rows that are others than in a top of the past, P&L included.
    fn difference(&self, past: &[Arc<Row>], now: &Board, since: &Since<'_>) -> Difference {
        let new: Vec<Ranked> = now.rows(0, self.limit).collect();
        let ids: HashSet<PortfolioId> = new.iter().map(|(_, row)| row.id).collect();
        let removed = past.iter().map(|row| row.id).filter(|id| !ids.contains(id)).collect();
        let mut is_of_ranks = past.len() != new.len();
        let mut is_another = |(rank, row): &Ranked| {
            let is_ranked_anew = past.get(rank - 1) != Some(row);
            is_of_ranks |= is_ranked_anew;
            is_ranked_anew || since.moved(row.id)
        };
        let entries = new.into_iter().filter(|ranked| is_another(ranked)).collect();
        Difference { entries, removed, is_of_ranks }
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
    fn changed(&self, at: &At<'_>, after: Offset) -> Composed {
        let At { state, joined, .. } = *at;
        let position = state.position();
        let is_due = after < state.round();
        if !state.changed(after) && (!is_due || joined.stood(after)) {
            return unchanged(state, after);
        }
        let Some(past) = state.top_at(after, self.limit) else {
            return composed(Some(self.snapshot(at, None)), position.offset, after);
        };
        let since = joined.since(Position { offset: after, ..position });
        let difference = self.difference(&past, state.board(), &since);
        if difference.is_empty() || !is_due && !difference.is_of_ranks {
            return unchanged(state, after);
        }
        composed(Some(at.update(&difference)), position.offset, after)
    }
}

impl Document for Updates {
    fn cadence(&self) -> Cadence {
        Cadence { on_change_ms: Some(ON_CHANGE_MS), period_ms: Some(SNAPSHOT_MS) }
    }

    fn period_is_whole(&self) -> bool {
        true
    }

    fn compose(&self, occasion: Occasion, now: Timestamp) -> Composed {
        let (state, joined) = self.reads.flushed_with_pnl();
        let at = At { state: &state, joined: &joined, now };
        let upto = state.position().offset;
        match occasion {
            Occasion::Opened | Occasion::Period => {
                composed(Some(self.snapshot(&at, None)), upto, Offset::START)
            }
            Occasion::Changed { after } => self.changed(&at, after),
        }
    }
}

impl Resumed {
    fn past(&self, state: &State) -> Result<(Position, Vec<Arc<Row>>), SnapshotReason> {
        // What is beyond the horizon is not remembered.
        let after = honour(self.from, state.position(), Offset::START)?;
        let past = state.top_at(after, self.updates.limit).ok_or(SnapshotReason::BeyondHorizon)?;
        Ok((Position { offset: after, ..state.position() }, past))
    }

    /// An `update` even if nothing changed: it says that the position holds.
    fn opening(&self, at: &At<'_>) -> Bytes {
        match self.past(at.state) {
            Ok((position, past)) => {
                let since = at.joined.since(position);
                let difference = self.updates.difference(&past, at.state.board(), &since);
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

    fn period_is_whole(&self) -> bool {
        true
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
