//! Requests of STOMP frames.

use bytes::Bytes;
use hub_core::topic::TopicError;
use hub_core::{CloseReason, ParameterError, Parameters, TopicName};
use hub_fanout::{Options, Target, queues};
use hub_stomp::{AckMode, Headers, Refusal, Reply, Request, Session, SubscriptionRef, Version};

use crate::service::Defaults;
use crate::shard::Shard;
use crate::shard::pending::Ending;
use crate::shard::sockets::Stomp;
use crate::shard::subscriptions::{Dialect, Id, SubscribeRequest, Verdict};
use crate::shard::wire::Wire;

/// It is in every message of the subscription.
const SUBSCRIPTION_ID_MAX_BYTES: usize = 128;

/// Characters of what was sent that an ERROR repeats.
const EXCERPT_CHARS: usize = 64;

/// Begin of the destinations that facts are sent to: `/app/{kind}`.
const INGEST_PREFIX: &str = "/app/";

impl Shard {
    /// Does what STOMP in `bytes` asks for; gives what has to wait.
    pub(super) fn receive_stomp<'b>(
        &mut self,
        slot: usize,
        stomp: &mut Stomp,
        wire: Wire,
        mut bytes: &'b [u8],
    ) -> &'b [u8] {
        loop {
            if self.is_flooded(slot) {
                self.close_after(slot, &mut stomp.session, CloseReason::OUTBOX_OVERFLOW);
                return &[];
            }
            // What was committed is one piece.
            if self.must_pause(slot) && !stomp.session.is_releasing() {
                return bytes;
            }
            if !self.receive_request(slot, stomp, wire, &mut bytes) {
                return &[];
            }
        }
    }

    /// Does what the next frame asks for; false: there is none, or none any
    /// more.
    fn receive_request(&mut self, slot: usize, stomp: &mut Stomp, wire: Wire, bytes: &mut &[u8]) -> bool {
        let Stomp { session, defaults } = stomp;
        let (version, before) = (session.version(), bytes.len());
        let received = session.receive(bytes, self.sockets.now());
        self.spend(before - bytes.len());
        if matches!(received, Ok(Some(_))) {
            self.sockets.message_is_whole(slot);
        }
        let refusal = match received {
            Ok(None) => return false,
            Ok(Some(Request::Connect(_))) => {
                self.accept(slot, session, wire);
                return true;
            }
            Ok(Some(Request::Disconnect { reply })) => {
                let ending = Ending::disconnected(reply.into_owned());
                session.close();
                self.end_in_turn(slot, ending);
                return false;
            }
            Ok(Some(request)) => match self.perform(slot, wire, version, defaults, request) {
                Ok(()) => return true,
                Err(refusal) => {
                    session.close();
                    refusal
                }
            },
            Err(refusal) => refusal,
        };
        self.refuse(slot, refusal);
        false
    }

    fn accept(&mut self, slot: usize, session: &mut Session, wire: Wire) {
        let (id, now) = (self.sockets.id(slot).unwrap_or_default(), self.sockets.now());
        // It was refused in the meantime.
        let Some(connected) = session.accept(&format!("{id:08x}"), now) else { return };
        self.sockets.connected(slot, session.intervals().send.is_some());
        self.sockets.send(slot, wire.wrap(&connected));
    }

    /// Does what a frame asks for.
    fn perform(
        &mut self,
        slot: usize,
        wire: Wire,
        version: Version,
        defaults: &Defaults,
        request: Request<'_>,
    ) -> Result<(), Refusal> {
        let reply = match request {
            Request::Heartbeat | Request::Connect(_) => return Ok(()),
            Request::Subscribe { id, destination, ack, headers, reply } => {
                let destination = parse_destination(&destination, &reply)?;
                let refused = |detail: String| {
                    reply.refusal("subscription refused", detail).because("subscription_refused")
                };
                let subscription = id.map(|id| id.into_owned().into_boxed_str());
                if subscription.as_ref().is_some_and(|id| id.len() > SUBSCRIPTION_ID_MAX_BYTES) {
                    return Err(refused(format!("an id has at most {SUBSCRIPTION_ID_MAX_BYTES} bytes")));
                }
                let options = self.options(defaults, &destination, headers);
                let options = options.map_err(|error| refused(error.to_string()))?;
                let subscription = subscription.map(Id::Is);
                let dialect = Dialect::Stomp { version, subscription, destination: destination.clone(), ack };
                let request = SubscribeRequest { wire, dialect, destination, options, ack: queue_mode(ack) };
                let subscribed = self.subscriptions.subscribe(slot, request, self.sockets.now());
                subscribed.map_err(|error| refused(error.to_string()))?;
                reply
            }
            Request::Unsubscribe { target, reply, .. } => {
                let (id, destination) = match &target {
                    SubscriptionRef::Id(id) => (Some(&**id), None),
                    SubscriptionRef::Destination(name) => (None, Some(&**name)),
                };
                self.subscriptions.unsubscribe(slot, id, destination);
                reply
            }
            Request::Send { destination, headers, body, reply } => {
                if let Some(kind) = destination.strip_prefix(INGEST_PREFIX) {
                    // Answered once it is applied.
                    return self.ingest(slot, kind, headers, body, reply);
                }
                self.relay(&destination, headers, body, &reply)?;
                reply
            }
            Request::Ack { id, subscription, reply } => {
                self.subscriptions.settle(slot, &id, subscription.as_deref(), Verdict::Consumed);
                reply
            }
            Request::Nack { id, subscription, reply } => {
                self.subscriptions.settle(slot, &id, subscription.as_deref(), Verdict::NotConsumed);
                reply
            }
            Request::Held { destination, reply } => {
                // What could never be sent is refused before it is committed.
                if let Some(destination) = destination.filter(|name| !name.starts_with(INGEST_PREFIX)) {
                    self.check_sendable(&destination, &reply)?;
                }
                reply
            }
            Request::Commit { reply } => {
                // What it released may still be on its way into the log.
                self.acknowledge_in_turn(slot, &reply);
                return Ok(());
            }
            Request::Begin { reply } | Request::Abort { reply } | Request::Disconnect { reply } => reply,
        };
        self.acknowledge(slot, &reply);
        Ok(())
    }

    /// The options of a SUBSCRIBE: those of its headers, else those that are usual where it came in.
    fn options(
        &self,
        defaults: &Defaults,
        destination: &TopicName,
        headers: Headers<'_>,
    ) -> Result<Options, ParameterError> {
        let given = Parameters::of_headers(Options::ALL, headers)?;
        defaults.of(destination).with(&given, self.chassis.limits.portfolios_per_subscription)
    }

    /// The RECEIPT, where one was asked for.
    pub(super) fn acknowledge(&mut self, slot: usize, reply: &Reply<'_>) {
        if let (Some(receipt), Some(wire)) = (reply.receipt_frame(), self.sockets.wire(slot)) {
            self.sockets.send(slot, wire.wrap(&receipt));
        }
    }

    fn relay(
        &mut self,
        destination: &str,
        headers: Headers<'_>,
        body: &[u8],
        reply: &Reply<'_>,
    ) -> Result<(), Refusal> {
        let target = self.check_sendable(destination, reply)?;
        let headers = headers.custom().map(|(name, value)| (name.into_owned(), value.into_owned())).collect();
        let published = self.chassis.publish(target, headers, Bytes::copy_from_slice(body));
        published.map(drop).map_err(|error| message_refused(reply, error.to_string()))
    }

    /// Finds out where a client's message goes, if it may go there.
    fn check_sendable(&self, destination: &str, reply: &Reply<'_>) -> Result<Target, Refusal> {
        let destination = parse_destination(destination, reply)?;
        let target = self.chassis.catalog.publishable(&destination);
        let target = target.map_err(|error| message_refused(reply, error.to_string()))?;
        if !self.chassis.client_send {
            return Err(message_refused(reply, "clients may not SEND here: relay.client_send is off"));
        }
        Ok(target)
    }
}

fn message_refused(reply: &Reply<'_>, detail: impl Into<String>) -> Refusal {
    reply.refusal("message refused", detail).because("message_refused")
}

fn queue_mode(ack: AckMode) -> queues::AckMode {
    match ack {
        AckMode::Auto => queues::AckMode::Auto,
        AckMode::Client => queues::AckMode::Cumulative,
        AckMode::ClientIndividual => queues::AckMode::Individual,
    }
}

fn parse_destination(text: &str, reply: &Reply<'_>) -> Result<TopicName, Refusal> {
    text.parse().map_err(|error: TopicError| {
        let shown: String = text.chars().take(EXCERPT_CHARS).collect();
        reply
            .refusal("bad destination", format!("{shown:?} is no destination: {error}"))
            .because("bad_destination")
    })
}
