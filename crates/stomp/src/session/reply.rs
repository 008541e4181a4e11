//! What the sender of a frame is owed.

use std::borrow::Cow;

use bytes::Bytes;

use crate::{ProtocolError, Refusal, Version, encode};

/// The way to answer one request: by its RECEIPT, if it asked for one, or by an ERROR that names
/// it. Outlives the request by [`Reply::into_owned`], for answers that come later.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Reply<'a> {
    version: Version,
    receipt: Option<Cow<'a, str>>,
}

impl<'a> Reply<'a> {
    pub(super) const fn new(version: Version, receipt: Option<Cow<'a, str>>) -> Self {
        Self { version, receipt }
    }

    /// The frame's `receipt` header.
    pub fn receipt(&self) -> Option<&str> {
        self.receipt.as_deref()
    }

    /// The RECEIPT, to be written once the frame has been processed ("RECEIPT"); `None` where none
    /// was asked for.
    pub fn receipt_frame(&self) -> Option<Bytes> {
        Some(encode::receipt(self.version, self.receipt()?))
    }

    /// Refuses the request: `message` in a few words, `detail` in full. The owner writes the ERROR,
    /// calls [`crate::Session::close`] and closes the connection.
    pub fn refusal(&self, message: impl Into<String>, detail: impl Into<String>) -> Refusal {
        self.refuse(ProtocolError::Denied { message: message.into(), detail: detail.into() })
    }

    pub(super) fn refuse(&self, error: ProtocolError) -> Refusal {
        Refusal::new(self.version, self.receipt().map(Box::from), error)
    }

    /// The same, borrowing nothing.
    pub fn into_owned(self) -> Reply<'static> {
        Reply { version: self.version, receipt: self.receipt.map(|id| Cow::Owned(id.into_owned())) }
    }
}
