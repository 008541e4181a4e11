//! Answers that the sender of a frame is owed.

use std::borrow::Cow;

use bytes::Bytes;

use crate::{ProtocolError, Refusal, Version, encode};

/// The way to answer one request: by its RECEIPT, if it asked for one, or by an ERROR that names
/// it. Outlives the request by [`Reply::into_owned`], for answers that come later.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Reply<'a> {
    version: Version,
    receipt: Option<Cow<'a, str>>,
    /// The receipt is another frame's: it names a refusal, and no RECEIPT is owed.
    of_another: bool,
}

impl<'a> Reply<'a> {
    pub(super) const fn new(version: Version, receipt: Option<Cow<'a, str>>) -> Self {
        Self { version, receipt, of_another: false }
    }

    /// For a frame that is released by the COMMIT which this is the reply to.
    pub(super) fn of_held(&self) -> Reply<'_> {
        let receipt = self.receipt.as_deref().map(Cow::Borrowed);
        Reply { version: self.version, receipt, of_another: true }
    }

    /// The frame's `receipt` header; of a frame that a COMMIT released, the COMMIT's.
    pub fn receipt(&self) -> Option<&str> {
        self.receipt.as_deref()
    }

    /// The RECEIPT, to be written once the frame has been processed ("RECEIPT"); `None` where none
    /// was asked for, and for a frame that a COMMIT released: its own was written when it was taken
    /// into the transaction, the COMMIT's follows.
    pub fn receipt_frame(&self) -> Option<Bytes> {
        let receipt = self.receipt().filter(|_| !self.of_another)?;
        Some(encode::receipt(self.version, receipt))
    }

    /// True if the frame was released by a COMMIT, which is answered after it.
    pub const fn is_of_commit(&self) -> bool {
        self.of_another
    }

    /// Refuses the request: `message` in a few words, `detail` in full. The owner writes the ERROR,
    /// calls [`crate::Session::close`] and closes the connection.
    pub fn refusal(&self, message: impl Into<String>, detail: impl Into<String>) -> Refusal {
        self.refuse(ProtocolError::denied(message, detail))
    }

    pub(super) fn refuse(&self, error: ProtocolError) -> Refusal {
        Refusal::new(self.version, self.receipt().map(Box::from), error)
    }

    /// The same, borrowing nothing.
    pub fn into_owned(self) -> Reply<'static> {
        let receipt = self.receipt.map(|id| Cow::Owned(id.into_owned()));
        Reply { version: self.version, receipt, of_another: self.of_another }
    }
}
