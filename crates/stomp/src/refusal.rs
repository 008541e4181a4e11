//! A session's end with a reason.

use std::fmt::Write as _;

use bytes::Bytes;

use crate::error::excerpt;
use crate::{ProtocolError, Version, encode};

/// A session that is refused: write [`Refusal::error_frame`], then close the connection (STOMP
/// 1.2, "ERROR").
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{error}")]
pub struct Refusal {
    version: Version,
    receipt_id: Option<Box<str>>,
    error: ProtocolError,
    /// Further faults, in lines of their own.
    also: String,
}

/// Bytes that [`Refusal::add`] adds at most, so that an ERROR stays short.
const ALSO_BYTES: usize = 4096;

impl Refusal {
    /// `version` is what the peer has been told so far, which is 1.0 before CONNECTED.
    pub(crate) fn new(version: Version, receipt_id: Option<Box<str>>, error: ProtocolError) -> Self {
        Self { version, receipt_id, error, also: String::new() }
    }

    /// Error that is told.
    pub const fn error(&self) -> &ProtocolError {
        &self.error
    }

    /// A word for counting by cause, see [`ProtocolError::reason`].
    pub const fn reason(&self) -> &'static str {
        self.error.reason()
    }

    /// The same, if the owner refused, counted as `reason`, which is `denied` else.
    #[must_use]
    pub fn because(mut self, reason: &'static str) -> Self {
        if let ProtocolError::Denied { reason: counted, .. } = &mut self.error {
            *counted = reason;
        }
        self
    }

    /// Has the ERROR tell of another refusal, too, as a session ends with a single one.
    pub fn add(&mut self, other: &Self) {
        if self.also.len() < ALSO_BYTES {
            let receipt = other.receipt_id().map(|id| format!(", receipt '{}'", excerpt(id)));
            // Writing to a String does not fail.
            let _ = write!(self.also, "\nrefused, too{}: {}", receipt.unwrap_or_default(), other.error);
        }
    }

    /// The same with limits by their owner's names.
    pub(crate) fn with_limit_names(mut self, names: &[(&'static str, &'static str)]) -> Self {
        self.error.rename_limits(names);
        self
    }

    /// The `receipt` of the frame that is refused.
    pub fn receipt_id(&self) -> Option<&str> {
        self.receipt_id.as_deref()
    }

    /// The ERROR frame: the cause in a few words as `message`, in full as the body, `receipt-id`
    /// where the offending frame had a `receipt`, and `version` where none is common. What was
    /// [added](Refusal::add) follows in the body.
    pub fn error_frame(&self) -> Bytes {
        if matches!(self.error, ProtocolError::NoCommonVersion { .. }) {
            let headers = [("message", self.error.title()), ("version", Version::SUPPORTED)];
            return encode::error_with(self.version, headers, &self.error.to_string());
        }
        let body = format!("{}{}", self.error, self.also);
        encode::error(self.version, self.error.title(), self.receipt_id(), &body)
    }
}
