//! What commands led to: for whoever waits for it, and for whoever asks again.

use std::collections::{HashMap, VecDeque};
use std::sync::Arc;

use hub_core::event::trading::TradingCommand;
use hub_core::{Offset, RequestId, Timestamp};
use rpds::RedBlackTreeMapSync;

use crate::session::Session;
use crate::trade::Trade;

/// Answers that are kept for callers who wait. A caller reads its answer as
/// soon as the batch that holds its command has been applied; a batch has at
/// most 4,096 records.
const RECENT_MAX: usize = 65_536;

/// What a command led to, as it was at that moment.
#[derive(Clone, Debug)]
pub enum Answer {
    /// The session that was created or stopped; its numbers, not its trades.
    Session(Arc<Session>),
    /// The trade that was opened or closed.
    Trade(Arc<Trade>),
}

/// A command that was done, and what it led to.
#[derive(Clone, Debug)]
pub struct Answered {
    /// What was asked for.
    pub command: TradingCommand,
    /// What it led to.
    pub answer: Answer,
    /// When.
    pub at: Timestamp,
}

/// The answers to the latest commands, by record. A command that came again
/// has the first one's.
#[derive(Clone, Debug)]
pub(crate) struct RecentAnswers(RedBlackTreeMapSync<Offset, Arc<Answered>>);

impl Default for RecentAnswers {
    fn default() -> RecentAnswers {
        RecentAnswers(RedBlackTreeMapSync::new_sync())
    }
}

impl RecentAnswers {
    pub(crate) fn get(&self, offset: Offset) -> Option<&Arc<Answered>> {
        self.0.get(&offset)
    }

    pub(crate) fn insert(&mut self, offset: Offset, answered: Arc<Answered>) {
        self.0.insert_mut(offset, answered);
        if self.0.size() > RECENT_MAX
            && let Some(oldest) = self.0.first().map(|(offset, _)| *offset)
        {
            self.0.remove_mut(&oldest);
        }
    }
}

/// The answers to commands that came with a key, for as long as they may come
/// again. One that was refused is not among them: it may be tried again.
#[derive(Default, Debug)]
pub(crate) struct KeyedAnswers {
    /// Looked up, never walked.
    answers: HashMap<RequestId, Arc<Answered>>,
    /// In the order of application, hence of time.
    applied: VecDeque<(Timestamp, RequestId)>,
}

impl KeyedAnswers {
    pub(crate) fn get(&self, id: RequestId) -> Option<&Arc<Answered>> {
        self.answers.get(&id)
    }

    /// The command with key `id`, which is not there yet, was done.
    pub(crate) fn insert(&mut self, id: RequestId, answered: Arc<Answered>) {
        self.applied.push_back((answered.at, id));
        self.answers.insert(id, answered);
    }

    /// Forgets what was done `horizon_millis` or longer before `now`.
    pub(crate) fn expire(&mut self, now: Timestamp, horizon_millis: i64) {
        while let Some((at, id)) = self.applied.front()
            && at.plus_millis(horizon_millis) <= now
        {
            self.answers.remove(id);
            self.applied.pop_front();
        }
    }
}

#[cfg(test)]
mod tests {
    use hub_core::event::trading::{SessionId, StopSession};
    use hub_core::{Money, Timestamp};

    use super::*;

    fn answered(millis: i64) -> Arc<Answered> {
        let at = Timestamp::from_millis(millis).unwrap();
        Arc::new(Answered {
            command: TradingCommand::StopSession(StopSession { session_id: SessionId(1) }),
            answer: Answer::Session(Arc::new(Session::new(SessionId(1), None, Money::ZERO, at))),
            at,
        })
    }

    #[test]
    fn a_key_is_remembered_for_the_horizon_and_not_longer() {
        let (early, late) = (RequestId::from_bytes([1; 16]), RequestId::from_bytes([2; 16]));
        let mut answers = KeyedAnswers::default();
        answers.insert(early, answered(1000));
        answers.insert(late, answered(1001));
        answers.expire(Timestamp::from_millis(1099).unwrap(), 100);
        assert!(answers.get(early).is_some() && answers.get(late).is_some());
        answers.expire(Timestamp::from_millis(1100).unwrap(), 100);
        assert!(answers.get(early).is_none() && answers.get(late).is_some());
        assert_eq!(answers.applied.len(), 1);
    }

    #[test]
    fn the_latest_answers_are_kept_and_no_more() {
        let mut recent = RecentAnswers::default();
        let answer = answered(0);
        for offset in 0..=RECENT_MAX as u64 {
            recent.insert(Offset(offset), Arc::clone(&answer));
        }
        assert_eq!(recent.0.size(), RECENT_MAX);
        assert!(recent.get(Offset(0)).is_none() && recent.get(Offset(1)).is_some());
        assert!(recent.get(Offset(RECENT_MAX as u64)).is_some());
    }
}
