//! Facts that one projection hands on to the later ones.

use crate::event::RiskMetrics;

/// A fact that follows from the log: derived by one projection while a record
/// is taken in, read by the later ones at the same position.
///
/// It is never logged: a replay derives it again. Another fact is another
/// variant here, and nothing else.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Derived {
    /// A portfolio's risk metrics as they follow from its transactions and
    /// prices.
    Risk(RiskMetrics),
}
