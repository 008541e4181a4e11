//! REST of analytics (AN-REST): what has been applied, read at one position.

use std::time::Duration;

use actix_web::HttpResponse;
use hub_core::limits::Limits;
use hub_core::{Expired, Parameter, Position};
use hub_fanout::Snapshot;
use hub_server::http::problem::Problem;
use hub_server::rest::{Content, Request, Route, array_within, handler};

use crate::reads::AnalyticsReads;
use crate::schema;
use crate::state::State;

/// The REST calls of this service.
pub fn routes(reads: &AnalyticsReads, limits: &Limits) -> Vec<Route> {
    let summary = "Lists all positions, those that were closed with zeros";
    let source = Source { reads: reads.clone(), view_time: Duration::from_millis(limits.view_ms) };
    let all =
        Route::get("/api/analysis/all", summary, Content::Json(schema::positions), handler(&source, all));
    vec![all.reading(&ALL_PARAMETERS)]
}

/// Position of the flush that is asked for.
const AT: Parameter = Parameter::new("at");

static ALL_PARAMETERS: [Parameter; 1] = [AT];

/// Source of answers.
#[derive(Clone)]
struct Source {
    reads: AnalyticsReads,
    /// For which one answer may read a state.
    view_time: Duration,
}

impl Source {
    /// The state that a request asks for.
    fn state(&self, request: &Request) -> Result<Snapshot<State>, Problem> {
        let Some(text) = request.parameters().text(&AT) else { return Ok(self.reads.settled()) };
        let position = text.parse::<Position>().map_err(|error| AT.wrong(error.to_string()))?;
        self.reads.at(position).map_err(|Expired| {
            let detail =
                format!("at: the state as of {position} is not kept (any more), or no flush was there");
            Problem::new(410, detail)
        })
    }
}

/// `GET /api/analysis/all?at=`: every position (AN-WS-1 elements), those that were
/// closed with zeros, as of what was applied, or as of the flush at the position `at`, which is what `resume` names on
/// topics; 410 for one that is not kept (any more: `analytics.flushes_kept_ms`). However many they are, a chunk at a time is in memory, and nothing of it is kept; a body that is
/// not taken within `limits.view_ms`, or until more has changed than is kept (`limits.view_bytes`), is cut off.
async fn all(from: Source, request: Request) -> Result<HttpResponse, Problem> {
    let (state, mut key) = (from.state(&request)?, 0);
    Ok(array_within(from.view_time, move |out| {
        let row = state.position(key)?;
        key += 1;
        Ok(row.map(|row| row.position().write_json(out)).is_some())
    }))
}
