//! REST of analytics (AN-REST): what has been applied, read at one position.

use std::time::Duration;

use actix_web::HttpResponse;
use hub_core::limits::Limits;
use hub_server::http::problem::Problem;
use hub_server::rest::{Content, Request, Route, array_within, handler};

use crate::reads::AnalyticsReads;
use crate::schema;

/// The REST calls of this service.
pub fn routes(reads: &AnalyticsReads, limits: &Limits) -> Vec<Route> {
    let summary = "Lists all positions, those that were closed with zeros";
    let source = Source { reads: reads.clone(), view_time: Duration::from_millis(limits.view_ms) };
    vec![Route::get("/api/analysis/all", summary, Content::Json(schema::positions), handler(&source, all))]
}

/// Source of answers.
#[derive(Clone)]
struct Source {
    reads: AnalyticsReads,
    /// For which one answer may read a state.
    view_time: Duration,
}

/// `GET /api/analysis/all`: every position (AN-WS-1 elements), those that were
/// closed with zeros. However many they are, a chunk at a time is in memory, and nothing of it is kept; a body that is
/// not taken within `limits.view_ms`, or until more has changed than is kept (`limits.view_bytes`), is cut off.
async fn all(from: Source, _: Request) -> Result<HttpResponse, Problem> {
    let (state, mut key) = (from.reads.settled(), 0);
    Ok(array_within(from.view_time, move |out| {
        let row = state.position(key)?;
        key += 1;
        Ok(row.map(|row| row.position().write_json(out)).is_some())
    }))
}
