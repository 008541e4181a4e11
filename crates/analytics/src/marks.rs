//! Unrealised P&L: what a portfolio's open lots would earn at the prices held
//! (AN-UPL).
//!
//! A mark is a pure function of positions and prices, and its JSON is computed when somebody reads it, never when a
//! price ticks: its version, the latest of its inputs', says whether what was computed before still holds.
//!
//! While somebody subscribes, the versions and the P&L of all portfolios are kept ([`Marking`]): a flush goes over what
//! was traded since the one before, and over the holders of what was priced, by difference. At other times whoever
//! asks works them out.

mod holders;
mod marking;
mod portfolios;
mod positions;
mod share;
mod sheet;
mod value;
mod view;

pub(crate) use marking::Marking;
pub(crate) use portfolios::{KnownPnl, Marks};
pub(crate) use positions::Positions;
pub(crate) use sheet::{Sheet, SheetCell};
pub(crate) use value::{encode, pnl, stale_as_of, unrealized, version};
pub(crate) use view::MarksView;
