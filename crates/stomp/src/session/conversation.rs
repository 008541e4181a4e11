//! Meaning of frames in a session, given those that came before.

use std::borrow::Cow;

use super::call::Call;
use super::subscriptions::{NotAdded, Subscriptions};
use super::transactions::Transactions;
use super::{Request, SessionConfig, SubscriptionRef, opening};
use crate::error::excerpt;
use crate::{
    BadFrame, Command, Frame, FrameError, HeartBeat, Limit, OpeningLimits, ProtocolError, Refusal,
    TransactionLimits, Version,
};

/// Stage of the session.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Stage {
    /// Nothing but so many EOLs came.
    Opening { eols: u32 },
    /// CONNECT came; the owner decides.
    Deciding { version: Version, theirs: HeartBeat },
    /// CONNECTED was written.
    Open,
    /// Refused, or left by DISCONNECT.
    Closed,
}

/// The state that frames change.
#[derive(Debug)]
pub(super) struct Conversation {
    pub(super) stage: Stage,
    /// The version by which the peer reads what we write: 1.0 until CONNECTED tells another.
    pub(super) version: Version,
    pub(super) subscriptions: Subscriptions,
    pub(super) transactions: Transactions,
}

/// Result of a frame.
pub(super) enum Heard<'a> {
    /// Something to do.
    Request(Request<'a>),
    /// A transaction was committed: [`Conversation::release`] says what there is to do.
    Committed,
}

impl Conversation {
    pub(super) fn new() -> Self {
        Self {
            stage: Stage::Opening { eols: 0 },
            version: Version::V1_0,
            subscriptions: Subscriptions::default(),
            transactions: Transactions::default(),
        }
    }

    /// Ends the session: nothing more is processed, nothing held is kept.
    pub(super) fn close(&mut self) {
        self.stage = Stage::Closed;
        self.transactions.clear();
    }

    /// Ends the session with a reason.
    pub(super) fn refuse(&mut self, receipt: Option<Box<str>>, error: ProtocolError) -> Refusal {
        self.close();
        Refusal::new(self.version, receipt, error)
    }

    /// Ends the session because of a frame that is none.
    pub(super) fn refuse_frame(&mut self, bad: BadFrame, opening: &OpeningLimits) -> Refusal {
        let max = opening.max_connect_bytes;
        let error = match (self.stage, bad.error) {
            (
                Stage::Opening { .. },
                FrameError::FrameTooLarge { limit } | FrameError::AnnouncedTooLarge { limit, .. },
            ) if limit.value == max => {
                ProtocolError::ConnectTooLarge { limit: Limit::new("opening.max_connect_bytes", max) }
            }
            (_, error) => error.into(),
        };
        self.refuse(bad.receipt, error)
    }

