//! Requests of a client, checked and ready to be done.

use std::borrow::Cow;
use std::fmt;

use super::Reply;
use crate::{Headers, Version};

/// One frame of a client, or a heart-beat.
#[derive(Debug, Clone)]
pub enum Request<'a> {
    /// CONNECT or STOMP. The owner answers by [`crate::Session::accept`] or
    /// [`crate::Session::refuse`].
    Connect(Connect<'a>),
    /// SUBSCRIBE. The session knows the subscription from now on.
    Subscribe {
        /// Its id, which each MESSAGE carries as `subscription`. `None`: a 1.0 client that goes by
        /// the destination, whose MESSAGEs carry no `subscription`.
        id: Option<Cow<'a, str>>,
        /// Destination subscribed to; not empty.
        destination: Cow<'a, str>,
        /// Mode in which messages are acknowledged.
        ack: AckMode,
        /// All headers, options among them.
        headers: Headers<'a>,
        /// Answer to the frame.
        reply: Reply<'a>,
    },
    /// UNSUBSCRIBE. Of an unknown subscription it is let pass, as the broker that browsers know
    /// best (Spring's) does: the outcome is what was asked for, and closing would cost the client
    /// all its other subscriptions.
    Unsubscribe {
        /// Which one.
        target: SubscriptionRef<'a>,
        /// False if there was no such subscription.
        known: bool,
        /// Answer to the frame.
        reply: Reply<'a>,
    },
    /// SEND.
    Send {
        /// Destination of the message; not empty.
        destination: Cow<'a, str>,
        /// All headers; [`Headers::custom`] are those to pass on.
        headers: Headers<'a>,
        /// The body, which may be empty or hold any octet.
        body: &'a [u8],
        /// Answer to the frame.
        reply: Reply<'a>,
    },
    /// ACK.
    Ack {
        /// Value that the MESSAGE carried as `ack` (1.2) or `message-id` (1.0, 1.1).
        id: Cow<'a, str>,
        /// The subscription's id: always there in 1.1.
        subscription: Option<Cow<'a, str>>,
        /// Answer to the frame.
        reply: Reply<'a>,
    },
    /// NACK; never in 1.0.
    Nack {
        /// As in [`Request::Ack`].
        id: Cow<'a, str>,
        /// As in [`Request::Ack`].
        subscription: Option<Cow<'a, str>>,
        /// Answer to the frame.
        reply: Reply<'a>,
    },
    /// BEGIN.
    Begin {
        /// Answer to the frame.
        reply: Reply<'a>,
    },
    /// A SEND, ACK or NACK was taken into a transaction: there is nothing to do but to answer. If
    /// the transaction is committed, it comes again, as what it is.
    ///
    /// Its RECEIPT says that it was taken in, as a client may wait for it before it commits; that
    /// it took effect is said by the COMMIT's.
    Held {
        /// Destination of a SEND, for an owner that refuses one at once rather than in the middle of a commit.
        destination: Option<Cow<'a, str>>,
        /// Answer to the frame.
        reply: Reply<'a>,
    },
    /// COMMIT, after all that its transaction held: those came before as ordinary requests, in
    /// their order, with a [`Reply`] that owes no RECEIPT and names the COMMIT when it refuses. The
    /// owner writes the RECEIPT once they have been processed.
    ///
    /// If the owner refuses one of them, the session ends: what came before it has happened, what
    /// came after has not.
    Commit {
        /// Answer to the frame.
        reply: Reply<'a>,
    },
    /// ABORT: what the transaction held is gone.
    Abort {
        /// Answer to the frame.
        reply: Reply<'a>,
    },
    /// DISCONNECT. Open transactions are aborted. Nothing after it is read; the owner writes the
    /// receipt and closes.
    Disconnect {
        /// Answer to the frame.
        reply: Reply<'a>,
    },
    /// An EOL between frames.
    Heartbeat,
}

impl<'a> Request<'a> {
    /// Answer to the frame; `None` for what has no answer of this kind.
    pub const fn reply(&self) -> Option<&Reply<'a>> {
        match self {
            Self::Subscribe { reply, .. }
            | Self::Unsubscribe { reply, .. }
            | Self::Send { reply, .. }
            | Self::Ack { reply, .. }
            | Self::Nack { reply, .. }
            | Self::Begin { reply }
            | Self::Held { reply, .. }
            | Self::Commit { reply }
            | Self::Abort { reply }
            | Self::Disconnect { reply } => Some(reply),
            Self::Connect(_) | Self::Heartbeat => None,
        }
    }
}

/// Credentials and wishes of a client that opens a session.
#[derive(Clone)]
pub struct Connect<'a> {
    /// The version that was agreed upon.
    pub version: Version,
    /// The `login` header.
    pub login: Option<Cow<'a, str>>,
    /// The `passcode` header; not shown by `Debug`.
    pub passcode: Option<Cow<'a, str>>,
    /// The `host` header, which stompjs doesn't send.
    pub host: Option<Cow<'a, str>>,
    /// All headers.
    pub headers: Headers<'a>,
}

impl fmt::Debug for Connect<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Connect")
            .field("version", &self.version)
            .field("login", &self.login)
            .field("host", &self.host)
            .field("headers", &self.headers)
            .finish_non_exhaustive()
    }
}

/// Mode in which a subscription's messages are acknowledged ("SUBSCRIBE ack Header").
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub enum AckMode {
    /// Not at all.
    #[default]
    Auto,
    /// Each ACK counts for all messages before it.
    Client,
    /// Each ACK counts for its message.
    ClientIndividual,
}

impl AckMode {
    pub(super) fn parse(value: &str) -> Option<Self> {
        match value {
            "auto" => Some(Self::Auto),
            "client" => Some(Self::Client),
            "client-individual" => Some(Self::ClientIndividual),
            _ => None,
        }
    }
}

/// Name that a client has for a subscription. An id and a destination never mean the same one.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum SubscriptionRef<'a> {
    /// By its `id`.
    Id(Cow<'a, str>),
    /// By its destination, where a 1.0 client gave no `id` when it subscribed.
    Destination(Cow<'a, str>),
}

impl SubscriptionRef<'_> {
    /// The same, borrowing nothing.
    pub fn into_owned(self) -> SubscriptionRef<'static> {
        match self {
            Self::Id(id) => SubscriptionRef::Id(Cow::Owned(id.into_owned())),
            Self::Destination(name) => SubscriptionRef::Destination(Cow::Owned(name.into_owned())),
        }
    }
}
