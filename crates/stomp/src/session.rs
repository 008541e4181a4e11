//! The server's side of one STOMP session.

mod conversation;
mod opening;
mod reply;
mod request;
mod subscriptions;

use std::sync::Arc;
use std::time::Instant;

use bytes::Bytes;

use self::conversation::{Conversation, Stage};
pub use self::reply::Reply;
pub use self::request::{AckMode, Connect, Request, SubscriptionRef};
use crate::{
    Decoder, HeartBeat, HeartbeatTimer, Intervals, Item, Limits, Liveness, ProtocolError, Refusal, Version,
    encode,
};

/// What all sessions of a server have in common.
#[derive(Debug, Clone)]
pub struct SessionConfig {
    /// The `server` header of CONNECTED, as in `name/version`.
    pub server_name: String,
    /// What the server offers and wishes.
    pub heart_beat: HeartBeat,
    /// Bounds on a frame.
    pub limits: Limits,
    /// Subscriptions a session may have at a time. Their ids are held in memory, each at most as
    /// long as a header line.
    pub max_subscriptions: usize,
}

impl Default for SessionConfig {
    /// Heart-beats every 10 s, [`Limits::default`], 256 subscriptions.
    fn default() -> Self {
        Self {
            server_name: concat!("pms-hub/", env!("CARGO_PKG_VERSION")).to_owned(),
            heart_beat: HeartBeat::default(),
            limits: Limits::default(),
            max_subscriptions: 256,
        }
    }
}

/// One session, from the first octet to the last. It does no I/O: the owner reads, writes and
/// closes, and decides how long a peer may take to CONNECT (see [`Session::is_connected`]).
#[derive(Debug)]
pub struct Session {
    config: Arc<SessionConfig>,
    decoder: Decoder,
    conversation: Conversation,
    heartbeats: HeartbeatTimer,
}

impl Session {
    /// A session that waits for CONNECT. Heart-beats start once it is accepted.
    pub fn new(config: Arc<SessionConfig>, now: Instant) -> Self {
        Self {
            decoder: Decoder::new(config.limits),
            conversation: Conversation::new(),
            heartbeats: HeartbeatTimer::new(Intervals::default(), now),
            config,
        }
    }

    /// Takes the next request off the front of `input`: a TCP read, or one WebSocket message. Call
    /// it until it returns `None`.
    ///
    /// Between [`Request::Connect`] and [`Session::accept`] it returns `None` and takes nothing:
    /// whoever decides later keeps what is left of the input. After a refusal or DISCONNECT, all
    /// input is discarded.
    pub fn receive<'s, 'i: 's>(
        &'s mut self,
        input: &mut &'i [u8],
        now: Instant,
    ) -> Result<Option<Request<'s>>, Refusal> {
        if !input.is_empty() {
            self.heartbeats.on_received(now);
        }
        match self.conversation.stage {
            Stage::Deciding { .. } => return Ok(None),
            Stage::Closed => *input = &[],
            Stage::Opening | Stage::Open => {}
        }
        match self.decoder.next(input) {
            Ok(None) => Ok(None),
            Ok(Some(Item::Heartbeat)) => Ok(Some(Request::Heartbeat)),
            Ok(Some(Item::Frame(frame))) => {
                self.conversation.hear(frame, self.config.max_subscriptions).map(Some)
            }
            Err(bad) => Err(self.conversation.refuse(bad.receipt, bad.error.into())),
        }
    }

    /// Accepts the CONNECT that was received: the CONNECTED to be written. `None` if none awaits a
    /// decision, as when the session was closed meanwhile.
    pub fn accept(&mut self, session_id: &str, now: Instant) -> Option<Bytes> {
        let Stage::Deciding { version, theirs } = self.conversation.stage else { return None };
        let ours = self.config.heart_beat;
        self.conversation.stage = Stage::Open;
        self.conversation.version = version;
        self.decoder.set_version(version);
        self.decoder.release();
        self.heartbeats = HeartbeatTimer::new(Intervals::negotiate(ours, theirs), now);
        Some(encode::connected(version, &self.config.server_name, session_id, ours))
    }

    /// Ends the session for a reason of the owner's: a CONNECT that is denied, a drain. A request
    /// that is denied is answered by [`Reply::refusal`], which names it.
    pub fn refuse(&mut self, message: impl Into<String>, detail: impl Into<String>) -> Refusal {
        let error = ProtocolError::Denied { message: message.into(), detail: detail.into() };
        self.conversation.refuse(None, error)
    }

    /// Ends the session without a word: nothing more is processed.
    pub const fn close(&mut self) {
        self.conversation.stage = Stage::Closed;
    }

    /// Whether CONNECT was accepted and the session has not ended.
    pub const fn is_connected(&self) -> bool {
        matches!(self.conversation.stage, Stage::Open)
    }

    /// Whether the session has ended.
    pub const fn is_closed(&self) -> bool {
        matches!(self.conversation.stage, Stage::Closed)
    }

    /// The version by which to write frames: 1.0 until CONNECTED tells another.
    pub const fn version(&self) -> Version {
        self.conversation.version
    }

    /// Subscriptions the session has.
    pub const fn subscriptions(&self) -> usize {
        self.conversation.subscriptions.len()
    }

    /// Octets of memory held for a frame that came in pieces.
    pub fn buffered(&self) -> usize {
        self.decoder.buffered()
    }

    /// The heart-beats agreed upon; none before CONNECTED.
    pub const fn intervals(&self) -> Intervals {
        self.heartbeats.intervals()
    }

    /// Anything was written to the peer, a heart-beat included.
    pub fn on_sent(&mut self, now: Instant) {
        self.heartbeats.on_sent(now);
    }

    /// Any octet was received, though it may not complete a frame (or not even the message that
    /// carries it).
    pub fn on_received(&mut self, now: Instant) {
        self.heartbeats.on_received(now);
    }

    /// What heart-beating asks for at `now`. Always fine before CONNECTED.
    pub fn poll(&self, now: Instant) -> Liveness {
        self.heartbeats.poll(now)
    }

    /// When to poll next, see [`HeartbeatTimer::next_deadline`].
    pub fn next_deadline(&self) -> Option<Instant> {
        self.heartbeats.next_deadline()
    }
}
