//! Input of a socket's peer that is under way.

use hub_core::CloseReason;

use super::Sockets;
use super::unanswered::Sends;
use crate::native::NativeSession;
use crate::service::Defaults;
use crate::shard::moment::Stamp;
use crate::shard::pending::Backlog;
use crate::shard::wire::Wire;

/// One side of a socket: what its peer says, and what of it is not done yet.
pub(super) struct Inbound {
    /// Out while its input is being processed.
    pub(super) protocol: Option<Box<Protocol>>,
    /// Reason to close it once its protocol is back.
    pub(super) close_wanted: Option<Box<CloseReason>>,
    /// Facts it sent that are being taken in, if any.
    pub(super) sends: Option<Box<Sends>>,
    /// Input that waits for its turn, if any.
    pub(super) backlog: Option<Box<Backlog>>,
    /// Since when the message or frame that it sends has been under way.
    pub(super) message_since: Option<Stamp>,
    /// Set once an ERROR has noted why it ends.
    pub(super) is_noted: bool,
}

/// Protocols that are spoken on a socket.
pub(in crate::shard) struct Protocol {
    /// Present if there is a WebSocket underneath.
    pub(in crate::shard) websocket: Option<hub_ws::Connection>,
    pub(in crate::shard) dialogue: Dialogue,
}

/// Meaning of the messages.
pub(in crate::shard) enum Dialogue {
    Stomp(Stomp),
    /// JSON, as the endpoint understands it.
    Native(Box<dyn NativeSession>),
    /// Nothing any more: an HTTP refusal is written and then the socket
    /// closed.
    Refused,
}

/// A STOMP session, and the options that are usual where it was opened.
pub(in crate::shard) struct Stomp {
    pub(in crate::shard) session: hub_stomp::Session,
    pub(in crate::shard) defaults: Defaults,
}

impl Inbound {
    pub(super) fn new(protocol: Protocol) -> Inbound {
        Inbound {
            protocol: Some(Box::new(protocol)),
            close_wanted: None,
            sends: None,
            backlog: None,
            message_since: None,
            is_noted: false,
        }
    }

    fn is_full(&self) -> bool {
        self.sends.as_ref().is_some_and(|sends| sends.must_wait())
    }

    fn hold(&mut self) -> &mut Backlog {
        self.backlog.get_or_insert_default()
    }
}

impl Protocol {
    /// Says whether a message has begun and is not whole: of the WebSocket, or a
    /// STOMP frame in however many messages.
    fn in_message(&self) -> bool {
        let in_frame = matches!(&self.dialogue, Dialogue::Stomp(stomp) if stomp.session.in_frame());
        in_frame || self.websocket.as_ref().is_some_and(hub_ws::Connection::in_message)
    }

    pub(in crate::shard) fn stomp(&mut self) -> Option<&mut hub_stomp::Session> {
        match &mut self.dialogue {
            Dialogue::Stomp(stomp) => Some(&mut stomp.session),
            Dialogue::Native(_) | Dialogue::Refused => None,
        }
    }
}

impl Sockets {
    /// Takes the protocol out of its socket while its frames act on the shard.
    pub(in crate::shard) fn take_protocol(&mut self, slot: usize) -> Option<(Wire, Box<Protocol>)> {
        let socket = self.at_mut(slot)?;
        debug_assert!(socket.inbound.protocol.is_some(), "input is processed by one at a time");
        Some((socket.wire(), socket.inbound.protocol.take()?))
    }

    /// Puts the protocol back.
    pub(in crate::shard) fn return_protocol(&mut self, slot: usize, protocol: Box<Protocol>) {
        let now = Stamp::of(self.now.instant);
        if let Some(inbound) = self.inbound(slot) {
            let since = inbound.message_since.unwrap_or(now);
            inbound.message_since = protocol.in_message().then_some(since);
            inbound.protocol = Some(protocol);
        }
    }

    /// The reason to close that came up while the socket's input was being
    /// processed.
    pub(in crate::shard) fn take_close_wanted(&mut self, slot: usize) -> Option<CloseReason> {
        self.inbound(slot)?.close_wanted.take().map(|reason| *reason)
    }

    /// Says whether as much is under way as may be: no more is read for now.
    pub(in crate::shard) fn is_full(&self, slot: usize) -> bool {
        self.at(slot).is_none_or(|socket| socket.inbound.is_full())
    }

    /// Says whether what comes now has to wait behind something.
    pub(in crate::shard) fn must_wait(&self, slot: usize) -> bool {
        self.at(slot).is_some_and(|socket| socket.inbound.backlog.is_some() || socket.inbound.is_full())
    }

    /// Keeps STOMP that has to wait.
    pub(in crate::shard) fn hold_stomp(&mut self, slot: usize, stomp: &[u8]) {
        if !stomp.is_empty()
            && let Some(inbound) = self.inbound(slot)
        {
            inbound.hold().stomp.extend_from_slice(stomp);
        }
    }

    /// Keeps what was read behind it.
    pub(in crate::shard) fn hold_wire(&mut self, slot: usize, bytes: &[u8]) {
        if let Some(inbound) = self.inbound(slot) {
            inbound.hold().wire.extend_from_slice(bytes);
        }
    }

    /// Takes what waited, to be processed.
    pub(in crate::shard) fn take_backlog(&mut self, slot: usize) -> Option<Box<Backlog>> {
        self.inbound(slot)?.backlog.take()
    }

    /// Puts back what has to wait on.
    pub(in crate::shard) fn return_backlog(&mut self, slot: usize, backlog: Box<Backlog>) {
        if let Some(inbound) = self.inbound(slot) {
            debug_assert!(inbound.backlog.is_none(), "nothing was read meanwhile");
            inbound.backlog = Some(backlog);
        }
    }

    /// Notes that a message is whole: the next one has its own time.
    pub(in crate::shard) fn message_is_whole(&mut self, slot: usize) {
        if let Some(inbound) = self.inbound(slot) {
            inbound.message_since = None;
        }
    }

    /// Notes that an ERROR has said why it ends: its close is no refusal more.
    pub(in crate::shard) fn end_is_noted(&mut self, slot: usize) {
        if let Some(inbound) = self.inbound(slot) {
            inbound.is_noted = true;
        }
    }
}
