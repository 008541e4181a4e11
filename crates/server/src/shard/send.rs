//! Facts that STOMP clients send: `SEND /app/{kind}`.
//!
//! Taken in by the door all facts come through, in the order in which the
//! session sent them; answered when they have been applied, while the session
//! goes on. A session that has much under way is not read until some of it is
//! answered; one that is to end is read no more, and ends when all is.

use std::collections::VecDeque;
use std::time::Instant;

use hub_core::CloseReason;
use hub_core::normalize::{self, BodyForm, Kind};
use hub_stomp::{Headers, Refusal, Reply};
use tokio::task::spawn_local;

use super::Shard;
use super::ending::Due;
use super::wire::Wire;
use crate::ingest::{IngestError, IngestReport};

/// What one session may have under way before it is read no further.
const UNDER_WAY_MAX: usize = 64;

/// Rejected items that an ERROR names one by one.
const NAMED_MAX: usize = 20;

/// What a session sent that is not answered yet, in its order: so are the
/// answers.
#[derive(Default)]
pub(super) struct Sends {
    /// The ordinal of the first.
    first: u64,
    under_way: VecDeque<UnderWay>,
    /// A SEND of the COMMIT that is being answered was rejected.
    commit_failed: bool,
    /// How it ends, when everything before is answered.
    pub(super) ending: Option<Due>,
    /// Its peer has shut its side, and reads on.
    pub(super) half_closed: bool,
}

struct UnderWay {
    reply: Reply<'static>,
    is_commit: bool,
    answer: Option<Result<IngestReport, IngestError>>,
}

impl Sends {
    /// Whether the session is to be read no further for now.
    pub(super) fn must_wait(&self) -> bool {
        self.under_way.len() >= UNDER_WAY_MAX || self.ending.is_some()
    }

    /// Whether it is to end, answered or not.
    pub(super) fn is_overdue(&self, now: Instant) -> bool {
        self.ending.as_ref().is_some_and(|due| due.is_over(now))
    }

    /// One more; its ordinal.
    fn begin(&mut self, reply: Reply<'static>) -> u64 {
        self.under_way.push_back(UnderWay { reply, is_commit: false, answer: None });
        self.first + self.under_way.len() as u64 - 1
    }

    /// A COMMIT, in its turn.
    fn commit(&mut self, reply: Reply<'static>) {
        let answer = Some(Ok(IngestReport::default()));
        self.under_way.push_back(UnderWay { reply, is_commit: true, answer });
    }

    fn answered(&mut self, ordinal: u64, answer: Result<IngestReport, IngestError>) {
        let index = ordinal.checked_sub(self.first).and_then(|index| usize::try_from(index).ok());
        if let Some(sent) = index.and_then(|index| self.under_way.get_mut(index)) {
            sent.answer = Some(answer);
        }
    }

    /// The next answer to give. A COMMIT of which a SEND was rejected has none:
    /// the ERROR names it.
    fn pop(&mut self) -> Option<(Reply<'static>, Option<Rejected>)> {
        loop {
            self.under_way.front()?.answer.as_ref()?;
            let UnderWay { reply, is_commit, answer } = self.under_way.pop_front()?;
            self.first += 1;
            let rejected = rejected(&reply, &answer?);
            self.commit_failed |= rejected.is_some() && reply.is_of_commit();
            if !(is_commit && std::mem::take(&mut self.commit_failed)) {
                return Some((reply, rejected));
            }
        }
    }
}

/// What became of one SEND.
pub(crate) struct Sent {
    slot: usize,
    /// The slot may be another connection's by now.
    connection: u64,
    ordinal: u64,
    answer: Result<IngestReport, IngestError>,
}

