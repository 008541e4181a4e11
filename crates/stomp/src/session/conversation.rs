//! What a frame means in a session, given what came before it.

use std::borrow::Cow;

use super::subscriptions::{NotAdded, Subscriptions};
use super::{AckMode, Reply, Request, SubscriptionRef, opening};
use crate::error::excerpt;
use crate::{Command, Frame, Headers, HeartBeat, ProtocolError, Refusal, Version};

/// Where the session stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Stage {
    /// Nothing but heart-beats came.
    Opening,
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
}

/// A frame of an open session.
#[derive(Clone, Copy)]
struct Call<'a> {
    frame: Frame<'a>,
    version: Version,
}

impl Conversation {
    pub(super) fn new() -> Self {
        Self { stage: Stage::Opening, version: Version::V1_0, subscriptions: Subscriptions::default() }
    }

    /// Ends the session.
    pub(super) fn refuse(&mut self, receipt: Option<Box<str>>, error: ProtocolError) -> Refusal {
        self.stage = Stage::Closed;
        Refusal::new(self.version, receipt, error)
    }

    /// Understands a frame, or ends the session.
    pub(super) fn hear<'a>(
        &mut self,
        frame: Frame<'a>,
        max_subscriptions: usize,
    ) -> Result<Request<'a>, Refusal> {
        let heard = match self.stage {
            Stage::Open => self.hear_open(Call { frame, version: self.version }, max_subscriptions),
            _ => self.hear_opening(frame),
        };
        heard.map_err(|error| {
            let receipt = frame.headers.get("receipt").map(|id| id.into_owned().into_boxed_str());
            self.refuse(receipt, error)
        })
    }

    fn hear_opening<'a>(&mut self, frame: Frame<'a>) -> Result<Request<'a>, ProtocolError> {
        if !matches!(frame.command, Command::Connect | Command::Stomp) {
            return Err(ProtocolError::NotConnected { command: frame.command });
        }
        let (connect, theirs) = opening::read(frame.headers)?;
        self.stage = Stage::Deciding { version: connect.version, theirs };
        Ok(Request::Connect(connect))
    }

    fn hear_open<'a>(
        &mut self,
        call: Call<'a>,
        max_subscriptions: usize,
    ) -> Result<Request<'a>, ProtocolError> {
        let command = call.frame.command;
        match command {
            Command::Send => call.send(),
            Command::Subscribe => self.subscribe(call, max_subscriptions),
            Command::Unsubscribe => self.unsubscribe(call),
            Command::Ack => call.ack(),
            Command::Nack => call.nack(),
            Command::Disconnect => {
                self.stage = Stage::Closed;
                Ok(Request::Disconnect { reply: call.reply() })
            }
            Command::Begin | Command::Commit | Command::Abort => {
                Err(ProtocolError::TransactionsUnsupported { command })
            }
            Command::Connect | Command::Stomp => Err(ProtocolError::AlreadyConnected { command }),
            // The decoder lets no server command in.
            Command::Connected | Command::Message | Command::Receipt | Command::Error => {
                Err(ProtocolError::CommandNotInVersion { command, version: call.version })
            }
        }
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
            NotAdded::Full => ProtocolError::TooManySubscriptions { limit: max },
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

impl<'a> Call<'a> {
    fn send(self) -> Result<Request<'a>, ProtocolError> {
        let destination = self.required("destination")?;
        self.no_transaction()?;
        Ok(Request::Send { destination, headers: self.headers(), body: self.frame.body, reply: self.reply() })
    }

    fn ack(self) -> Result<Request<'a>, ProtocolError> {
        let (id, subscription) = self.acknowledged()?;
        Ok(Request::Ack { id, subscription, reply: self.reply() })
    }

    fn nack(self) -> Result<Request<'a>, ProtocolError> {
        if self.version == Version::V1_0 {
            let (command, version) = (self.frame.command, self.version);
            return Err(ProtocolError::CommandNotInVersion { command, version });
        }
        let (id, subscription) = self.acknowledged()?;
        Ok(Request::Nack { id, subscription, reply: self.reply() })
    }

    /// 1.0: `message-id`. 1.1: `message-id` and `subscription`. 1.2: `id`.
    fn acknowledged(self) -> Result<(Cow<'a, str>, Option<Cow<'a, str>>), ProtocolError> {
        let acknowledged = match self.version {
            Version::V1_0 => (self.required("message-id")?, self.given("subscription")),
            Version::V1_1 => (self.required("message-id")?, Some(self.required("subscription")?)),
            Version::V1_2 => (self.required("id")?, self.given("subscription")),
        };
        self.no_transaction()?;
        Ok(acknowledged)
    }

    fn ack_mode(self) -> Result<AckMode, ProtocolError> {
        let Some(value) = self.headers().get("ack") else { return Ok(AckMode::default()) };
        AckMode::parse(&value).ok_or_else(|| ProtocolError::BadAckMode { value: excerpt(value.as_bytes()) })
    }

    fn no_transaction(self) -> Result<(), ProtocolError> {
        if self.headers().contains("transaction") {
            return Err(ProtocolError::TransactionsUnsupported { command: self.frame.command });
        }
        Ok(())
    }

    const fn headers(self) -> Headers<'a> {
        self.frame.headers
    }

    fn reply(self) -> Reply<'a> {
        Reply::new(self.version, self.headers().get("receipt"))
    }

    /// A header that holds something.
    fn given(self, name: &str) -> Option<Cow<'a, str>> {
        self.headers().get(name).filter(|value| !value.is_empty())
    }

    fn required(self, header: &'static str) -> Result<Cow<'a, str>, ProtocolError> {
        self.given(header).ok_or_else(|| self.missing(header))
    }

    const fn missing(self, header: &'static str) -> ProtocolError {
        ProtocolError::MissingHeader { command: self.frame.command, header, version: self.version }
    }
}
