//! All positions.

use actix_web::HttpResponse;
use hub_server::http::problem::Problem;
use hub_server::rest::Request;

use super::Source;
use crate::state::State;

/// `GET /api/analysis/all?at=&limit=&cursor=`: every position (AN-WS-1 elements), those that were
/// closed with zeros, as of what was applied, or as of the flush at the position `at`, which is what `resume` names on
/// state topics; 410 for one that is not kept (any more: `analytics.flushes_kept_ms`). The header `X-Position` says which
/// it is. However many they are, a chunk at a time is in memory, and nothing of it is kept; a body that is not taken
/// within `limits.view_ms`, or until more has changed than is kept (`limits.view_bytes`), is cut off. With `limit`, a page
/// of them.
pub(super) async fn all(from: Source, request: Request) -> Result<HttpResponse, Problem> {
    let newest = |state: &State| state.rows.newest().to_string();
    from.list(&request, newest, 0, |state, key, out| {
        let row = state.position(*key)?;
        *key = key.saturating_add(1);
        Ok(row.map(|row| row.position().write_json(out)).is_some())
    })
}
