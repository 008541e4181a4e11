//! Everything that the auto-trader remembers of the log.

use hub_core::Settings;
use serde::{Deserialize, Serialize};

use crate::answers::KeyedAnswers;
use crate::ledger::Ledger;

/// The part of the projection that is a function of the log: whoever has it
/// can go on from its position.
#[derive(Default, Serialize, Deserialize)]
pub(crate) struct Memory {
    pub(crate) ledger: Ledger,
    pub(crate) keyed: KeyedAnswers,
    pub(crate) settings: Settings,
}

/// The form in which it is walked.
pub(crate) const FORM: &str = "autotrader/2";
