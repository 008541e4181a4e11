//! What a service puts behind a native WebSocket path.
//!
//! The chassis reads the JSON, answers `ping`, takes `auth` and refuses what
//! is no command (`{"type":"error","message":...}`); what there is to choose
//! is the service's: it turns the query of the upgrade, and each further
//! command, into [`Action`]s.

use std::fmt;
use std::sync::Arc;

use bytes::Bytes;
use hub_core::TopicName;
use hub_fanout::{Document, EventFilter, FeedId, Options};

/// A path such as `/ws/positions`.
pub trait NativeEndpoint: Send + Sync {
    /// A socket was opened. The session lives as long as the socket.
    fn open(&self) -> Box<dyn NativeSession>;
}

/// One socket's side of an endpoint.
pub trait NativeSession: Send {
    /// What happens on connect, by the parameters of the upgrade's query. An
    /// error is sent as such and the socket stays open.
    fn opened(&mut self, query: &Query) -> Result<Vec<Action>, String>;

    /// A command other than `ping` and `auth`: its `type`, and its whole JSON
    /// text, which is an object. An error is sent as such and the socket stays
    /// open.
    fn command(&mut self, kind: &str, json: &str) -> Result<Vec<Action>, String>;
}

/// What a session wants done, in order.
#[derive(Debug)]
pub enum Action {
    /// A message to this socket alone, as JSON.
    Reply(Bytes),
    /// Follow this from now on, instead of what had the same name.
    Follow {
        /// Names it within the session; the `type` of its messages.
        name: &'static str,
        /// What is followed.
        what: Followed,
    },
    /// Follow no longer what has this name, if anything has.
    Unfollow {
        /// Its name within the session.
        name: &'static str,
    },
}

/// What a session can follow.
pub enum Followed {
    /// A computed topic: messages `{"type":<name>,"data":...,"resume"?,
    /// "snapshot"?}`.
    Topic {
        /// Its destination.
        destination: TopicName,
        /// What of it, and how.
        options: Options,
    },
    /// A document: whole messages, as it composes them. Those who follow the
    /// same `Arc` share what is composed.
    Document(Arc<dyn Document>),
    /// The events of a feed from now on: whole messages, as they were told.
    Feed {
        /// Which.
        feed: FeedId,
        /// About what.
        filter: EventFilter,
    },
}

impl fmt::Debug for Followed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Followed::Topic { destination, options } => {
                f.debug_struct("Topic").field("destination", destination).field("options", options).finish()
            }
            Followed::Document(_) => f.write_str("Document"),
            Followed::Feed { feed, filter } => {
                f.debug_struct("Feed").field("feed", feed).field("filter", filter).finish()
            }
        }
    }
}

/// The parameters of an upgrade's query, decoded, in order.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Query(Vec<(String, String)>);

impl Query {
    /// Reads what follows the `?` of a URL; what can't be decoded is no
    /// parameter.
    pub fn parse(text: &str) -> Query {
        let parsed = actix_web::web::Query::<Vec<(String, String)>>::from_query(text);
        Query(parsed.map(actix_web::web::Query::into_inner).unwrap_or_default())
    }

    /// The first parameter with this name.
    pub fn get(&self, name: &str) -> Option<&str> {
        self.0.iter().find(|(given, _)| given == name).map(|(_, value)| value.as_str())
    }
}

impl FromIterator<(String, String)> for Query {
    fn from_iter<I: IntoIterator<Item = (String, String)>>(parameters: I) -> Query {
        Query(parameters.into_iter().collect())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parameters_are_decoded_and_the_first_of_a_name_counts() {
        let query = Query::parse("a=1&b=x%2Cy&a=2&c");
        assert_eq!((query.get("a"), query.get("b"), query.get("c")), (Some("1"), Some("x,y"), Some("")));
        assert_eq!(query.get("d"), None);
        assert_eq!(Query::parse(""), Query::default());
    }
}
