//! REST of the auto-trader.

mod body;
mod commands;
mod views;

use std::str::FromStr;

use actix_web::HttpResponse;
use hub_core::event::trading::{SessionId, TradeId};
use hub_core::normalize::trading;
use hub_server::http::problem::Problem;
use hub_server::rest::{Content, Request, Route, array, handler};

use self::body::Empty;
use self::commands::execute;
use crate::reads::AutotraderReads;
use crate::schema;
use crate::session::Session;
use crate::state::State;

/// The REST calls of this service.
pub fn routes(reads: &AutotraderReads) -> Vec<Route> {
    let (session_json, trade_json) = (Content::Json(schema::session), Content::Json(schema::trade));
    let post = |path, summary, body, answer, handler| {
        Route::post(path, summary, Some(Content::Json(body)), answer, handler)
    };
    vec![
        Route::get(
            "/api/auto-trader/sessions",
            "Lists the sessions",
            Content::Json(schema::sessions),
            handler(reads, sessions),
        ),
        post(
            "/api/auto-trader/sessions",
            "Creates a session",
            schema::create_session,
            session_json,
            handler(reads, create),
        ),
        Route::get(
            "/api/auto-trader/sessions/{id}",
            "Gives a session",
            session_json,
            handler(reads, session),
        ),
        Route::get(
            "/api/auto-trader/sessions/{id}/trades",
            "Lists a session's trades: all open ones, the latest closed ones",
            Content::Json(schema::trades),
            handler(reads, trades),
        ),
        post(
            "/api/auto-trader/sessions/{id}/trades",
            "Opens a trade",
            schema::open_trade,
            trade_json,
            handler(reads, open),
        ),
        post(
            "/api/auto-trader/sessions/{id}/stop",
            "Stops a session and closes its trades",
            schema::stop_session,
            session_json,
            handler(reads, stop),
        ),
        post(
            "/api/auto-trader/trades/{id}/close",
            "Closes a trade",
            schema::close_trade,
            trade_json,
            handler(reads, close),
        ),
    ]
}

/// `GET /sessions`: all that are kept, by id, as of one position; however many
/// they are, a chunk at a time is in memory.
async fn sessions(reads: AutotraderReads, _: Request) -> Result<HttpResponse, Problem> {
    let (state, mut next) = (reads.settled(), SessionId(0));
    Ok(array(move |out| {
        let session = state.sessions_from(next).next();
        session
            .map(|session| {
                next = SessionId(session.id.0 + 1);
                views::session(out, session, state.applied().at);
            })
            .is_some()
    }))
}

/// `GET /sessions/{id}`.
async fn session(reads: AutotraderReads, request: Request) -> Result<HttpResponse, Problem> {
    let id = request.segment("id")?;
    let state = reads.settled();
    let session = find(&state, &id)?;
    let mut out = Vec::new();
    views::session(&mut out, session, state.applied().at);
    Ok(json(out))
}

/// `GET /sessions/{id}/trades`: open ones with their P&L at the last price,
/// and the latest closed ones, by id.
async fn trades(reads: AutotraderReads, request: Request) -> Result<HttpResponse, Problem> {
    let id = request.segment("id")?;
    let state = reads.settled();
    let session = find(&state, &id)?;
    let mut out = vec![b'['];
    for (index, trade) in session.trades().iter().enumerate() {
        if index > 0 {
            out.push(b',');
        }
        views::trade(&mut out, trade, state.quote(&trade.symbol), state.freshness());
    }
    out.push(b']');
    Ok(json(out))
}

/// `POST /sessions {name?, initialCapital, requestId?}`: 201 with the session.
async fn create(reads: AutotraderReads, request: Request) -> Result<HttpResponse, Problem> {
    execute(reads, request, Empty::Refused, 201, trading::create_session).await
}

/// `POST /sessions/{id}/trades {symbol, quantity, side?, entryPrice?,
/// stopLoss?, target?, requestId?}`: 201 with the trade.
async fn open(reads: AutotraderReads, request: Request) -> Result<HttpResponse, Problem> {
    let id: SessionId = parse("session", &request.segment("id")?)?;
    execute(reads, request, Empty::Refused, 201, |item| trading::open_trade(id, item)).await
}

/// `POST /trades/{id}/close {price?, requestId?}`: 200 with the trade.
async fn close(reads: AutotraderReads, request: Request) -> Result<HttpResponse, Problem> {
    let id: TradeId = parse("trade", &request.segment("id")?)?;
    execute(reads, request, Empty::Allowed, 200, |item| trading::close_trade(id, item)).await
}

/// `POST /sessions/{id}/stop {requestId?}`: 200 with the session.
async fn stop(reads: AutotraderReads, request: Request) -> Result<HttpResponse, Problem> {
    let id: SessionId = parse("session", &request.segment("id")?)?;
    execute(reads, request, Empty::Allowed, 200, |item| trading::stop_session(id, item)).await
}

fn find<'s>(state: &'s State, id: &str) -> Result<&'s Session, Problem> {
    let found = parse("session", id).map(|id| state.session(id))?;
    found.map(|session| &**session).ok_or_else(|| unknown("session", id))
}

/// Parses an id of a `what`. A text that is no id names nothing: 404.
fn parse<T: FromStr>(what: &str, id: &str) -> Result<T, Problem> {
    id.parse().map_err(|_| unknown(what, id))
}

fn unknown(what: &str, id: &str) -> Problem {
    Problem::not_found(format!("there is no {what} {id}"))
}

fn json(body: Vec<u8>) -> HttpResponse {
    HttpResponse::Ok().content_type("application/json").body(body)
}
