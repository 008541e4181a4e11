//! REST of analytics (AN-REST): what has been applied, read at one position.

use actix_web::HttpResponse;
use hub_server::http::problem::Problem;
use hub_server::rest::{Content, Request, Route, array, handler};

use crate::reads::AnalyticsReads;
use crate::schema;

/// The REST calls of this service.
pub fn routes(reads: &AnalyticsReads) -> Vec<Route> {
    let summary = "Lists all positions, those that were closed with zeros";
    vec![Route::get("/api/analysis/all", summary, Content::Json(schema::positions), handler(reads, all))]
}

/// `GET /api/analysis/all`: every position (AN-WS-1 elements), those that were
/// closed with zeros. The rows are encoded once and shared with the topic;
/// however many they are, a chunk at a time is in memory.
async fn all(reads: AnalyticsReads, _: Request) -> Result<HttpResponse, Problem> {
    let (state, mut key) = (reads.settled(), 0);
    Ok(array(move |out| {
        let row = state.position(key);
        key += 1;
        row.map(|row| out.extend_from_slice(&row.json())).is_some()
    }))
}
