//! The endpoint that a service puts behind a native WebSocket path.
//!
//! The chassis reads the JSON, answers `ping`, takes `auth` and refuses what
//! is no command (`{"type":"error","message":...}`); what there is to choose
//! is the service's: it declares what it reads of the query of the upgrade and
//! of each further command ([`hub_core::parameters`]), and turns it into
//! [`Action`]s. What it does not read it refuses by name, and then nothing
//! changes: a socket whose query is refused follows nothing.

use std::fmt;
use std::sync::Arc;

use bytes::Bytes;
use hub_core::{Parameter, TopicName};
use hub_fanout::{Document, EventFilter, FeedId, Options};

pub use crate::query::Query;

/// A path such as `/ws/positions`.
pub trait NativeEndpoint: Send + Sync {
    /// The parameters that the query of its upgrade may have.
    fn parameters(&self) -> &'static [Parameter];

    /// A socket was opened. The session lives as long as the socket.
    fn open(&self) -> Box<dyn NativeSession>;
}

/// One socket's side of an endpoint.
pub trait NativeSession: Send {
    /// Begins, by the parameters of the upgrade's query. An
    /// error is sent as such; the socket stays open and follows nothing.
    fn opened(&mut self, query: &Query) -> Result<Vec<Action>, String>;

    /// A command other than `ping` and `auth`: its `type`, and its whole JSON
    /// text, which is an object. An error is sent as such and the socket stays
    /// open.
    fn command(&mut self, kind: &str, json: &str) -> Result<Vec<Action>, String>;
}

/// A wish of a session; they are fulfilled in order.
#[derive(Debug)]
pub enum Action {
    /// A message to this socket alone, as JSON.
    Reply(Bytes),
    /// Follow this from now on, instead of what had the same name; of
    /// [parts](Followed::Parts) those that stay go on.
    Follow {
        /// Names it within the session; the `type` of its messages.
        name: &'static str,
        /// The thing that is followed.
        what: Followed,
    },
    /// Follow no longer what has this name, if anything has.
    Unfollow {
        /// Its name within the session.
        name: &'static str,
    },
}

/// A thing that a session can follow.
pub enum Followed {
    /// A computed topic: messages `{"type":<name>,"data":...,"resume"?,
    /// "snapshot"?}`.
    Topic {
        /// Its destination.
        destination: TopicName,
        /// Its part that is meant, and the manner.
        options: Options,
    },
    /// A document: whole messages, as it composes them. Those who follow the
    /// same `Arc` share what is composed.
    Document(Arc<dyn Document>),
    /// Several documents that are one thing. What was followed by the same
    /// name and is not among them is not followed any more; what was is not
    /// begun again, unless it is to be.
    Parts(Vec<DocumentPart>),
    /// The events of a feed from now on: whole messages, as they were told.
    Feed {
        /// Its feed.
        feed: FeedId,
        /// About what.
        filter: EventFilter,
    },
}

/// One of the documents that are one thing.
pub struct DocumentPart {
    /// The document.
    pub document: Arc<dyn Document>,
    /// True: it is begun again where it is followed already.
    pub anew: bool,
}

impl fmt::Debug for Followed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Followed::Topic { destination, options } => {
                f.debug_struct("Topic").field("destination", destination).field("options", options).finish()
            }
            Followed::Document(_) => f.write_str("Document"),
            Followed::Parts(parts) => write!(f, "{} Parts", parts.len()),
            Followed::Feed { feed, filter } => {
                f.debug_struct("Feed").field("feed", feed).field("filter", filter).finish()
            }
        }
    }
}
