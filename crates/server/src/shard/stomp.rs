//! What STOMP frames ask for.

use hub_core::topic::TopicError;
use hub_core::{CloseReason, TopicName};
use hub_fanout::Options;
use hub_stomp::{Headers, Refusal, Reply, Request, Session, SubscriptionRef, Version};

use super::Shard;
use super::framing::Dialect;
use super::socket::Phase;
use super::subscribe::Wanted;
use super::wire::Wire;

/// It is in every message of the subscription.
const SUBSCRIPTION_ID_MAX_BYTES: usize = 128;

/// How much of what was sent an ERROR repeats.
const EXCERPT_CHARS: usize = 64;

/// What facts are sent to: `/app/{kind}`.
const INGEST_PREFIX: &str = "/app/";

impl Shard {
    pub(super) fn receive_stomp(&mut self, slot: usize, session: &mut Session, wire: Wire, mut bytes: &[u8]) {
        let now = self.now;
        loop {
            if self.is_flooded(slot) {
                return self.close_after(slot, session, CloseReason::OUTBOX_OVERFLOW);
            }
            let version = session.version();
            let connecting = match session.receive(&mut bytes, now) {
                Ok(None) => return,
                Ok(Some(Request::Connect(_))) => true,
                Ok(Some(Request::Disconnect { reply })) => {
                    let reply = reply.into_owned();
                    session.close();
                    return self.disconnect(slot, wire, reply);
                }
                Ok(Some(request)) => {
                    if let Err(refusal) = self.perform(slot, wire, version, request) {
                        session.close();
                        return self.refuse(slot, wire, &refusal);
                    }
                    false
                }
                Err(refusal) => return self.refuse(slot, wire, &refusal),
            };
            if connecting {
                self.accept(slot, session, wire);
            }
        }
    }

    fn accept(&mut self, slot: usize, session: &mut Session, wire: Wire) {
        let Some(socket) = self.sockets.get_mut(slot) else { return };
        if matches!(socket.phase, Phase::Opening(_)) {
            socket.phase = Phase::Open;
        }
        let id = format!("{:08x}", socket.id);
        let Some(connected) = session.accept(&id, self.now) else { return };
        // One owner of liveness.
        if session.intervals().send.is_some()
            && let Some(pipe) = socket.stream.as_session()
        {
            pipe.leave_heartbeats();
        }
        self.send(slot, wire.wrap(&connected));
    }

    /// Does what a frame asks for.
    fn perform(
        &mut self,
        slot: usize,
        wire: Wire,
        version: Version,
        request: Request<'_>,
    ) -> Result<(), Refusal> {
        let reply = match request {
            Request::Heartbeat | Request::Connect(_) => return Ok(()),
            Request::Subscribe { id, destination, headers, reply, .. } => {
                let destination = parse_destination(&destination, &reply)?;
                let refused = |detail: String| reply.refusal("subscription refused", detail);
                let subscription = id.map(|id| id.into_owned().into_boxed_str());
                if subscription.as_ref().is_some_and(|id| id.len() > SUBSCRIPTION_ID_MAX_BYTES) {
                    return Err(refused(format!("an id has at most {SUBSCRIPTION_ID_MAX_BYTES} bytes")));
                }
                let options =
                    Options::read(|name| headers.get(name), self.chassis.limits.portfolios_per_subscription);
                let options = options.map_err(|error| refused(error.to_string()))?;
                let dialect = Dialect::Stomp { version, subscription, destination: destination.clone() };
                let wanted = Wanted { wire, dialect, destination, options };
                self.subscribe(slot, wanted).map_err(|error| refused(error.to_string()))?;
                reply
            }
            Request::Unsubscribe { target, reply, .. } => {
                match &target {
                    SubscriptionRef::Id(id) => self.unsubscribe(slot, Some(id), None),
                    SubscriptionRef::Destination(name) => self.unsubscribe(slot, None, Some(name)),
                }
                reply
            }
            Request::Send { destination, headers, body, reply } => {
                if let Some(kind) = destination.strip_prefix(INGEST_PREFIX) {
                    // Answered once it is applied.
                    return self.take_in(slot, kind, headers, body, reply);
                }
                self.relay(&destination, headers, body, &reply)?;
                reply
            }
            // Nothing that is sent today awaits an acknowledgement.
            Request::Ack { reply, .. } | Request::Nack { reply, .. } | Request::Disconnect { reply } => reply,
        };
        self.acknowledge(slot, wire, &reply);
        Ok(())
    }

    /// The RECEIPT, where one was asked for.
    pub(super) fn acknowledge(&mut self, slot: usize, wire: Wire, reply: &Reply<'_>) {
        if let Some(receipt) = reply.receipt_frame() {
            self.send(slot, wire.wrap(&receipt));
        }
    }

    fn relay(
        &mut self,
        destination: &str,
        headers: Headers<'_>,
        body: &[u8],
        reply: &Reply<'_>,
    ) -> Result<(), Refusal> {
        let destination = parse_destination(destination, reply)?;
        let refused = |detail: String| reply.refusal("message refused", detail);
        let name =
            self.chassis.catalog.publishable(&destination).map_err(|error| refused(error.to_string()))?;
        if !self.chassis.client_send {
            return Err(refused("clients may not SEND here: relay.client_send is off".into()));
        }
        let headers = headers.custom().map(|(name, value)| (name.into_owned(), value.into_owned())).collect();
        self.chassis.publisher.relay(name, headers, bytes::Bytes::copy_from_slice(body));
        Ok(())
    }
}

fn parse_destination(text: &str, reply: &Reply<'_>) -> Result<TopicName, Refusal> {
    text.parse().map_err(|error: TopicError| {
        let shown: String = text.chars().take(EXCERPT_CHARS).collect();
        reply.refusal("bad destination", format!("{shown:?} is no destination: {error}"))
    })
}
