//! `Expect: 100-continue` (RFC 9110, section 10.1.1): a 100 is sent when the
//! body is wanted, and not before. What is refused by its head is refused at
//! once, and the client need not send what nobody reads.

use std::cell::Cell;
use std::pin::Pin;
use std::rc::Rc;
use std::task::{Context, Poll};

use actix_http::{BoxedPayloadStream, HttpMessage as _, Payload, Request, Response};
use actix_service::Service;
use actix_web::Error;
use actix_web::body::BoxBody;
use actix_web::dev::ServiceResponse;
use actix_web::error::PayloadError;
use bytes::Bytes;
use futures_util::future::{Either, LocalBoxFuture, poll_fn};
use futures_util::stream::Stream;

use super::path;

type ServiceResult = Result<ServiceResponse<BoxBody>, Error>;

/// The application of one worker and service, as the HTTP server calls it for
/// a request.
pub(crate) struct Application<S>(Rc<S>);

/// The same, for a request that waits for a 100.
pub(crate) struct Expecting<S>(Rc<S>);

/// An answer under way whose request is known already: it wants the body.
struct InProgress<F>(Pin<Box<F>>);

impl<S> Application<S> {
    pub(crate) fn new(service: S) -> Application<S> {
        Application(Rc::new(service))
    }

    /// The service that is asked first where a client waits for a 100.
    pub(crate) fn expecting(&self) -> Expecting<S> {
        Expecting(Rc::clone(&self.0))
    }
}

impl<S> Clone for Application<S> {
    fn clone(&self) -> Self {
        Application(Rc::clone(&self.0))
    }
}

impl<S> Clone for Expecting<S> {
    fn clone(&self) -> Self {
        Expecting(Rc::clone(&self.0))
    }
}

impl<S> Service<Request> for Application<S>
where
    S: Service<Request, Response = ServiceResponse<BoxBody>, Error = Error>,
    S::Future: 'static,
{
    type Response = ServiceResponse<BoxBody>;
    type Error = Error;
    type Future = Either<S::Future, Pin<Box<S::Future>>>;

    actix_service::always_ready!();

    fn call(&self, mut request: Request) -> Self::Future {
        if let Some(InProgress(answer)) = request.extensions_mut().remove() {
            return Either::Right(answer);
        }
        path::normalize(&mut request.head_mut().uri);
        Either::Left(self.0.call(request))
    }
}

impl<S> Service<Request> for Expecting<S>
where
    S: Service<Request, Response = ServiceResponse<BoxBody>, Error = Error>,
    S::Future: 'static,
{
    /// Stands for the request: with it, [`Application`] goes on.
    type Response = Request;
    /// The answer that needs no body.
    type Error = Response<BoxBody>;
    type Future = LocalBoxFuture<'static, Result<Request, Response<BoxBody>>>;

    actix_service::always_ready!();

    fn call(&self, mut request: Request) -> Self::Future {
        path::normalize(&mut request.head_mut().uri);
        let is_read = Rc::new(Cell::new(false));
        let body = ObservedBody { body: request.take_payload(), is_read: Rc::clone(&is_read) };
        *request.payload() = Payload::Stream { payload: Box::pin(body) as BoxedPayloadStream };
        let mut answer = Some(Box::pin(self.0.call(request)));
        Box::pin(poll_fn(move |cx| {
            let Some(begun) = &mut answer else { return Poll::Pending };
            match begun.as_mut().poll(cx) {
                Poll::Ready(answer) => Poll::Ready(Err(whole(answer))),
                Poll::Pending if is_read.get() => {
                    let request = Request::new();
                    if let Some(begun) = answer.take() {
                        request.extensions_mut().insert(InProgress(begun));
                    }
                    Poll::Ready(Ok(request))
                }
                Poll::Pending => Poll::Pending,
            }
        }))
    }
}

fn whole(answer: ServiceResult) -> Response<BoxBody> {
    answer.map_or_else(Into::into, Into::into)
}

/// A body that tells when it is asked for.
struct ObservedBody {
    body: Payload,
    is_read: Rc<Cell<bool>>,
}

impl Stream for ObservedBody {
    type Item = Result<Bytes, PayloadError>;

    fn poll_next(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        self.is_read.set(true);
        Pin::new(&mut self.body).poll_next(cx)
    }
}
