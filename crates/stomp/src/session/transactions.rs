//! Frames held until their transaction is committed (STOMP 1.2, "BEGIN", "COMMIT", "ABORT").

use std::borrow::Cow;
use std::collections::VecDeque;

use super::{Reply, Request};
use crate::error::excerpt;
use crate::frame::HeldHeaders;
use crate::{Command, Frame, Limit, ProtocolError, TransactionLimits, Version};

/// The transactions of one session. It owns no memory while there are none.
#[derive(Debug, Default)]
pub(super) struct Transactions(Option<Box<Ledger>>);

#[derive(Debug, Default)]
struct Ledger {
    /// Few, so they are kept in a row.
    open: Vec<Transaction>,
    release: Option<Release>,
}

#[derive(Debug)]
struct Transaction {
    id: Box<str>,
    held: VecDeque<Held>,
    /// Octets of headers and bodies, as they were received.
    bytes: usize,
}

/// A committed transaction on its way to the owner, one request a call.
#[derive(Debug)]
struct Release {
    held: VecDeque<Held>,
    /// Frame that the last request was lent from.
    lent: Option<Held>,
    commit: Reply<'static>,
}

/// A request that borrows nothing.
#[derive(Debug)]
enum Held {
    Send { destination: Box<str>, headers: HeldHeaders, body: Box<[u8]> },
    Ack { id: Box<str>, subscription: Option<Box<str>> },
    Nack { id: Box<str>, subscription: Option<Box<str>> },
}

impl Transactions {
    /// "The transaction identifier ... different transactions within the same connection MUST be
    /// using different transaction identifiers": while they are open.
    pub(super) fn begin(&mut self, id: &str, limits: &TransactionLimits) -> Result<(), ProtocolError> {
        let ledger = self.0.get_or_insert_default();
        if ledger.open.iter().any(|transaction| *transaction.id == *id) {
            return Err(ProtocolError::DuplicateTransaction { id: excerpt(id) });
        }
        if ledger.open.len() >= limits.max_open {
            return Err(ProtocolError::TooManyTransactions {
                limit: Limit::new("transactions.max_open", limits.max_open),
            });
        }
        ledger.open.push(Transaction { id: id.into(), held: VecDeque::new(), bytes: 0 });
        Ok(())
    }

    /// Keeps a request that [can be held](Request::Held), as understood from `frame`.
    pub(super) fn hold(
        &mut self,
        id: &str,
        request: &Request<'_>,
        frame: Frame<'_>,
        limits: &TransactionLimits,
    ) -> Result<(), ProtocolError> {
        let open = self.0.as_mut().and_then(|ledger| ledger.open.iter_mut().find(|one| *one.id == *id));
        let (Some(transaction), Some(held)) = (open, Held::of(request)) else {
            return Err(unknown(frame.command, id));
        };
        if transaction.held.len() >= limits.max_frames {
            let limit = Limit::new("transactions.max_frames", limits.max_frames);
            return Err(ProtocolError::TransactionOfTooManyFrames { id: excerpt(id), limit });
        }
        let bytes = transaction.bytes.saturating_add(frame.headers.block().len() + frame.body.len());
        if bytes > limits.max_bytes {
            let limit = Limit::new("transactions.max_bytes", limits.max_bytes);
            return Err(ProtocolError::TransactionTooLarge { id: excerpt(id), limit });
        }
        transaction.bytes = bytes;
        transaction.held.push_back(held);
        Ok(())
    }

    /// From now on [`Self::release`] hands out what was held and, last, the COMMIT.
    pub(super) fn commit(&mut self, id: &str, commit: Reply<'static>) -> Result<(), ProtocolError> {
        let held = self.close(Command::Commit, id)?;
        let release = Release { held, lent: None, commit };
        self.0.get_or_insert_default().release = Some(release);
        Ok(())
    }

    /// Drops what was held.
    pub(super) fn abort(&mut self, id: &str) -> Result<(), ProtocolError> {
        self.close(Command::Abort, id)?;
        self.free_if_unused();
        Ok(())
    }

    /// True if something was committed and not handed out yet.
    pub(super) fn is_releasing(&self) -> bool {
        self.0.as_ref().is_some_and(|ledger| ledger.release.is_some())
    }

    /// The next request of a committed transaction.
    pub(super) fn release(&mut self, version: Version) -> Option<Request<'_>> {
        let Some(held) = self.0.as_mut()?.release.as_mut()?.held.pop_front() else {
            return self.finish_release();
        };
        let release = self.0.as_mut()?.release.as_mut()?;
        let reply = release.commit.of_held();
        Some(release.lent.insert(held).request(version, reply))
    }

    fn finish_release(&mut self) -> Option<Request<'static>> {
        let release = self.0.as_mut()?.release.take()?;
        self.free_if_unused();
        Some(Request::Commit { reply: release.commit })
    }

    /// The session ends: what was not committed is aborted.
    pub(super) fn clear(&mut self) {
        self.0 = None;
    }

    /// Number of open transactions.
    pub(super) fn open(&self) -> usize {
        self.0.as_ref().map_or(0, |ledger| ledger.open.len())
    }

    fn close(&mut self, command: Command, id: &str) -> Result<VecDeque<Held>, ProtocolError> {
        let at = |ledger: &&mut Box<Ledger>| ledger.open.iter().position(|one| *one.id == *id);
        let found = self.0.as_mut().and_then(|ledger| at(&ledger).map(|index| ledger.open.remove(index)));
        found.map(|transaction| transaction.held).ok_or_else(|| unknown(command, id))
    }

    fn free_if_unused(&mut self) {
        self.0.take_if(|ledger| ledger.open.is_empty() && ledger.release.is_none());
    }
}

impl Held {
    fn of(request: &Request<'_>) -> Option<Self> {
        let owned = |text: &Cow<'_, str>| Box::<str>::from(&**text);
        match request {
            Request::Send { destination, headers, body, .. } => Some(Self::Send {
                destination: owned(destination),
                headers: headers.to_held(),
                body: Box::from(*body),
            }),
            Request::Ack { id, subscription, .. } => {
                Some(Self::Ack { id: owned(id), subscription: subscription.as_ref().map(owned) })
            }
            Request::Nack { id, subscription, .. } => {
                Some(Self::Nack { id: owned(id), subscription: subscription.as_ref().map(owned) })
            }
            _ => None,
        }
    }

    fn request<'a>(&'a self, version: Version, reply: Reply<'a>) -> Request<'a> {
        let lent = |text: &'a str| Cow::Borrowed(text);
        match self {
            Self::Send { destination, headers, body } => {
                Request::Send { destination: lent(destination), headers: headers.lend(version), body, reply }
            }
            Self::Ack { id, subscription } => {
                Request::Ack { id: lent(id), subscription: subscription.as_deref().map(lent), reply }
            }
            Self::Nack { id, subscription } => {
                Request::Nack { id: lent(id), subscription: subscription.as_deref().map(lent), reply }
            }
        }
    }
}

fn unknown(command: Command, id: &str) -> ProtocolError {
    ProtocolError::UnknownTransaction { command, id: excerpt(id) }
}