impl Shard {
    /// Takes in the items of one SEND. What is wrong with it as a whole is
    /// refused at once, what is wrong with an item when it is applied.
    pub(super) fn take_in(
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
        let form = match headers.get("content-type") {
            None => BodyForm::Json,
            Some(text) => BodyForm::of_content_type(&text).ok_or_else(|| {
                refused("content-type must be application/json or application/x-ndjson".to_owned())
            })?,
        };
        let events = normalize::events(kind, body, form, self.chassis.limits.ingest_items);
        let events = events.map_err(|error| refused(error.to_string()))?;
        let Some(socket) = self.sockets.get_mut(slot) else { return Ok(()) };
        let ordinal = socket.sends.get_or_insert_default().begin(reply.into_owned());
        let connection = socket.id;
        // Before anything else of this session is looked at: its place in the
        // log is taken now.
        let ingesting = self.ingest.append(events);
        let (under_way, sent) = (self.in_flight.enter(), self.sent.clone());
        spawn_local(async move {
            let answer = match ingesting {
                Ok(ingesting) => ingesting.applied().await.map(IngestReport::from),
                Err(error) => Err(error),
            };
            // A shard that is gone has closed the session.
            let _ = sent.send(Sent { slot, connection, ordinal, answer });
            drop(under_way);
        });
        Ok(())
    }

    /// Answers a SEND, and those after it that waited for it.
    pub(super) fn answer(&mut self, sent: Sent) {
        let Sent { slot, connection, ordinal, answer } = sent;
        let Some(socket) = self.sockets.get_mut(slot).filter(|socket| socket.id == connection) else {
            return;
        };
        let wire = socket.wire;
        let Some(sends) = &mut socket.sends else { return };
        if sends.must_wait() {
            // There will be more to read.
            socket.ready.list();
        }
        sends.answered(ordinal, answer);
        while let Some(socket) = self.sockets.get_mut(slot)
            && let Some((reply, rejected)) = socket.sends.as_mut().and_then(|sends| sends.pop())
        {
            if !socket.is_streaming() {
                continue;
            }
            match rejected {
                None => self.acknowledge(slot, wire, &reply),
                Some((refusal, reason)) => self.end_rejected(slot, refusal, reason),
            }
        }
        self.finish_sends(slot);
        self.progress(slot);
    }

    /// The RECEIPT of a frame whose effect is that of the SENDs before it: after
    /// their answers.
    pub(super) fn acknowledge_in_turn(&mut self, slot: usize, wire: Wire, reply: Reply<'_>) {
        let sends = self.sockets.get_mut(slot).and_then(|socket| socket.sends.as_mut());
        if let Some(sends) = sends {
            sends.commit(reply.into_owned());
        } else {
            self.acknowledge(slot, wire, &reply);
        }
    }

    fn finish_sends(&mut self, slot: usize) {
        let Some(socket) = self.sockets.get_mut(slot) else { return };
        let Some(sends) = socket.sends.take_if(|sends| sends.under_way.is_empty()) else { return };
        if let Some(due) = sends.ending {
            self.end_due(slot, due);
        } else if sends.half_closed {
            self.half_closed(slot);
        }
    }
}

/// The ERROR that says what is not fine, and the reason to close with.
type Rejected = (Refusal, CloseReason);

/// `None`: all is fine.
fn rejected(reply: &Reply<'_>, answer: &Result<IngestReport, IngestError>) -> Option<Rejected> {
    let refused = |message, detail, counted| reply.refusal(message, detail).because(counted);
    match answer {
        Ok(answer) if answer.rejected == 0 => None,
        Ok(answer) => {
            let refusal = refused("rejected", rejections(answer), "rejected");
            Some((refusal, CloseReason::PROTOCOL_ERROR))
        }
        Err(error @ (IngestError::Draining | IngestError::Stopped(_))) => {
            let refusal = refused("going away", error.to_string(), "going_away");
            Some((refusal, CloseReason::GOING_AWAY))
        }
        Err(error @ IngestError::Log(_)) => {
            let refusal = refused("not taken in", error.to_string(), "not_taken_in");
            Some((refusal, CloseReason::NOT_TAKEN_IN))
        }
    }
}

/// A line per rejected item.
fn rejections(answer: &IngestReport) -> String {
    let rejected = answer.results.iter().filter(|result| result.status == "rejected");
    let mut lines: Vec<String> = rejected
        .take(NAMED_MAX)
        .map(|result| {
            let field = result.field.as_deref().map(|field| format!("{field}: ")).unwrap_or_default();
            format!("item {}: {field}{}", result.index, result.reason.as_deref().unwrap_or_default())
        })
        .collect();
    if answer.rejected > lines.len() {
        lines.push(format!("and {} more", answer.rejected - lines.len()));
    }
    lines.join("\n")
}
