//! Unrealised P&L (AN-UPL).

use actix_web::HttpResponse;
use hub_server::http::problem::Problem;
use hub_server::rest::Request;

use super::Source;
use crate::marks::Positions as _;
use crate::state::State;

/// `GET /api/unrealized?at=&limit=&cursor=`: the marks of all portfolios (AN-WS-2 elements), in the order of their first trades; one of which
/// nothing has a price has none. It reads, and broadcasts nothing (against BUG-A11).
pub(super) async fn all(from: Source, request: Request) -> Result<HttpResponse, Problem> {
    let newest = |state: &State| state.portfolios.newest().max(state.reference.listings.newest()).to_string();
    from.list(&request, newest, 0, |state, key, out| {
        while let Some(id) = state.portfolio_id(*key)? {
            *key += 1;
            if let Some(mark) = state.mark(id)? {
                out.extend_from_slice(&mark);
                return Ok(true);
            }
        }
        Ok(false)
    })
}
