//! Documents of the native sockets.

mod around;
mod updates;
mod window;

use bytes::Bytes;
use hub_core::{Offset, PortfolioId, Position};
use hub_fanout::Composed;

use crate::state::State;

pub(crate) use around::Around;
pub(crate) use updates::{Resumed, Updates};
pub(crate) use window::{Form, Window};

/// At most four messages a second.
const ON_CHANGE_MS: u64 = 250;
/// Room for a row of usual size, and what is around the rows.
const ROW_BYTES: usize = 400;

/// Which document: what two subscribers have in common who share one.
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
pub(crate) enum DocumentKey {
    /// The top, as a snapshot and what changed of it.
    Updates { limit: usize },
    /// The same, begun with what changed since then.
    Resumed { limit: usize, from: Position },
    /// The top as a whole, whenever it changed, in one of two forms.
    Top { limit: usize, form: Form },
    /// A portfolio and its neighbours, whenever they changed.
    Around { id: PortfolioId, range: usize, form: Form },
}

/// At most one message, and how far it reaches: never back.
fn composed(message: Option<Bytes>, upto: Offset, after: Offset) -> Composed {
    Composed { messages: Vec::from_iter(message), upto: upto.max(after) }
}

/// Nothing to say to one who has everything up to `after`. P&L that moved meanwhile is told in the next round: until then he
/// stands where he stood.
fn unchanged(state: &State, after: Offset) -> Composed {
    let upto = if after < state.round() { state.position().offset } else { after };
    composed(None, upto, after)
}
