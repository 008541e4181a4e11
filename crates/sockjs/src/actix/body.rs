//! A response's body: the session's receiver for as long as it lasts.

use std::convert::Infallible;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};

use actix_web::body::{BodySize, MessageBody};
use bytes::Bytes;

use super::shared::{Party, Shared, now};
use crate::response::{Part, Response};

/// A chunk for what waits. Dropped before its end, it takes the client for gone.
pub(super) struct Body {
    shared: Arc<Shared>,
    response: Response,
}

impl Body {
    pub(super) fn new(shared: Arc<Shared>, response: Response) -> Body {
        Body { shared, response }
    }

    /// The next chunk; `None` at the end.
    pub(super) fn poll_chunk(&mut self, cx: &mut Context<'_>) -> Poll<Option<Bytes>> {
        let response = &mut self.response;
        self.shared.poll(Party::Receiver, cx, |session| match response.next(session, now()) {
            Part::Chunk(chunk) => Poll::Ready(Some(chunk)),
            Part::End => Poll::Ready(None),
            Part::Nothing => Poll::Pending,
        })
    }
}

impl MessageBody for Body {
    type Error = Infallible;

    fn size(&self) -> BodySize {
        BodySize::Stream
    }

    fn poll_next(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Result<Bytes, Infallible>>> {
        self.get_mut().poll_chunk(cx).map(|chunk| chunk.map(Ok))
    }
}

impl Drop for Body {
    fn drop(&mut self) {
        let response = &mut self.response;
        self.shared.with(|session| response.abandon(session, now()));
    }
}
