//! REST of the pipeline (section 3.4 of the platform's reference): what has
//! been applied, read at one position.

use actix_web::HttpResponse;
use bytes::Bytes;
use hub_core::parameters::{Count, whole};
use hub_core::schema::Schema;
use hub_core::{Offset, Parameter, TradeId};
use hub_log::EventLog;
use hub_server::http::problem::Problem;
use hub_server::rest::{Content, Handler, Request, Route, handler};

use crate::dead_letters;
use crate::endpoints::{ALERTS_SHOWN, LIMIT};
use crate::host::now;
use crate::state::RttmReads;
use crate::wire::{self, schema};

/// Dead letters that may be asked for, at most.
const LETTERS_MAX: usize = 1000;
/// Dead letters on a page.
const LETTERS_SHOWN: Count = Count { parameter: LIMIT, default: 100, min: 1, max: LETTERS_MAX };

const STATUS: Parameter = Parameter::new("status");
const TRADE_ID: Parameter = Parameter::new("tradeId");
const BEFORE: Parameter = Parameter::new("before");

static ALERTS: [Parameter; 2] = [STATUS, LIMIT];
static TRACK_TRADE: [Parameter; 1] = [TRADE_ID];
static DEAD_LETTERS: [Parameter; 2] = [LIMIT, BEFORE];

type Reads = RttmReads;

/// The REST calls of this service.
pub fn routes(reads: &RttmReads) -> Vec<Route> {
    fn get(path: &'static str, summary: &'static str, answer: fn() -> Schema, handler: Handler) -> Route {
        Route::get(path, summary, Content::Json(answer), handler)
    }
    vec![
        get("/api/rttm/metrics", "Gives the five metric cards", schema::cards, handler(reads, metrics)),
        get("/api/rttm/pipeline", "Gives the four stages", schema::pipeline, handler(reads, pipeline)),
        get("/api/rttm/dlq", "Counts and classifies dead letters", schema::dlq, handler(reads, dlq)),
        get(
            "/api/rttm/telemetry-snapshot",
            "Gives throughput, latencies and queues' lag",
            schema::telemetry_snapshot,
            handler(reads, telemetry_snapshot),
        ),
        get(
            "/api/rttm/queues",
            "Lists the queues with the largest lag",
            schema::queues,
            handler(reads, queues),
        ),
        get("/api/rttm/alerts", "Lists alerts, newest first", schema::alerts, handler(reads, alerts))
            .reading(&ALERTS),
        get(
            "/api/rttm/track-trade",
            "Lists what happened to a trade, by time",
            schema::trade_rows,
            handler(reads, track_trade),
        )
        .reading(&TRACK_TRADE),
        get(
            "/api/rttm/dead-letters",
            "Lists what the hub itself rejected, newest first",
            schema::letters,
            handler(reads, letter_page),
        )
        .reading(&DEAD_LETTERS),
        get(
            "/api/rttm/dead-letters/{id}",
            "Gives one of them with its payload",
            schema::letter,
            handler(reads, dead_letter),
        ),
    ]
}

/// The five cards.
async fn metrics(reads: Reads, _: Request) -> Result<HttpResponse, Problem> {
    Ok(answer(wire::json(&wire::cards(reads.settled().numbers()))))
}

/// The stages, in their order.
async fn pipeline(reads: Reads, _: Request) -> Result<HttpResponse, Problem> {
    Ok(answer(wire::json(&wire::pipeline(reads.settled().numbers()))))
}

async fn dlq(reads: Reads, _: Request) -> Result<HttpResponse, Problem> {
    Ok(answer(wire::json(&wire::dlq(&reads.settled()))))
}

async fn telemetry_snapshot(reads: Reads, _: Request) -> Result<HttpResponse, Problem> {
    Ok(answer(wire::json(&wire::telemetry_snapshot(&reads.settled()))))
}

