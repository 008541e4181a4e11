//! The server's side of one STOMP session.

mod call;
mod conversation;
mod heartbeats;
mod opening;
mod reply;
mod request;
mod subscriptions;
mod transactions;

use std::sync::Arc;
use std::time::Instant;

use bytes::Bytes;

use self::conversation::{Conversation, Heard, Stage};
use self::heartbeats::Heartbeats;
pub use self::reply::Reply;
pub use self::request::{AckMode, Connect, Request, SubscriptionRef};
use crate::decode::{DecoderState, Side};
use crate::rate::Bucket;
use crate::{
    BadFrame, HeartBeat, Intervals, Item, Limits, Liveness, OpeningLimits, ProtocolError, RateLimit, Refusal,
    TransactionLimits, Version, encode,
};

/// Settings that all sessions of a server have in common.
#[derive(Debug, Clone)]
pub struct SessionConfig {
    /// The `server` header of CONNECTED, as in `name/version`.
    pub server_name: String,
    /// Heart-beats that the server offers and wishes.
    pub heart_beat: HeartBeat,
    /// Bounds on a frame.
    pub limits: Limits,
    /// Subscriptions a session may have at a time. Their ids are held in memory, each at most as
    /// long as a header line.
    pub max_subscriptions: usize,
    /// Bounds on what comes before the session is open.
    pub opening: OpeningLimits,
    /// Bounds on what is held for transactions.
    pub transactions: TransactionLimits,
    /// Rate at which a peer may send; `None`: as fast as the owner reads.
    pub rate: Option<RateLimit>,
    /// Names of these limits where an owner's operators set them: pairs of a field's name here, such as
    /// `max_frame_bytes` or `opening.max_eols`, and the owner's, which errors tell instead; an empty one for what can't
    /// be set.
    pub limit_names: &'static [(&'static str, &'static str)],
}

impl Default for SessionConfig {
    /// Heart-beats every 10 s, 256 subscriptions, no limit on the rate, else the limits' defaults.
    fn default() -> Self {
        Self {
            server_name: concat!("pms-hub/", env!("CARGO_PKG_VERSION")).to_owned(),
            heart_beat: HeartBeat::default(),
            limits: Limits::default(),
            max_subscriptions: 256,
            opening: OpeningLimits::default(),
            transactions: TransactionLimits::default(),
            rate: None,
            limit_names: &[],
        }
    }
}

/// One session, from the first octet to the last. It does no I/O: the owner reads, writes and
/// closes, and decides how long a peer may take to CONNECT (see [`Session::is_connected`]).
#[derive(Debug)]
pub struct Session {
    config: Arc<SessionConfig>,
    decoder: DecoderState,
    conversation: Conversation,
    heartbeats: Heartbeats,
    bucket: Option<Box<Bucket>>,
}

impl Session {
    /// A session that waits for CONNECT. Heart-beats start once it is accepted.
    pub fn new(config: Arc<SessionConfig>, now: Instant) -> Self {
        Self {
            decoder: DecoderState::new(),
            conversation: Conversation::new(),
            heartbeats: Heartbeats::new(Intervals::default(), now),
            bucket: config.rate.map(|limit| Box::new(Bucket::new(limit, now))),
            config,
        }
    }

