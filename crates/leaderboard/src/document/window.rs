//! A part of the ranking as a whole, sent whenever it changed.

use std::io::Write as _;

use bytes::Bytes;
use hub_core::{Offset, PortfolioId, Position, Timestamp};
use hub_fanout::{Cadence, Composed, Document, Occasion};

use super::{ON_CHANGE_MS, ROW_BYTES, composed, unchanged};
use crate::board::{Board, Ranked};
use crate::joined::Joined;
use crate::reads::LeaderboardReads;
use crate::rows::write_rows;
use crate::state::State;

/// `/ws/top`, `/ws/around`, and `/ws/updates` as the deployed frontend reads
/// it.
pub(crate) struct Window {
    pub(crate) reads: LeaderboardReads,
    pub(crate) selection: Selection,
    pub(crate) form: Form,
}

/// Which part of the ranking.
pub(crate) enum Selection {
    Top { limit: usize },
    Around { id: PortfolioId, range: usize },
}

/// Form of its messages.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub(crate) enum Form {
    /// `{"type":"top-performers","data":[...]}`.
    TopPerformers,
    /// `{"type":"around","centerRank":..,"data":[...]}`.
    Around,
    /// `{"event":"leaderboardSnapshot","timestamp":<ms>,"top":[...]}` (LB-WS).
    Pms,
    /// `{"event":"leaderboardTop","timestamp":<ms>,"count":..,"top":[...]}`, as over REST (LB-REST-1).
    PmsTop,
    /// `{"event":"leaderboardAround","timestamp":<ms>,"centerRank":..,"top":[...]}` (LB-REST-2).
    PmsAround,
}

/// The part of the ranking that is to be seen.
#[derive(PartialEq)]
struct Shown {
    center: Option<usize>,
    rows: Vec<Ranked>,
}

impl Window {
    pub(crate) fn top(reads: LeaderboardReads, limit: usize, form: Form) -> Window {
        Window { reads, selection: Selection::Top { limit }, form }
    }

    pub(crate) fn around(reads: LeaderboardReads, id: PortfolioId, range: usize, form: Form) -> Window {
        Window { reads, selection: Selection::Around { id, range }, form }
    }

    fn shown(&self, board: &Board) -> Shown {
        match self.selection {
            Selection::Top { limit } => Shown { center: None, rows: board.rows(0, limit).collect() },
            Selection::Around { id, range } => match board.around(id, range) {
                Some(around) => Shown { center: Some(around.center), rows: around.rows },
                None => Shown { center: None, rows: Vec::new() },
            },
        }
    }

    /// The part that was to be seen at `after`, if anybody knows.
    fn shown_at(&self, state: &State, after: Offset) -> Option<Shown> {
        match self.selection {
            Selection::Top { limit } => {
                let rows = (1..).zip(state.top_at(after, limit)?).collect();
                Some(Shown { center: None, rows })
            }
            Selection::Around { .. } => state.board_at(after).map(|past| self.shown(past)),
        }
    }

    fn message(&self, shown: &Shown, joined: &Joined, now: Timestamp) -> Bytes {
        let mut json = Vec::with_capacity((shown.rows.len() + 1) * ROW_BYTES);
        let (millis, count) = (now.millis(), shown.rows.len());
        let center = shown.center.map_or_else(|| "null".to_owned(), |center| center.to_string());
        // Writing to a Vec does not fail.
        let _ = match self.form {
            Form::TopPerformers => write!(json, r#"{{"type":"top-performers","data":"#),
            Form::Around => write!(json, r#"{{"type":"around","centerRank":{center},"data":"#),
            Form::Pms => write!(json, r#"{{"event":"leaderboardSnapshot","timestamp":{millis},"top":"#),
            Form::PmsTop => {
                write!(json, r#"{{"event":"leaderboardTop","timestamp":{millis},"count":{count},"top":"#)
            }
            Form::PmsAround => {
                let head = r#"{"event":"leaderboardAround","timestamp":"#;
                write!(json, r#"{head}{millis},"centerRank":{center},"top":"#)
            }
        };
        write_rows(&mut json, &shown.rows, joined);
        json.push(b'}');
        json.into()
    }
}

impl Document for Window {
    fn cadence(&self) -> Cadence {
        Cadence { on_change_ms: Some(ON_CHANGE_MS), period_ms: None }
    }

    fn compose(&self, occasion: Occasion, now: Timestamp) -> Composed {
        let (state, joined) = self.reads.flushed_with_pnl();
        let position = state.position();
        let shown = || self.shown(state.board());
        let Occasion::Changed { after } = occasion else {
            return composed(Some(self.message(&shown(), &joined, now)), position.offset, Offset::START);
        };
        let is_due = after < state.round();
        if !state.changed(after) && (!is_due || joined.stood(after)) {
            return unchanged(&state, after);
        }
        let shown = shown();
        // Where nobody knows any more what was there, it is told once again.
        let same = !state.changed(after) || self.shown_at(&state, after).is_some_and(|past| past == shown);
        let since = joined.since(Position { offset: after, ..position });
        if same && !(is_due && shown.rows.iter().any(|(_, row)| since.moved(row.id))) {
            return unchanged(&state, after);
        }
        composed(Some(self.message(&shown, &joined, now)), position.offset, after)
    }
}
