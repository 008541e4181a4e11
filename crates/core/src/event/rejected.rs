//! Input that could not become an event: its bytes as they were sent, and what is known of their way.

use std::fmt;
use std::net::SocketAddr;

use bytes::Bytes;
use serde::{Deserialize, Serialize};
use smol_str::SmolStr;

use crate::raw_text::{self, RawText};
use crate::{Event, Rejection};

/// Characters of a media type that are kept: of ten thousand items in one body each has its own record.
const CONTENT_TYPE_CHARS: usize = 128;

/// Input that could not become an event. Whoever posts `raw` again posts exactly what was sent.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct RejectedInput {
    /// The ingest kind it was sent as, such as `transactions`.
    pub kind: String,
    /// Reason, and the field it is about.
    #[serde(flatten)]
    pub rejection: Rejection,
    /// The item's bytes as they came, all of them.
    #[serde(flatten, with = "raw_text")]
    pub raw: Bytes,
    /// Media type that the body was sent as, where it was said.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub content_type: Option<SmolStr>,
    /// Protocol that it came by, as metrics name it: `http`, `websocket`, `sockjs`, `sockjs-http`, `tcp`, `demo`;
    /// empty where that is not known.
    #[serde(default, skip_serializing_if = "SmolStr::is_empty")]
    pub door: SmolStr,
    /// Sender, as far as it is known: an address, and the connection's number.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub sender: Option<SmolStr>,
    /// Path that it was posted to, where its kind alone does not say it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub path: Option<SmolStr>,
}

impl RejectedInput {
    /// An item of which nothing is known but what it holds.
    pub fn new(kind: &str, rejection: Rejection, raw: &[u8]) -> RejectedInput {
        RejectedInput {
            kind: kind.to_owned(),
            rejection,
            raw: Bytes::copy_from_slice(raw),
            content_type: None,
            door: SmolStr::default(),
            sender: None,
            path: None,
        }
    }

    /// The same, which came by this way.
    #[must_use]
    pub fn by(self, way: &Provenance<'_>) -> RejectedInput {
        let content_type = way.content_type.map(|text| text.chars().take(CONTENT_TYPE_CHARS).collect());
        let sender = way.sender.map(|sender| SmolStr::from(sender.to_string()));
        let (door, path) = (way.door.into(), way.path.map(SmolStr::from));
        RejectedInput { content_type, door, sender, path, ..self }
    }

    /// Its bytes as JSON shows them.
    pub fn raw_text(&self) -> RawText<'_> {
        RawText::of(&self.raw)
    }
}

impl From<RejectedInput> for Event {
    fn from(input: RejectedInput) -> Event {
        Event::Rejected(Box::new(input))
    }
}

/// The way by which input came: kept with what is refused of it.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct Provenance<'a> {
    /// Protocol that it came by, as metrics name it.
    pub door: &'a str,
    /// Media type that it was sent as, where it was said.
    pub content_type: Option<&'a str>,
    /// Sender, where it is known.
    pub sender: Option<Sender>,
    /// Path that it was posted to, where its kind alone does not say it.
    pub path: Option<&'a str>,
}

/// A peer at its address; the number of its connection is the one that log lines carry.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Sender {
    /// Address that it came from.
    pub address: SocketAddr,
    /// Connection that it used, if that has a number.
    pub connection: Option<u64>,
}

impl fmt::Display for Sender {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.address)?;
        self.connection.map_or(Ok(()), |number| write!(f, " connection={number}"))
    }
}
