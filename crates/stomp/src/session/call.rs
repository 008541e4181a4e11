//! A frame of an open session and what its headers say.

use std::borrow::Cow;

use super::{AckMode, Reply, Request};
use crate::error::excerpt;
use crate::reserved::is_of_server;
use crate::{Command, Frame, Headers, ProtocolError, Version};

/// Headers that name something, to us or to the client.
const NAMES: [&str; 4] = ["id", "destination", "transaction", "receipt"];

/// A frame of an open session.
#[derive(Clone, Copy)]
pub(super) struct Call<'a> {
    pub(super) frame: Frame<'a>,
    pub(super) version: Version,
}

impl<'a> Call<'a> {
    /// Refuses a name of which some was lost before it came here: it may be two.
    pub(super) fn check_names(self) -> Result<(), ProtocolError> {
        let is_broken = |text: &str| text.contains(char::REPLACEMENT_CHARACTER);
        if !is_broken(self.headers().block()) {
            return Ok(());
        }
        let broken =
            NAMES.into_iter().find(|name| self.headers().get(name).is_some_and(|name| is_broken(&name)));
        match broken {
            Some(header) => Err(ProtocolError::BrokenName { command: self.frame.command, header }),
            None => Ok(()),
        }
    }

    /// SEND, ACK or NACK: what may be part of a transaction.
    pub(super) fn act(self) -> Result<Request<'a>, ProtocolError> {
        match self.frame.command {
            Command::Ack => self.ack(),
            Command::Nack => self.nack(),
            _ => self.send(),
        }
    }

    fn send(self) -> Result<Request<'a>, ProtocolError> {
        let destination = self.required("destination")?;
        if let Some((name, _)) = self.headers().iter().find(|(name, _)| is_of_server(name)) {
            return Err(ProtocolError::ReservedHeader { header: excerpt(name.as_bytes()) });
        }
        Ok(Request::Send { destination, headers: self.headers(), body: self.frame.body, reply: self.reply() })
    }

    fn ack(self) -> Result<Request<'a>, ProtocolError> {
        let (id, subscription) = self.acknowledged()?;
        Ok(Request::Ack { id, subscription, reply: self.reply() })
    }

    fn nack(self) -> Result<Request<'a>, ProtocolError> {
        if self.version == Version::V1_0 {
            return Err(self.not_in_version());
        }
        let (id, subscription) = self.acknowledged()?;
        Ok(Request::Nack { id, subscription, reply: self.reply() })
    }

    /// 1.0: `message-id`. 1.1: `message-id` and `subscription`. 1.2: `id`.
    fn acknowledged(self) -> Result<(Cow<'a, str>, Option<Cow<'a, str>>), ProtocolError> {
        match self.version {
            Version::V1_0 => Ok((self.required("message-id")?, self.given("subscription"))),
            Version::V1_1 => Ok((self.required("message-id")?, Some(self.required("subscription")?))),
            Version::V1_2 => Ok((self.required("id")?, self.given("subscription"))),
        }
    }

    pub(super) fn ack_mode(self) -> Result<AckMode, ProtocolError> {
        let Some(value) = self.headers().get("ack") else { return Ok(AckMode::default()) };
        AckMode::parse(&value).ok_or_else(|| ProtocolError::BadAckMode { value: excerpt(value.as_bytes()) })
    }

    /// Which transaction the frame belongs to, if any. An empty name is none that can be open.
    pub(super) fn transaction(self) -> Option<Cow<'a, str>> {
        self.headers().get("transaction")
    }

    pub(super) const fn not_in_version(self) -> ProtocolError {
        ProtocolError::CommandNotInVersion { command: self.frame.command, version: self.version }
    }

    pub(super) const fn headers(self) -> Headers<'a> {
        self.frame.headers
    }

    pub(super) fn reply(self) -> Reply<'a> {
        Reply::new(self.version, self.headers().get("receipt"))
    }

    /// A header that holds something.
    pub(super) fn given(self, name: &str) -> Option<Cow<'a, str>> {
        self.headers().get(name).filter(|value| !value.is_empty())
    }

    pub(super) fn required(self, header: &'static str) -> Result<Cow<'a, str>, ProtocolError> {
        self.given(header).ok_or_else(|| self.missing(header))
    }

    pub(super) const fn missing(self, header: &'static str) -> ProtocolError {
        ProtocolError::MissingHeader { command: self.frame.command, header, version: self.version }
    }
}
