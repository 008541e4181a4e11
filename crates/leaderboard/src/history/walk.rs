//! The past as it is walked. Boards of flushes and the moves between them are asked for by the subscribers of one node:
//! they begin anew.

use hub_core::{Offset, Timestamp};
use serde::{Deserialize, Serialize};

use super::tops::{Tops, WalkedTops};
use super::{Boards, History, Moves};
use crate::ranking::Ranking;

/// A [`History`] to be walked, or that was.
#[derive(Serialize, Deserialize)]
pub(crate) struct WalkedHistory {
    tops: WalkedTops,
    horizon_millis: i64,
    changed: Offset,
}

impl History {
    /// A value of it to be walked.
    pub(crate) fn to_walk(&self, ranking: &Ranking) -> WalkedHistory {
        let History { tops, boards: _, moves: _, generation: _, horizon_millis, changed } = self;
        WalkedHistory { tops: tops.to_walk(ranking), horizon_millis: *horizon_millis, changed: *changed }
    }

    /// The past that was walked, beside the ranking that it was of, and the log time.
    pub(crate) fn of_walk(
        walked: WalkedHistory,
        ranking: &Ranking,
        now: Timestamp,
    ) -> Result<History, &'static str> {
        let WalkedHistory { tops, horizon_millis, changed } = walked;
        if horizon_millis < 1 {
            return Err("there is no horizon");
        }
        let mut history = History::of(Tops::of_walk(tops, ranking)?, horizon_millis);
        history.generation = history.generation_of(now);
        history.moves = Moves::since_restored(changed);
        history.boards = Boards::default();
        history.changed = changed;
        Ok(history)
    }
}
