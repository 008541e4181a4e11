//! Troubles of a trade on its way.

use hub_core::event::{ErrorType, Stage};
use rand::RngExt;
use rand_chacha::ChaCha8Rng;

/// The reason for which a trade does not simply get through.
#[derive(Clone, Copy)]
pub(super) enum Trouble {
    /// Validation refuses it.
    Invalid,
    /// A service stumbles over it.
    Fault(&'static Fault),
}

/// An error on the way to a stage.
pub(super) struct Fault {
    pub(super) stage: Stage,
    pub(super) error: ErrorType,
    pub(super) message: &'static str,
    /// Tried again with success, or given up.
    pub(super) is_passing: bool,
}

static FAULTS: [Fault; 4] = [
    Fault {
        stage: Stage::Validated,
        error: ErrorType::Deserialization,
        message: "Unknown magic byte in the record's value",
        is_passing: false,
    },
    Fault {
        stage: Stage::Enriched,
        error: ErrorType::Business,
        message: "No open lot matches the SELL",
        is_passing: false,
    },
    Fault {
        stage: Stage::Committed,
        error: ErrorType::Timeout,
        message: "Commit was not acknowledged within 1000 ms, trying again",
        is_passing: true,
    },
    Fault {
        stage: Stage::Committed,
        error: ErrorType::Technical,
        message: "Deadlock detected while writing the outbox",
        is_passing: false,
    },
];

/// The first trades after this one show what may happen, so that nobody has to
/// wait for it.
const FIRST_TO_SHOW: u64 = 2;

impl Trouble {
    /// The trouble of the `number`th trade of a run, if it has one. Half of
    /// what fails is invalid.
    pub(super) fn of(number: u64, failing_share: f64, rng: &mut ChaCha8Rng) -> Option<Trouble> {
        let (fails, is_invalid) = (rng.random_bool(failing_share), rng.random_bool(0.5));
        let fault = rng.random_range(0..FAULTS.len());
        if failing_share > 0.0
            && let Some(shown) = number.checked_sub(FIRST_TO_SHOW)
            && shown <= FAULTS.len() as u64
        {
            let fault = (shown as usize).checked_sub(1).and_then(|place| FAULTS.get(place));
            return Some(fault.map_or(Trouble::Invalid, Trouble::Fault));
        }
        match FAULTS.get(fault).filter(|_| !is_invalid) {
            _ if !fails => None,
            Some(fault) => Some(Trouble::Fault(fault)),
            None => Some(Trouble::Invalid),
        }
    }

    /// On the way to which stage it happens.
    pub(super) fn stage(self) -> Stage {
        match self {
            Trouble::Invalid => Stage::Validated,
            Trouble::Fault(fault) => fault.stage,
        }
    }
}
