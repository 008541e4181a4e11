//! Facts that STOMP clients send: `SEND /app/{kind}`.
//!
//! Taken in by the door all facts come through, in the order in which the
//! session sent them; answered when they have been applied, while the session
//! goes on. A session that has much under way is not read until some of it is
//! answered; one that is to end is read no more, and ends when all is.

use std::collections::BTreeSet;
use std::sync::Arc;

use hub_core::event::Provenance;
use hub_core::normalize::{self, BodyForm, Kind};
use hub_stomp::{Headers, Refusal, Reply};
use tokio::sync::mpsc;
use tokio::task::spawn_local;

use crate::chassis::Chassis;
use crate::http::in_flight::InFlight;
use crate::ingest::{Ingest, IngestError, IngestReport, Ingesting};
use crate::shard::Shard;
use crate::shard::sockets::AllAnswered;

/// Way of facts into the log, and of the answers back.
pub(in crate::shard) struct Intake {
    ingest: Ingest,
    in_flight: InFlight,
    replies: mpsc::UnboundedSender<IngestReply>,
}

/// Answer to one SEND.
pub(crate) struct IngestReply {
    slot: usize,
    /// The slot may be another connection's by now.
    connection: u64,
    ordinal: u64,
    answer: Result<IngestReport, IngestError>,
}

impl Intake {
    /// An intake that counts what is under way, and where the replies arrive.
    pub(in crate::shard) fn new(
        chassis: Arc<Chassis>,
        in_flight: InFlight,
    ) -> (Intake, mpsc::UnboundedReceiver<IngestReply>) {
        let (replies, receiver) = mpsc::unbounded_channel();
        (Intake { ingest: Ingest::new(chassis), in_flight, replies }, receiver)
    }

    /// Waits, apart from the shard, for the items to be applied.
    fn reply_when_applied(
        &self,
        ingesting: Result<Ingesting, IngestError>,
        slot: usize,
        connection: u64,
        ordinal: u64,
    ) {
        let (under_way, replies) = (self.in_flight.enter(), self.replies.clone());
        spawn_local(async move {
            let answer = match ingesting {
                Ok(ingesting) => ingesting.applied().await.map(IngestReport::from),
                Err(error) => Err(error),
            };
            // A shard that is gone has closed the session.
            let _ = replies.send(IngestReply { slot, connection, ordinal, answer });
            drop(under_way);
        });
    }
}

impl Shard {
    /// Takes in the items of one SEND. A kind or type that there is not is refused
    /// at once, what is wrong with the body or an item when it is applied.
    pub(super) fn ingest(
        &mut self,
        slot: usize,
        kind: &str,
        headers: Headers<'_>,
        body: &[u8],
        reply: Reply<'_>,
    ) -> Result<(), Refusal> {
        let refused = |detail: String| reply.refusal("message refused", detail).because("message_refused");
        let kind: Kind = kind.parse().map_err(|error: normalize::KindError| {
            refused(format!("{error}; there are {}", Kind::ALL.map(Kind::as_str).join(", ")))
        })?;
        let content_type = headers.get("content-type");
        let form = match &content_type {
            None => BodyForm::Json,
            Some(text) => BodyForm::of_content_type(text).ok_or_else(|| {
                refused("content-type must be application/json or application/x-ndjson".to_owned())
            })?,
        };
        let way = Provenance { content_type: content_type.as_deref(), ..self.sockets.provenance(slot) };
        let events = normalize::events(kind, body, form, self.chassis.limits.ingest_items, &way);
        let under_way = self.sockets.begin_send(slot, reply.into_owned());
        let Some((connection, ordinal)) = self.sockets.id(slot).zip(under_way) else {
            // A slot that leads nowhere was told of.
            return Ok(());
        };
        // Before anything else of this session is looked at: its place in the
        // log is taken now.
        let ingesting = match events {
            Ok(events) => self.intake.ingest.append(events),
            Err(error) => self.intake.ingest.append_unreadable(kind.as_str(), error, body, &way),
        };
        self.intake.reply_when_applied(ingesting, slot, connection, ordinal);
        Ok(())
    }

    /// Answers SENDs: `first`, and what more replies there are.
    pub(in crate::shard) fn answer_all(
        &mut self,
        first: IngestReply,
        replies: &mut mpsc::UnboundedReceiver<IngestReply>,
    ) {
        let mut answered = BTreeSet::new();
        let mut next = Some(first);
        while let Some(reply) = next.take().or_else(|| replies.try_recv().ok()) {
            answered.extend(self.answer(reply));
        }
        for slot in answered {
            self.progress(slot);
        }
    }

    /// Answers a SEND, and those after it that waited for it; gives the slot
    /// of the socket that is to be written.
    fn answer(&mut self, reply: IngestReply) -> Option<usize> {
        let IngestReply { slot, connection, ordinal, answer } = reply;
        if !self.sockets.is_connection(slot, connection) {
            // It went while its facts were taken in.
            return None;
        }
        self.sockets.answered(slot, ordinal, answer);
        while let Some((reply, rejected)) = self.sockets.next_answer(slot) {
            if !self.sockets.is_streaming(slot) {
                continue;
            }
            match rejected {
                None => self.acknowledge(slot, &reply),
                Some((refusal, reason)) => self.end_rejected(slot, refusal, reason),
            }
        }
        self.finish_sends(slot);
        Some(slot)
    }

    /// The RECEIPT of a frame whose effect is that of the SENDs before it: after
    /// their answers.
    pub(super) fn acknowledge_in_turn(&mut self, slot: usize, reply: &Reply<'_>) {
        if !self.sockets.commit(slot, reply) {
            self.acknowledge(slot, reply);
        }
    }

    fn finish_sends(&mut self, slot: usize) {
        match self.sockets.finish_sends(slot) {
            AllAnswered::Goes => {}
            AllAnswered::Ends(ending) => self.end_pending(slot, ending),
            AllAnswered::HalfClosed => self.half_closed(slot),
        }
    }
}
