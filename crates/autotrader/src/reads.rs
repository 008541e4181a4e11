//! What the outside may read.

use std::sync::Arc;

use arc_swap::ArcSwap;
use hub_fanout::FeedId;

use crate::state::State;

/// The way to what has been applied. Cheap to clone.
#[derive(Clone)]
pub struct AutotraderReads {
    pub(crate) state: Arc<ArcSwap<State>>,
    pub(crate) feed: FeedId,
}

impl AutotraderReads {
    /// The state as of the last batch: a caller finds in it every write that
    /// was acknowledged before. Wait-free, and however long it is held, it
    /// never holds up `apply`.
    pub fn settled(&self) -> Arc<State> {
        self.state.load_full()
    }

    /// The feed of `trade_opened` and `trade_closed`, whole messages, keyed by
    /// session id.
    pub fn feed(&self) -> FeedId {
        self.feed
    }
}
