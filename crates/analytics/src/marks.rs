//! Unrealised P&L: what a portfolio's open lots would earn at the prices held
//! (AN-UPL).
//!
//! A mark is a pure function of positions and prices. It is computed when
//! somebody reads it, never when a price ticks: its version, the latest of
//! its inputs', says whether what was computed before still holds.

mod value;
mod versions;
mod view;

pub(crate) use value::{encode, unrealized};
pub(crate) use versions::{MarkVersions, any_changed, version};
pub(crate) use view::MarksView;
