//! Reading what was applied.

use hub_fanout::{FeedId, Snapshot, StateReader};

use crate::state::State;

/// The way to what has been applied. Cheap to clone.
#[derive(Clone)]
pub struct AutotraderReads {
    pub(crate) states: StateReader<State>,
    pub(crate) feed: FeedId,
}

impl AutotraderReads {
    /// The state as of the last batch: a caller finds in it every write that
    /// was acknowledged before.
    pub fn settled(&self) -> Snapshot<State> {
        self.states.settled()
    }

    /// The feed of `trade_opened` and `trade_closed`, whole messages, keyed by
    /// session id.
    pub fn feed(&self) -> FeedId {
        self.feed
    }
}
