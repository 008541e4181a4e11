//! REST of analytics (AN-REST): what has been applied, read at one position.

use std::time::Duration;

use actix_web::HttpResponse;
use actix_web::http::header::{HeaderName, HeaderValue};
use hub_core::limits::Limits;
use hub_core::{Expired, Parameter, Position};
use hub_fanout::Snapshot;
use hub_server::http::problem::Problem;
use hub_server::rest::{Content, Request, Route, array_within, handler};

use crate::config::AnalyticsConfig;
use crate::reads::AnalyticsReads;
use crate::schema;
use crate::state::State;

/// The REST calls of this service.
pub fn routes(reads: &AnalyticsReads, config: &AnalyticsConfig, limits: &Limits) -> Vec<Route> {
    let summary = "Lists all positions, those that were closed with zeros";
    let source = Source {
        reads: reads.clone(),
        view_time: Duration::from_millis(limits.view_ms),
        flushes_kept_ms: config.flushes_kept_ms,
    };
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
    flushes_kept_ms: u32,
}

impl Source {
    /// The state that a request asks for.
    fn state(&self, request: &Request) -> Result<Snapshot<State>, Problem> {
        let Some(text) = request.parameters().text(&AT) else { return Ok(self.reads.settled()) };
        let position = text.parse::<Position>().map_err(|error| AT.wrong(error.to_string()))?;
        self.reads.at(position).map_err(|Expired| self.not_kept(position))
    }

    /// 410, and why.
    fn not_kept(&self, position: Position) -> Problem {
        let newest = self.reads.settled().applied().position;
        let reason = if self.flushes_kept_ms == 0 {
            "no flush is kept here (analytics.flushes_kept_ms is 0)".to_owned()
        } else if position.epoch != newest.epoch {
            format!("{position} is of another log: positions begin with {} here", newest.epoch)
        } else if position.offset > newest.offset {
            format!("{position} is yet to come: {newest} was applied last")
        } else {
            format!(
                "no flush at {position} is kept: a state topic's resume names one, which is kept for {} ms \
                 (analytics.flushes_kept_ms) as far as limits.view_bytes go, and not over a restart",
                self.flushes_kept_ms
            )
        };
        Problem::new(410, AT.wrong(reason).to_string())
    }
}

/// `GET /api/analysis/all?at=`: every position (AN-WS-1 elements), those that were
/// closed with zeros, as of what was applied, or as of the flush at the position `at`, which is what `resume` names on
/// state topics; 410 for one that is not kept (any more: `analytics.flushes_kept_ms`). The header `X-Position` says which
/// it is. However many they are, a chunk at a time is in memory, and nothing of it is kept; a body that is not taken
/// within `limits.view_ms`, or until more has changed than is kept (`limits.view_bytes`), is cut off.
async fn all(from: Source, request: Request) -> Result<HttpResponse, Problem> {
    let (state, mut key) = (from.state(&request)?, 0);
    let position = state.applied().position;
    let mut response = array_within(from.view_time, move |out| {
        let row = state.position(key)?;
        key += 1;
        Ok(row.map(|row| row.position().write_json(out)).is_some())
    });
    if let Ok(value) = HeaderValue::from_str(&position.to_string()) {
        response.headers_mut().insert(HeaderName::from_static("x-position"), value);
    }
    Ok(response)
}
