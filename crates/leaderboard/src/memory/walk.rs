//! Memory as it is walked.

use hub_core::Timestamp;
use serde::{Deserialize, Serialize, Serializer};

use super::Memory;
use crate::history::{History, WalkedHistory};
use crate::ranking::Ranking;

/// A [`Memory`] that was walked.
#[derive(Deserialize)]
pub(super) struct Walked {
    ranking: Ranking,
    history: WalkedHistory,
    now: Timestamp,
}

/// The same, as it is written.
#[derive(Serialize)]
struct Parts<'a> {
    ranking: &'a Ranking,
    history: WalkedHistory,
    now: Timestamp,
}

impl Serialize for Memory {
    fn serialize<S: Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        let Memory { ranking, history, now } = self;
        Parts { ranking, history: history.to_walk(ranking), now: *now }.serialize(to)
    }
}

impl TryFrom<Walked> for Memory {
    type Error = &'static str;

    fn try_from(Walked { ranking, history, now }: Walked) -> Result<Memory, &'static str> {
        let history = History::of_walk(history, &ranking, now)?;
        Ok(Memory { ranking, history, now })
    }
}
