//! Whoever applies records.

use hub_core::{Quantity, Record};

/// A state that records are applied to.
pub(crate) trait Contender {
    /// Applies the next record; false if it was not accepted.
    fn apply(&mut self, record: &Record) -> bool;

    /// A view's worth of records was applied: whoever reads sees them from here on.
    fn settle(&mut self);

    /// Holdings of all positions together.
    fn holdings(&self) -> Quantity;
}
