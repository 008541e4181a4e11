//! The body of the 101 response: a WebSocket's both directions.

use std::collections::VecDeque;
use std::convert::Infallible;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::Duration;

use actix_web::body::{BodySize, MessageBody};
use actix_web::{rt, web};
use bytes::Bytes;
use futures_util::Stream as _;
use hub_ws::deflate::Inflater;
use hub_ws::{Connection, Incoming, Input, frame};

use super::wire::{self, Fault, Wire};
use crate::actix::shared::{Party, Shared, now};
use crate::session::{Next, ReceiverId};

/// Time for a client to answer a Close.
const CLOSE_TIMEOUT: Duration = Duration::from_secs(5);

/// Pongs that may wait; while they do nothing more is read.
const MAX_WAITING_FRAMES: usize = 8;

pub(super) struct WebSocketBody {
    shared: Arc<Shared>,
    receiver: ReceiverId,
    wire: Wire,
    payload: web::Payload,
    connection: Connection,
    /// Frames to be written before the session's.
    out: VecDeque<Bytes>,
    /// Messages that were read and do not fit yet; nothing more is read meanwhile.
    read: Vec<String>,
    /// It waits for room.
    waits: bool,
    /// Runs once a Close was sent.
    closing: Option<Pin<Box<rt::time::Sleep>>>,
    /// The client's side has ended.
    ended: bool,
}

impl WebSocketBody {
    pub(super) fn new(
        shared: Arc<Shared>,
        receiver: ReceiverId,
        wire: Wire,
        payload: web::Payload,
        max_message_bytes: usize,
    ) -> WebSocketBody {
        WebSocketBody {
            shared,
            receiver,
            wire,
            payload,
            connection: Connection::new(max_message_bytes),
            out: VecDeque::new(),
            read: Vec::new(),
            waits: false,
            closing: None,
            ended: false,
        }
    }

    /// Reads as far as the session and the client take what comes of it.
    fn poll_read(&mut self, cx: &mut Context<'_>) {
        while !self.ended && self.out.len() < MAX_WAITING_FRAMES {
            if !self.read.is_empty() {
                let offered = self.shared.poll_offer(cx, &mut self.read, &mut self.waits);
                if offered.is_pending() {
                    return;
                }
            }
            match Pin::new(&mut self.payload).poll_next(cx) {
                Poll::Pending => return,
                Poll::Ready(Some(Ok(bytes))) => self.process(bytes),
                Poll::Ready(Some(Err(_)) | None) => self.ended = true,
            }
        }
    }

    fn process(&mut self, bytes: Bytes) {
        let mut bytes = Vec::from(bytes);
        let mut input = Input::new(&mut bytes);
        // No compression is agreed to, so it is never used.
        let mut inflater = Inflater::default();
        loop {
            let said = match self.connection.receive(&mut input, &mut inflater) {
                Ok(None) => return,
                Ok(Some(Incoming::Text(text))) => self.wire.text(text),
                Ok(Some(Incoming::Binary(data))) => self.wire.binary(data),
                Ok(Some(Incoming::Ping(payload))) => {
                    self.out.push_back(frame::pong(payload));
                    continue;
                }
                Ok(Some(Incoming::Pong(_))) => continue,
                Ok(Some(Incoming::Close(..))) => {
                    self.out.extend(self.connection.close_reply());
                    return self.end();
                }
                Err(failure) => Err(Fault::from(failure)),
            };
            match said {
                Ok(messages) => self.read.extend(messages),
                Err(fault) => return self.fail(&fault),
            }
        }
    }

    /// The client broke a rule; what it sent before still counts.
    fn fail(&mut self, fault: &Fault) {
        self.end();
        self.out.extend(self.connection.close(fault.code, fault.reason));
    }

    /// Nothing more comes from the client.
    fn end(&mut self) {
        let read = std::mem::take(&mut self.read);
        self.shared.with(|session| session.end_with(read));
    }

    /// The next bytes to write; empty ones say nothing.
    fn poll_write(&mut self, cx: &mut Context<'_>) -> Poll<Option<Bytes>> {
        if let Some(frame) = self.out.pop_front() {
            return Poll::Ready(Some(frame));
        }
        if self.ended || self.connection.may_shut() {
            return Poll::Ready(None);
        }
        if !self.connection.may_send() {
            let sleep = || Box::pin(rt::time::sleep(CLOSE_TIMEOUT));
            return self.closing.get_or_insert_with(sleep).as_mut().poll(cx).map(|()| None);
        }
        let receiver = self.receiver;
        let next = self.shared.poll(Party::Receiver, cx, |session| match session.next(receiver, 0, now()) {
            Next::Nothing => Poll::Pending,
            Next::Frame(frame) => Poll::Ready((frame, None)),
            Next::Last(_) | Next::Detached => Poll::Ready((Bytes::new(), session.reason().cloned())),
        });
        next.map(|(frame, reason)| {
            let Some(reason) = reason else { return Some(self.wire.encode(&frame)) };
            self.out.extend(self.connection.close(wire::close_code(&reason), &reason.text));
            Some(self.wire.closing(&reason))
        })
    }
}

impl MessageBody for WebSocketBody {
    type Error = Infallible;

    fn size(&self) -> BodySize {
        BodySize::Stream
    }

    fn poll_next(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Result<Bytes, Infallible>>> {
        let body = self.get_mut();
        loop {
            body.poll_read(cx);
            match body.poll_write(cx) {
                Poll::Pending => return Poll::Pending,
                Poll::Ready(None) => return Poll::Ready(None),
                Poll::Ready(Some(bytes)) if bytes.is_empty() => {}
                Poll::Ready(Some(bytes)) => return Poll::Ready(Some(Ok(bytes))),
            }
        }
    }
}

impl Drop for WebSocketBody {
    fn drop(&mut self) {
        self.end();
    }
}
