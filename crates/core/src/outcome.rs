//! Outcome of one ingested item: a function of the log alone.

use std::borrow::Cow;

use serde::{Deserialize, Serialize};

/// The outcome of applying one record.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Outcome {
    /// It changed the state.
    Accepted,
    /// Its id was applied before; nothing changed.
    Duplicate,
    /// Something newer is held; nothing changed.
    Stale,
    /// It breaks a rule; nothing changed.
    Rejected(Rejection),
}

impl Outcome {
    /// The word for it in answers and metrics.
    pub fn status(&self) -> &'static str {
        match self {
            Outcome::Accepted => "accepted",
            Outcome::Duplicate => "duplicate",
            Outcome::Stale => "stale",
            Outcome::Rejected(_) => "rejected",
        }
    }
}

/// Hint for the sender of an item, in words: it may have meant something else. It changes nothing.
pub type Warning = Cow<'static, str>;

/// Outcome of a record, and what its sender had better know: a function of the log alone, as the outcome is.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Verdict {
    /// Outcome of applying it.
    pub outcome: Outcome,
    /// Hints beside it.
    pub warnings: Vec<Warning>,
}

impl Verdict {
    /// True of what changed the state as it should: there is nothing to tell.
    pub fn is_plain(&self) -> bool {
        self.outcome == Outcome::Accepted && self.warnings.is_empty()
    }
}

impl From<Outcome> for Verdict {
    /// An outcome without hints.
    fn from(outcome: Outcome) -> Verdict {
        Verdict { outcome, warnings: Vec::new() }
    }
}

/// Reason why an item was refused.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize, thiserror::Error)]
#[error("{}{reason}", field.as_ref().map(|field| format!("{field}: ")).unwrap_or_default())]
pub struct Rejection {
    /// In words, for the sender.
    pub reason: Cow<'static, str>,
    /// The canonical name of the field at fault, where there is one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub field: Option<Cow<'static, str>>,
}

impl Rejection {
    /// The fault of one field.
    pub fn of(field: impl Into<Cow<'static, str>>, reason: impl Into<Cow<'static, str>>) -> Rejection {
        Rejection { reason: reason.into(), field: Some(field.into()) }
    }

    /// The fault of the item as a whole.
    pub fn whole(reason: impl Into<Cow<'static, str>>) -> Rejection {
        Rejection { reason: reason.into(), field: None }
    }
}
