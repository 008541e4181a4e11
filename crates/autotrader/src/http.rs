//! REST of the auto-trader.

mod body;
mod door;
mod views;

use std::convert::Infallible;
use std::str::FromStr;
use std::sync::Arc;

use actix_web::http::header::{ALLOW, HeaderValue};
use actix_web::web::{self, Data, Path, Payload, ServiceConfig};
use actix_web::{HttpRequest, HttpResponse, ResponseError as _, Route};
use bytes::{BufMut as _, Bytes};
use futures_util::stream;
use hub_core::event::trading::{SessionId, TradeId};
use hub_core::normalize::trading;
use hub_server::Routes;
use hub_server::http::problem::Problem;
use hub_server::query::{declaring, reading};

use self::door::Door;
use crate::reads::AutotraderReads;
use crate::session::Session;
use crate::state::State;

/// How much of a body is put together at a time.
const CHUNK_BYTES: usize = 64 << 10;

/// The routes of this service.
pub fn routes(reads: AutotraderReads) -> Routes {
    Arc::new(move |config: &mut ServiceConfig| {
        config.app_data(Data::new(reads.clone()));
        config
            .service(
                web::resource("/api/auto-trader/sessions")
                    .route(declaring(web::get().to(sessions), &[]))
                    .route(declaring(web::head().to(sessions), &[]))
                    .route(declaring(web::post().to(create), &[]))
                    .default_service(not_allowed("GET, HEAD, POST")),
            )
            .service(reading("/api/auto-trader/sessions/{id}", &[], session))
            .service(
                web::resource("/api/auto-trader/sessions/{id}/trades")
                    .route(declaring(web::get().to(trades), &[]))
                    .route(declaring(web::head().to(trades), &[]))
                    .route(declaring(web::post().to(open), &[]))
                    .default_service(not_allowed("GET, HEAD, POST")),
            )
            .service(
                web::resource("/api/auto-trader/sessions/{id}/stop")
                    .route(declaring(web::post().to(stop), &[]))
                    .default_service(not_allowed("POST")),
            )
            .service(
                web::resource("/api/auto-trader/trades/{id}/close")
                    .route(declaring(web::post().to(close), &[]))
                    .default_service(not_allowed("POST")),
            );
    })
}

/// `GET /sessions`: all that are kept, by id, as of one position; however many
/// they are, a chunk at a time is in memory.
async fn sessions(reads: Data<AutotraderReads>) -> HttpResponse {
    let state = reads.settled();
    let mut next = Some(SessionId(0));
    let chunks = std::iter::from_fn(move || {
        let from = next?;
        let (chunk, more) = chunk(&state, from);
        next = more;
        Some(Ok::<Bytes, Infallible>(chunk))
    });
    HttpResponse::Ok().content_type("application/json").streaming(stream::iter(chunks))
}

/// A part of the array of sessions, and where the next part begins.
fn chunk(state: &State, from: SessionId) -> (Bytes, Option<SessionId>) {
    let mut out = Vec::with_capacity(4096);
    let mut first = from == SessionId(0);
    if first {
        out.put_u8(b'[');
    }
    for session in state.sessions_from(from) {
        if out.len() >= CHUNK_BYTES {
            return (out.into(), Some(session.id));
        }
        if !std::mem::take(&mut first) {
            out.put_u8(b',');
        }
        views::session(&mut out, session, state.applied().at);
    }
    out.put_u8(b']');
    (out.into(), None)
}

/// `GET /sessions/{id}`.
async fn session(reads: Data<AutotraderReads>, id: Path<String>) -> Result<HttpResponse, Problem> {
    let state = reads.settled();
    let session = find(&state, &id)?;
    let mut out = Vec::new();
    views::session(&mut out, session, state.applied().at);
    Ok(json(out))
}

/// `GET /sessions/{id}/trades`: open ones with their P&L at the last price,
/// and the latest closed ones, by id.
async fn trades(reads: Data<AutotraderReads>, id: Path<String>) -> Result<HttpResponse, Problem> {
    let state = reads.settled();
    let session = find(&state, &id)?;
    let mut out = vec![b'['];
    for (index, trade) in session.trades().iter().enumerate() {
        if index > 0 {
            out.push(b',');
        }
        views::trade(&mut out, trade, state.quote(&trade.symbol).map(|quote| quote.price));
    }
    out.push(b']');
    Ok(json(out))
}

/// `POST /sessions {name?, initialCapital, requestId?}`: 201 with the session.
async fn create(request: HttpRequest, payload: Payload, door: Door) -> Result<HttpResponse, Problem> {
    let body = body::read(&request, payload, &door.chassis, body::Empty::Refused).await?;
    door.answer(&body, 201, trading::create_session).await
}

/// `POST /sessions/{id}/trades {symbol, quantity, side?, entryPrice?,
/// stopLoss?, target?, requestId?}`: 201 with the trade.
async fn open(
    request: HttpRequest,
    payload: Payload,
    id: Path<String>,
    door: Door,
) -> Result<HttpResponse, Problem> {
    let id: SessionId = parse("session", &id)?;
    let body = body::read(&request, payload, &door.chassis, body::Empty::Refused).await?;
    door.answer(&body, 201, |item| trading::open_trade(id, item)).await
}

/// `POST /trades/{id}/close {price?, requestId?}`: 200 with the trade.
async fn close(
    request: HttpRequest,
    payload: Payload,
    id: Path<String>,
    door: Door,
) -> Result<HttpResponse, Problem> {
    let id: TradeId = parse("trade", &id)?;
    let body = body::read(&request, payload, &door.chassis, body::Empty::Allowed).await?;
    door.answer(&body, 200, |item| trading::close_trade(id, item)).await
}

/// `POST /sessions/{id}/stop {requestId?}`: 200 with the session.
async fn stop(
    request: HttpRequest,
    payload: Payload,
    id: Path<String>,
    door: Door,
) -> Result<HttpResponse, Problem> {
    let id: SessionId = parse("session", &id)?;
    let body = body::read(&request, payload, &door.chassis, body::Empty::Allowed).await?;
    door.answer(&body, 200, |item| trading::stop_session(id, item)).await
}

fn find<'s>(state: &'s State, id: &str) -> Result<&'s Session, Problem> {
    let found = parse("session", id).map(|id| state.session(id))?;
    found.map(|session| &**session).ok_or_else(|| unknown("session", id))
}

/// What is no id names nothing.
fn parse<T: FromStr>(what: &str, id: &str) -> Result<T, Problem> {
    id.parse().map_err(|_| unknown(what, id))
}

fn unknown(what: &str, id: &str) -> Problem {
    Problem::not_found(format!("there is no {what} {id}"))
}

fn json(body: Vec<u8>) -> HttpResponse {
    HttpResponse::Ok().content_type("application/json").body(body)
}

/// 405, with the methods that a path has.
fn not_allowed(methods: &'static str) -> Route {
    web::to(move |request: HttpRequest| async move {
        let detail = format!("{} is not allowed at {}", request.method(), request.path());
        let mut response = Problem::new(405, detail).error_response();
        response.headers_mut().insert(ALLOW, HeaderValue::from_static(methods));
        response
    })
}
