//! A session's end with a reason.

use bytes::Bytes;

use crate::{ProtocolError, Version, encode};

/// A session that is refused: write [`Refusal::error_frame`], then close the connection (STOMP
/// 1.2, "ERROR").
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{error}")]
pub struct Refusal {
    version: Version,
    receipt_id: Option<Box<str>>,
    error: ProtocolError,
}

impl Refusal {
    /// `version` is what the peer has been told so far, which is 1.0 before CONNECTED.
    pub(crate) fn new(version: Version, receipt_id: Option<Box<str>>, error: ProtocolError) -> Self {
        Self { version, receipt_id, error }
    }

    /// Why.
    pub const fn error(&self) -> &ProtocolError {
        &self.error
    }

    /// The `receipt` of the frame that is refused.
    pub fn receipt_id(&self) -> Option<&str> {
        self.receipt_id.as_deref()
    }

    /// The ERROR frame: the cause in a few words as `message`, in full as the body, `receipt-id`
    /// where the offending frame had a `receipt`, and `version` where none is common.
    pub fn error_frame(&self) -> Bytes {
        if matches!(self.error, ProtocolError::NoCommonVersion { .. }) {
            let headers = [("message", self.error.title()), ("version", Version::SUPPORTED)];
            return encode::error_with(self.version, headers, &self.error.to_string());
        }
        encode::error(self.version, self.error.title(), self.receipt_id(), &self.error.to_string())
    }
}