    /// An EOL between frames. Before CONNECT they are counted.
    pub(super) fn beat(&mut self, max_eols: u32) -> Result<Request<'static>, Refusal> {
        if let Stage::Opening { eols } = &mut self.stage {
            *eols += 1;
            if *eols > max_eols {
                return Err(self.refuse(
                    None,
                    ProtocolError::TooManyEols { limit: Limit::new("opening.max_eols", max_eols as usize) },
                ));
            }
        }
        Ok(Request::Heartbeat)
    }

    /// Understands a frame, or ends the session.
    pub(super) fn hear<'a>(
        &mut self,
        frame: Frame<'a>,
        config: &SessionConfig,
    ) -> Result<Heard<'a>, Refusal> {
        let heard = match self.stage {
            Stage::Open => self.hear_open(Call { frame, version: self.version }, config),
            _ => self.hear_opening(frame).map(Heard::Request),
        };
        heard.map_err(|error| {
            let receipt = frame.headers.get("receipt").map(|id| id.into_owned().into_boxed_str());
            self.refuse(receipt, error)
        })
    }

    /// The next request of a committed transaction.
    pub(super) fn release(&mut self) -> Option<Request<'_>> {
        self.transactions.release(self.version)
    }

    fn hear_opening<'a>(&mut self, frame: Frame<'a>) -> Result<Request<'a>, ProtocolError> {
        if !matches!(frame.command, Command::Connect | Command::Stomp) {
            return Err(ProtocolError::NotConnected { command: frame.command });
        }
        let (connect, theirs) = opening::read(frame.headers)?;
        self.stage = Stage::Deciding { version: connect.version, theirs };
        Ok(Request::Connect(connect))
    }

    fn hear_open<'a>(&mut self, call: Call<'a>, config: &SessionConfig) -> Result<Heard<'a>, ProtocolError> {
        let command = call.frame.command;
        call.check_names()?;
        let request = match command {
            Command::Send | Command::Ack | Command::Nack => self.act(call, &config.transactions),
            Command::Subscribe => self.subscribe(call, config.max_subscriptions),
            Command::Unsubscribe => self.unsubscribe(call),
            Command::Begin => self.begin(call, &config.transactions),
            Command::Abort => self.abort(call),
            Command::Commit => {
                self.transactions.commit(&call.required("transaction")?, call.reply().into_owned())?;
                return Ok(Heard::Committed);
            }
            Command::Disconnect => {
                self.close();
                Ok(Request::Disconnect { reply: call.reply() })
            }
            Command::Connect | Command::Stomp => Err(ProtocolError::AlreadyConnected { command }),
            // The decoder lets no server command in.
            Command::Connected | Command::Message | Command::Receipt | Command::Error => {
                Err(call.not_in_version())
            }
        };
        request.map(Heard::Request)
    }

    /// Done at once, or held if it belongs to a transaction. What can be wrong with it by itself is
    /// found now, not when it is committed.
    fn act<'a>(&mut self, call: Call<'a>, limits: &TransactionLimits) -> Result<Request<'a>, ProtocolError> {
        let request = call.act()?;
        let Some(id) = call.transaction() else { return Ok(request) };
        self.transactions.hold(&id, &request, call.frame, limits)?;
        let destination = match request {
            Request::Send { destination, .. } => Some(destination),
            _ => None,
        };
        Ok(Request::Held { destination, reply: call.reply() })
    }

    fn begin<'a>(
        &mut self,
        call: Call<'a>,
        limits: &TransactionLimits,
    ) -> Result<Request<'a>, ProtocolError> {
        self.transactions.begin(&call.required("transaction")?, limits)?;
        Ok(Request::Begin { reply: call.reply() })
    }

    fn abort<'a>(&mut self, call: Call<'a>) -> Result<Request<'a>, ProtocolError> {
        self.transactions.abort(&call.required("transaction")?)?;
        Ok(Request::Abort { reply: call.reply() })
    }

    fn subscribe<'a>(&mut self, call: Call<'a>, max: usize) -> Result<Request<'a>, ProtocolError> {
        let destination = call.required("destination")?;
        let ack = call.ack_mode()?;
        let id = match call.version {
            Version::V1_0 => call.given("id"),
            Version::V1_1 | Version::V1_2 => Some(call.required("id")?),
        };
        let key = match &id {
            Some(id) => SubscriptionRef::Id(Cow::Borrowed(id)),
            None => SubscriptionRef::Destination(Cow::Borrowed(&destination)),
        };
        self.subscriptions.add(&key, max).map_err(|cause| match cause {
            NotAdded::Full => {
                ProtocolError::TooManySubscriptions { limit: Limit::new("max_subscriptions", max) }
            }
            NotAdded::Duplicate => {
                let id = excerpt(id.as_deref().unwrap_or(&destination));
                ProtocolError::DuplicateSubscription { id }
            }
        })?;
        Ok(Request::Subscribe { id, destination, ack, headers: call.headers(), reply: call.reply() })
    }

    /// In 1.0 an `id` goes before a destination, when a client gives both.
    fn unsubscribe<'a>(&mut self, call: Call<'a>) -> Result<Request<'a>, ProtocolError> {
        let target = match (call.version, call.given("id"), call.given("destination")) {
            (_, Some(id), _) => SubscriptionRef::Id(id),
            (Version::V1_0, None, Some(destination)) => SubscriptionRef::Destination(destination),
            _ => return Err(call.missing("id")),
        };
        let known = self.subscriptions.remove(&target);
        Ok(Request::Unsubscribe { target, known, reply: call.reply() })
    }
}