/// The queues with the largest lag, each with its history (RT-QAGG).
async fn queues(reads: Reads, _: Request) -> Result<HttpResponse, Problem> {
    Ok(answer(wire::json(&wire::queues(&reads.settled()))))
}

/// `?status=ACTIVE|RESOLVED|ALL` (ACTIVE), `&limit=` (25): newest first.
async fn alerts(reads: Reads, request: Request) -> Result<HttpResponse, Problem> {
    let given = request.parameters();
    let limit = ALERTS_SHOWN.read(given)?;
    let (state, now) = (reads.settled(), now());
    let status = given.text(&STATUS).map(|status| status.to_ascii_uppercase());
    let (active, resolved) = match status.as_deref() {
        None | Some("ACTIVE") => (true, false),
        Some("RESOLVED") => (false, true),
        Some("ALL") => (true, true),
        Some(_) => return Err(STATUS.wrong("must be ACTIVE, RESOLVED or ALL").into()),
    };
    let board = state.alerts();
    let active = board.active.iter().filter(|_| active);
    let resolved = board.cleared.iter().filter(|_| resolved).map(|(_, alert)| alert);
    let rows: Vec<_> = active.chain(resolved).take(limit).map(|alert| wire::alert(alert, now)).collect();
    Ok(answer(wire::json(&rows)))
}

/// `?tradeId=`: the trade's events, ascending by time; `[]` if it is unknown,
/// or was forgotten (the newest 50,000 trades are kept, for 48 h, as far as
/// 64 MB reach).
async fn track_trade(reads: Reads, request: Request) -> Result<HttpResponse, Problem> {
    let given = request.parameters();
    let asked = given.text(&TRADE_ID).ok_or_else(|| TRADE_ID.wrong("is required"))?;
    let id: TradeId =
        asked.parse().map_err(|error: hub_core::id::IdError| TRADE_ID.wrong(error.to_string()))?;
    let (state, text) = (reads.settled(), id.to_string());
    let entries = state.trade(id).map(|trade| trade.entries()).unwrap_or_default();
    let rows: Vec<_> = entries.iter().map(|entry| wire::trade_row(&text, entry)).collect();
    Ok(answer(wire::json(&rows)))
}

/// `?limit=` (100, at most 1000), `&before=<id>`: what the hub itself
/// rejected, newest first; fewer where their payloads are large.
async fn letter_page(reads: Reads, request: Request) -> Result<HttpResponse, Problem> {
    let given = request.parameters();
    let before = match given.text(&BEFORE) {
        // The id of a dead letter, or a number beyond all of them.
        Some(id) => whole(&id).and_then(|id| u64::try_from(id).ok()).map(Offset),
        None => Some(Offset(u64::MAX)),
    };
    let before = before.ok_or_else(|| BEFORE.wrong("must be the id of a dead letter"))?;
    let limit = LETTERS_SHOWN.read(given)?;
    let state = reads.settled();
    let read = move |log: &dyn EventLog| {
        let page = dead_letters::page(&state, before, limit, log)?;
        Ok(wire::json(&wire::letters(&state, &page)))
    };
    Ok(answer(request.read_log(read).await?))
}

/// One dead letter.
async fn dead_letter(reads: Reads, request: Request) -> Result<HttpResponse, Problem> {
    let id = request.segment("id")?;
    let state = reads.settled();
    let found = letter_id(&id).and_then(|id| state.letter(id)).cloned();
    let letter = found.ok_or_else(|| Problem::not_found(format!("there is no dead letter {id}")))?;
    let epoch = state.applied().position.epoch;
    let read =
        move |log: &dyn EventLog| Ok(wire::json(&wire::letter(&dead_letters::open(&letter, log)?, epoch)));
    Ok(answer(request.read_log(read).await?))
}

fn letter_id(text: &str) -> Option<Offset> {
    text.parse().ok().map(Offset)
}

fn answer(json: Bytes) -> HttpResponse {
    HttpResponse::Ok().content_type("application/json").body(json)
}
