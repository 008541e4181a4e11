//! Facts that STOMP clients send: `SEND /app/{kind}`.
//!
//! Taken in by the door all facts come through, in the order in which the
//! session sent them; answered when they have been applied, while the session
//! goes on. A session that has much under way is not read until some of it is
//! answered.

use std::collections::VecDeque;

use hub_core::CloseReason;
use hub_core::normalize::{self, BodyForm, Kind};
use hub_stomp::{Headers, Refusal, Reply};
use tokio::task::spawn_local;

use super::Shard;
use super::wire::Wire;
use crate::ingest::{Answer, IngestError};

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
    /// Its DISCONNECT came: answered when everything before it is.
    leaving: Option<Reply<'static>>,
    /// Its peer has shut its side, and reads on.
    pub(super) half_closed: bool,
}

struct UnderWay {
    reply: Reply<'static>,
    answer: Option<Result<Answer, IngestError>>,
}

impl Sends {
    /// Whether the session is to be read no further for now.
    pub(super) fn is_full(&self) -> bool {
        self.under_way.len() >= UNDER_WAY_MAX
    }

    /// One more; its ordinal.
    fn begin(&mut self, reply: Reply<'static>) -> u64 {
        self.under_way.push_back(UnderWay { reply, answer: None });
        self.first + self.under_way.len() as u64 - 1
    }

    fn answered(&mut self, ordinal: u64, answer: Result<Answer, IngestError>) {
        let index = ordinal.checked_sub(self.first).and_then(|index| usize::try_from(index).ok());
        if let Some(sent) = index.and_then(|index| self.under_way.get_mut(index)) {
            sent.answer = Some(answer);
        }
    }

    /// The next answer to give.
    fn pop(&mut self) -> Option<(Reply<'static>, Result<Answer, IngestError>)> {
        self.under_way.front()?.answer.as_ref()?;
        let UnderWay { reply, answer } = self.under_way.pop_front()?;
        self.first += 1;
        Some((reply, answer?))
    }
}

/// What became of one SEND.
pub(crate) struct Sent {
    slot: usize,
    /// The slot may be another connection's by now.
    connection: u64,
    ordinal: u64,
    answer: Result<Answer, IngestError>,
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
        let refused = |detail: String| reply.refusal("message refused", detail);
        let kind: Kind = kind.parse().map_err(|error: normalize::KindError| refused(error.to_string()))?;
        let form = match headers.get("content-type") {
            None => BodyForm::Json,
            Some(text) => BodyForm::of_content_type(&text).ok_or_else(|| {
                refused("content-type must be application/json or application/x-ndjson".to_owned())
            })?,
        };
        let items = normalize::items(body, form, self.chassis.limits.ingest_items);
        let items = items.map_err(|error| refused(error.to_string()))?;
        let Some(socket) = self.sockets.get_mut(slot) else { return Ok(()) };
        let ordinal = socket.sends.get_or_insert_default().begin(reply.into_owned());
        let connection = socket.id;
        // Before anything else of this session is looked at: its place in the
        // log is taken now.
        let taking = self.ingest.begin(kind, &items);
        let (under_way, sent) = (self.in_flight.enter(), self.sent.clone());
        spawn_local(async move {
            let answer = match taking {
                Ok(taking) => taking.answer().await,
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
        if sends.is_full() {
            // There will be more to read.
            socket.ready.list();
        }
        sends.answered(ordinal, answer);
        while let Some(socket) = self.sockets.get_mut(slot)
            && let Some((reply, answer)) = socket.sends.as_mut().and_then(|sends| sends.pop())
        {
            if !socket.is_streaming() {
                continue;
            }
            match verdict(&reply, &answer) {
                Ok(()) => self.acknowledge(slot, wire, &reply),
                Err((refusal, reason)) => self.refuse_with(slot, wire, &refusal, reason),
            }
        }
        self.finish_sends(slot, wire);
        self.progress(slot);
    }

    /// The RECEIPT of a frame whose effect is that of the SENDs before it: after
    /// their answers.
    pub(super) fn acknowledge_in_turn(&mut self, slot: usize, wire: Wire, reply: Reply<'_>) {
        let sends = self.sockets.get_mut(slot).and_then(|socket| socket.sends.as_mut());
        if let Some(sends) = sends {
            let ordinal = sends.begin(reply.into_owned());
            sends.answered(ordinal, Ok(Answer::default()));
        } else {
            self.acknowledge(slot, wire, &reply);
        }
    }

    fn finish_sends(&mut self, slot: usize, wire: Wire) {
        let Some(socket) = self.sockets.get_mut(slot) else { return };
        let Some(sends) = socket.sends.take_if(|sends| sends.under_way.is_empty()) else { return };
        if let Some(reply) = sends.leaving.filter(|_| socket.is_streaming()) {
            self.disconnect(slot, wire, reply);
        } else if sends.half_closed {
            self.half_closed(slot);
        }
    }

    /// Answers a DISCONNECT and closes, once everything before it is answered
    /// (STOMP 1.2, "DISCONNECT").
    pub(super) fn disconnect(&mut self, slot: usize, wire: Wire, reply: Reply<'static>) {
        let Some(socket) = self.sockets.get_mut(slot) else { return };
        if let Some(sends) = &mut socket.sends {
            sends.leaving = Some(reply);
            return;
        }
        self.acknowledge(slot, wire, &reply);
        self.close(slot, CloseReason::NORMAL);
    }
}

/// Fine, or the ERROR that says what is not, and the reason to close with.
fn verdict(reply: &Reply<'_>, answer: &Result<Answer, IngestError>) -> Result<(), (Refusal, CloseReason)> {
    match answer {
        Ok(answer) if answer.rejected == 0 => Ok(()),
        Ok(answer) => Err((reply.refusal("rejected", rejections(answer)), CloseReason::PROTOCOL_ERROR)),
        Err(error @ (IngestError::Draining | IngestError::Stopped(_))) => {
            Err((reply.refusal("going away", error.to_string()), CloseReason::GOING_AWAY))
        }
        Err(error @ IngestError::Log(_)) => {
            Err((reply.refusal("not taken in", error.to_string()), CloseReason::NOT_TAKEN_IN))
        }
    }
}

/// A line per rejected item.
fn rejections(answer: &Answer) -> String {
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
