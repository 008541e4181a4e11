//! REST of the pipeline (section 3.4 of the platform's reference): what has
//! been applied, read at one position.

use std::collections::HashMap;
use std::sync::Arc;

use actix_web::{HttpResponse, web};
use bytes::Bytes;
use hub_core::{Offset, TradeId};
use hub_server::Routes;
use hub_server::http::problem::Problem;
use hub_server::http::read_only;

use crate::endpoints;
use crate::host::now;
use crate::state::RttmReads;
use crate::wire;

/// How many dead letters a page has where nothing else is asked for.
const LETTERS_SHOWN: usize = 100;
/// How many may be asked for.
const LETTERS_MAX: usize = 1000;

type Reads = web::Data<RttmReads>;
type Parameters = web::Query<HashMap<String, String>>;

/// The routes of this service.
pub fn routes(reads: RttmReads) -> Routes {
    Arc::new(move |config| {
        config.app_data(web::Data::new(reads.clone()));
        config
            .service(read_only("/api/rttm/metrics", metrics))
            .service(read_only("/api/rttm/pipeline", pipeline))
            .service(read_only("/api/rttm/dlq", dlq))
            .service(read_only("/api/rttm/telemetry-snapshot", telemetry_snapshot))
            .service(read_only("/api/rttm/queues", queues))
            .service(read_only("/api/rttm/alerts", alerts))
            .service(read_only("/api/rttm/track-trade", track_trade))
            .service(read_only("/api/rttm/dead-letters", dead_letters))
            .service(read_only("/api/rttm/dead-letters/{id}", dead_letter));
    })
}

/// The five cards.
async fn metrics(reads: Reads) -> HttpResponse {
    answer(wire::json(&wire::cards(reads.current().numbers())))
}

/// The stages, in their order.
async fn pipeline(reads: Reads) -> HttpResponse {
    answer(wire::json(&wire::pipeline(reads.current().numbers())))
}

async fn dlq(reads: Reads) -> HttpResponse {
    answer(wire::json(&wire::dlq(&reads.current())))
}

async fn telemetry_snapshot(reads: Reads) -> HttpResponse {
    answer(wire::json(&wire::telemetry_snapshot(&reads.current())))
}

/// The queues with the largest lag, each with its history (RT-QAGG).
async fn queues(reads: Reads) -> HttpResponse {
    answer(wire::json(&wire::queues(&reads.current())))
}

/// `?status=ACTIVE|RESOLVED|ALL` (ACTIVE), `&limit=` (25): newest first.
async fn alerts(reads: Reads, parameters: Parameters) -> Result<HttpResponse, Problem> {
    let limit = endpoints::limit(given(&parameters, "limit")).map_err(Problem::bad_request)?;
    let (state, now) = (reads.current(), now());
    let status = given(&parameters, "status").unwrap_or("ACTIVE").to_ascii_uppercase();
    let (active, resolved) = match status.as_str() {
        "ACTIVE" => (true, false),
        "RESOLVED" => (false, true),
        "ALL" => (true, true),
        _ => return Err(Problem::bad_request("status must be ACTIVE, RESOLVED or ALL")),
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
async fn track_trade(reads: Reads, parameters: Parameters) -> Result<HttpResponse, Problem> {
    let asked = given(&parameters, "tradeId").ok_or_else(|| Problem::bad_request("tradeId is required"))?;
    let id: TradeId = asked.parse().map_err(|error| Problem::bad_request(format!("tradeId {error}")))?;
    let (state, text) = (reads.current(), id.to_string());
    let entries = state.trade(id).map(|trade| trade.entries()).unwrap_or_default();
    let rows: Vec<_> = entries.iter().map(|entry| wire::trade_row(&text, entry)).collect();
    Ok(answer(wire::json(&rows)))
}

/// `?limit=` (100, at most 1000), `&before=<id>`: what the hub itself
/// rejected, newest first.
async fn dead_letters(reads: Reads, parameters: Parameters) -> Result<HttpResponse, Problem> {
    let before = match given(&parameters, "before") {
        Some(id) => {
            letter_id(id).ok_or_else(|| Problem::bad_request("before must be the id of a dead letter"))?
        }
        None => Offset(u64::MAX),
    };
    let limit = match given(&parameters, "limit").map(endpoints::whole_number) {
        Some(Some(limit)) => limit.clamp(1, LETTERS_MAX),
        Some(None) => return Err(Problem::bad_request("limit must be a whole number")),
        None => LETTERS_SHOWN,
    };
    Ok(answer(wire::json(&wire::letters(&reads.current(), before, limit))))
}

/// One dead letter.
async fn dead_letter(reads: Reads, id: web::Path<String>) -> Result<HttpResponse, Problem> {
    let state = reads.current();
    let found = letter_id(&id).and_then(|id| state.letter(id));
    let letter = found.ok_or_else(|| Problem::not_found(format!("there is no dead letter {id}")))?;
    Ok(answer(wire::json(&wire::letter(letter, &state))))
}

fn letter_id(text: &str) -> Option<Offset> {
    text.parse().ok().map(Offset)
}

fn given<'a>(parameters: &'a Parameters, name: &str) -> Option<&'a str> {
    parameters.get(name).map(String::as_str)
}

fn answer(json: Bytes) -> HttpResponse {
    HttpResponse::Ok().content_type("application/json").body(json)
}
