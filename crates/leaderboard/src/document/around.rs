//! A window that is one of many.

use std::sync::Arc;

use hub_core::{PortfolioId, Timestamp};
use hub_fanout::{Cadence, Composed, Crowd, Document, Member, Occasion};

use super::{Form, Window};
use crate::reads::LeaderboardReads;
use crate::surroundings::Surroundings;

/// `/ws/around`: a portfolio and its neighbours, asked for only when a flush may
/// have touched them.
pub(crate) struct Around {
    window: Window,
    id: PortfolioId,
    all: Arc<Surroundings>,
    number: u64,
}

impl Around {
    pub(crate) fn new(
        reads: LeaderboardReads,
        all: Arc<Surroundings>,
        id: PortfolioId,
        range: usize,
        form: Form,
    ) -> Around {
        let number = all.enter(id, range);
        Around { window: Window::around(reads, id, range, form), id, all, number }
    }
}

impl Drop for Around {
    fn drop(&mut self) {
        self.all.leave(self.id, self.number);
    }
}

impl Document for Around {
    fn cadence(&self) -> Cadence {
        self.window.cadence()
    }

    fn compose(&self, occasion: Occasion, now: Timestamp) -> Composed {
        self.window.compose(occasion, now)
    }

    fn member(&self) -> Option<Member> {
        let crowd: Arc<dyn Crowd> = Arc::clone(&self.all) as Arc<dyn Crowd>;
        Some(Member { crowd, number: self.number })
    }
}
