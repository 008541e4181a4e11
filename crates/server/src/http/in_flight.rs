//! Requests that are being answered, to the last byte of the answer.

use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::task::{Context, Poll};

use actix_web::body::{BodySize, BoxBody, MessageBody};
use bytes::Bytes;
use tokio::sync::Notify;

/// Number of requests that are being answered, over all workers.
#[derive(Clone, Default)]
pub(crate) struct InFlight(Arc<(AtomicUsize, Notify)>);

/// One request.
pub(crate) struct InFlightGuard(InFlight);

impl InFlight {
    pub(crate) fn enter(&self) -> InFlightGuard {
        self.0.0.fetch_add(1, Ordering::AcqRel);
        InFlightGuard(self.clone())
    }

    /// Resolves once there are none.
    pub(crate) async fn none(&self) {
        loop {
            let changed = self.0.1.notified();
            if self.0.0.load(Ordering::Acquire) == 0 {
                return;
            }
            changed.await;
        }
    }
}

impl Drop for InFlightGuard {
    fn drop(&mut self) {
        let (count, changed) = &*self.0.0;
        if count.fetch_sub(1, Ordering::AcqRel) == 1 {
            changed.notify_waiters();
        }
    }
}

/// A body whose request is in flight until all of it is handed over: `G` says
/// so as long as it is.
pub(crate) struct GuardedBody<G> {
    body: BoxBody,
    _guard: G,
}

impl<G: Unpin + 'static> GuardedBody<G> {
    pub(crate) fn boxed(body: BoxBody, guard: G) -> BoxBody {
        BoxBody::new(GuardedBody { body, _guard: guard })
    }
}

impl<G: Unpin> MessageBody for GuardedBody<G> {
    type Error = Box<dyn std::error::Error>;

    fn size(&self) -> BodySize {
        self.body.size()
    }

    fn poll_next(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Result<Bytes, Self::Error>>> {
        Pin::new(&mut self.body).poll_next(cx)
    }
}
