//! A portfolio's worth from day to day.

use actix_web::HttpResponse;
use hub_core::{Count, Parameter};
use hub_server::http::problem::Problem;
use hub_server::rest::Request;
use hub_server::rest::page::{AT, LIMIT};

use super::{Source, portfolio_id};
use crate::history::DAYS_KEPT;

/// Days that are listed: by default as many as a risk has values.
const DAYS: Count = Count { parameter: LIMIT, default: 30, min: 1, max: DAYS_KEPT };

pub(super) static PARAMETERS: [Parameter; 2] = [DAYS.parameter, AT];

/// `GET /api/portfolio_value/history/{portfolioId}?limit=30`: the days on which the portfolio has a value, newest first
/// (AN-PVAL): `[{"id","portfolioId","date","portfolioValue","createdAt","updatedAt"}]`, at most 400. A day on which
/// something that it held had no price is not in it; a portfolio of which nothing is known has none.
pub(super) async fn of_portfolio(from: Source, request: Request) -> Result<HttpResponse, Problem> {
    let id = portfolio_id(&request)?;
    let days = DAYS.read(request.parameters())?;
    from.answer(&request, |state, out| {
        out.push(b'[');
        for (number, entry) in state.history().entries(id, state.key(id)).take(days).enumerate() {
            if number > 0 {
                out.push(b',');
            }
            entry.write_json(id, out);
        }
        out.push(b']');
        Ok(Ok(()))
    })
}