    /// Takes the next request off the front of `input`: a TCP read, or one WebSocket message. Call
    /// it until it returns `None`, even if the input is empty by then: what a COMMIT releases comes
    /// one by one, before anything else is read.
    ///
    /// Between [`Request::Connect`] and [`Session::accept`] it returns `None` and takes nothing:
    /// whoever decides later keeps what is left of the input. After a refusal or DISCONNECT, all
    /// input is discarded.
    pub fn receive<'s, 'i: 's>(
        &'s mut self,
        input: &mut &'i [u8],
        now: Instant,
    ) -> Result<Option<Request<'s>>, Refusal> {
        let names = self.config.limit_names;
        self.request(input, now).map_err(|refusal| refusal.with_limit_names(names))
    }

    /// [`Self::receive`], with limits by the names they have here.
    fn request<'s, 'i: 's>(
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
            Stage::Opening { .. } | Stage::Open => {}
        }
        if self.conversation.transactions.is_releasing() {
            self.decoder.release();
            return Ok(self.conversation.release());
        }
        let limits = self.limits();
        let frame = match metered(&mut self.decoder, &limits, self.bucket.as_deref_mut(), input, now) {
            Ok(Some(Item::Frame(frame))) => frame,
            Ok(Some(Item::Heartbeat)) => {
                return self.conversation.beat(self.config.opening.max_eols).map(Some);
            }
            Ok(None) => match self.bucket.as_deref() {
                Some(bucket) if !input.is_empty() => {
                    *input = &[];
                    let error = bucket.limit().exceeded();
                    return Err(self.conversation.refuse(None, error));
                }
                _ => return Ok(None),
            },
            Err(bad) => return Err(self.conversation.refuse_frame(bad, &self.config.opening)),
        };
        match self.conversation.hear(frame, &self.config)? {
            Heard::Request(request) => Ok(Some(request)),
            Heard::Committed => Ok(self.conversation.release()),
        }
    }

    /// Bounds on the frames that come now.
    fn limits(&self) -> Limits {
        let limits = self.config.limits;
        match self.conversation.stage {
            Stage::Opening { .. } => {
                let first = limits.max_frame_bytes.min(self.config.opening.max_connect_bytes);
                Limits { max_frame_bytes: first, ..limits }
            }
            Stage::Deciding { .. } | Stage::Open | Stage::Closed => limits,
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
        self.heartbeats = Heartbeats::new(Intervals::negotiate(ours, theirs), now);
        Some(encode::connected(version, &self.config.server_name, session_id, ours))
    }

    /// Ends the session for a reason of the owner's: a CONNECT that is denied, a drain. A request
    /// that is denied is answered by [`Reply::refusal`], which names it.
    pub fn refuse(&mut self, message: impl Into<String>, detail: impl Into<String>) -> Refusal {
        self.conversation.refuse(None, ProtocolError::denied(message, detail))
    }

    /// Ends the session because a frame has begun and never ended, by the time or the end of the
    /// stream that `message` and `detail` tell; the ERROR says what is lacking and carries the
    /// frame's `receipt-id`. `None`: there is no such frame.
    pub fn refuse_unfinished(&mut self, message: impl Into<String>, detail: &str) -> Option<Refusal> {
        let (lacking, receipt) = self.decoder.lacking().filter(|_| !self.is_closed())?;
        let error = ProtocolError::denied(message, format!("{detail}: {lacking}"));
        Some(self.conversation.refuse(receipt, error).because("unfinished_frame"))
    }

    /// Ends the session without a word: nothing more is processed.
    pub fn close(&mut self) {
        self.conversation.close();
    }

    /// True from the acceptance of CONNECT to the end of the session.
    pub const fn is_connected(&self) -> bool {
        matches!(self.conversation.stage, Stage::Open)
    }

    /// True once the session has ended.
    pub const fn is_closed(&self) -> bool {
        matches!(self.conversation.stage, Stage::Closed)
    }

    /// The version by which to write frames: 1.0 until CONNECTED tells another.
    pub const fn version(&self) -> Version {
        self.conversation.version
    }

    /// Subscriptions the session has.
    pub fn subscriptions(&self) -> usize {
        self.conversation.subscriptions.count()
    }

    /// Transactions that were begun, and neither committed nor aborted.
    pub fn open_transactions(&self) -> usize {
        self.conversation.transactions.open()
    }

    /// True while a COMMIT's frames are handed out: [`Session::receive`] gives them before it reads on.
    pub fn is_releasing(&self) -> bool {
        self.conversation.transactions.is_releasing()
    }

    /// Octets of memory held for a frame that came in pieces.
    pub fn buffered(&self) -> usize {
        self.decoder.buffered()
    }

    /// True from a frame's first octet until it is whole, in however many pieces it comes.
    pub fn in_frame(&self) -> bool {
        self.decoder.in_frame()
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

    /// Heart-beating's demand at `now`. Always fine before CONNECTED.
    pub fn poll(&self, now: Instant) -> Liveness {
        self.heartbeats.timer().poll(now)
    }

    /// Instant at which to poll next, see [`crate::HeartbeatTimer::next_deadline`].
    pub fn next_deadline(&self) -> Option<Instant> {
        self.heartbeats.timer().next_deadline()
    }
}

/// Decodes no further into `input` than the rate allows. What is left of it without an item is too
/// much.
fn metered<'s, 'i: 's>(
    decoder: &'s mut DecoderState,
    limits: &Limits,
    bucket: Option<&mut Bucket>,
    input: &mut &'i [u8],
    now: Instant,
) -> Result<Option<Item<'s>>, BadFrame> {
    let Some(bucket) = bucket else { return decoder.next(input, Side::Client, limits) };
    let (mut admitted, beyond) = input.split_at_checked(bucket.allowance(now)).unwrap_or((*input, &[]));
    let offered = admitted.len();
    let item = decoder.next(&mut admitted, Side::Client, limits);
    let taken = offered - admitted.len();
    bucket.spend(taken);
    *input = input.get(taken..).unwrap_or(beyond);
    item
}
