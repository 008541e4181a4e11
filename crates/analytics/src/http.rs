//! REST of analytics (AN-REST): what has been applied, read at one position.
//!
//! Every call takes `at`, the position of a flush that is kept, and says in the header `X-Position` what its answer is as
//! of; a position that is not kept is 410. `ETag` is of what the answer depends on, so that a poll which
//! finds nothing new is 304: the log's ticks alone change nothing. What may be long comes in pages, too, all of which are
//! of one flush: `limit`, and `cursor` as the header `Link` has it.

mod explain;
mod history;
mod marks;
mod portfolios;
mod positions;
mod prices;
mod sectors;
mod transactions;

use std::fmt;
use std::str::FromStr;
use std::time::Duration;

use actix_web::{HttpResponse, ResponseError as _};
use hub_core::limits::Limits;
use hub_core::normalize::Kind;
use hub_core::schema::Schema;
use hub_core::{Expired, Parameter, ParameterError, PortfolioId, Position, SymbolCase};
use hub_fanout::Snapshot;
use hub_server::http::ingest;
use hub_server::http::problem::Problem;
use hub_server::rest::page::{AT, CURSOR, LIMIT, Page, at_position};
use hub_server::rest::{Content, Handler, Request, Route, array_within, digest, handler, tagged};

use crate::config::AnalyticsConfig;
use crate::reads::AnalyticsReads;
use crate::schema;
use crate::state::State;

/// The REST calls of this service.
pub fn routes(
    reads: &AnalyticsReads,
    config: &AnalyticsConfig,
    symbol_case: SymbolCase,
    limits: &Limits,
) -> Vec<Route> {
    let source = Source {
        reads: reads.clone(),
        symbol_case,
        view_time: Duration::from_millis(limits.view_ms),
        flushes_kept_ms: config.flushes_kept_ms,
    };
    let unrealized = "Lists the unrealised P&L of all portfolios";
    let mut routes = vec![
        get(
            "/api/analysis/all",
            "Lists all positions, those that were closed with zeros",
            schema::positions,
            handler(&source, positions::all),
        )
        .reading(&PAGE_PARAMETERS),
        get("/api/unrealized", unrealized, schema::marks, handler(&source, marks::all))
            .reading(&PAGE_PARAMETERS),
        get(
            "/api/analytics/initial-unrealized-pnl",
            "Lists the same, by the name that documents of the platform have",
            schema::marks,
            handler(&source, marks::all),
        )
        .reading(&PAGE_PARAMETERS),
        get(
            "/api/prices",
            "Lists the last prices, of `symbols` or of all",
            schema::prices,
            handler(&source, prices::list),
        )
        .reading(&prices::PARAMETERS),
        get(
            "/api/transactions",
            "Lists transactions that were applied, the newest first, 100 at a time",
            schema::transactions,
            handler(&source, transactions::list),
        )
        .reading(&transactions::PARAMETERS),
    ];
    routes.extend(of_portfolios(&source));
    routes.extend(sectors::routes(&source));
    routes.extend(explain::routes(&source));
    routes.push(ingest::taking_in(
        Kind::Transactions,
        "/api/transactions",
        "Takes in transactions, by the name that the platform has",
    ));
    routes
}

/// The calls that show portfolios by themselves.
fn of_portfolios(from: &Source) -> [Route; 3] {
    [
        get(
            "/api/portfolio/all",
            "Lists all portfolios by name",
            schema::portfolios,
            handler(from, portfolios::all),
        )
        .reading(&PAGE_PARAMETERS),
        get(
            "/api/portfolio/{portfolioId}",
            "Shows a portfolio's name",
            schema::portfolio,
            handler(from, portfolios::one),
        ),
        get(
            "/api/portfolio_value/history/{portfolioId}",
            "Lists a portfolio's worth at the ends of days, newest first: 30 days, at most 400",
            schema::history,
            handler(from, history::of_portfolio),
        )
        .reading(&history::PARAMETERS),
    ]
}

/// A call that reads a state.
fn get(path: &'static str, summary: &'static str, answer: fn() -> Schema, handler: Handler) -> Route {
    Route::get(path, summary, Content::Json(answer), handler).reading(&AT_PARAMETERS)
}

/// In place of a position: that of the newest flush, which can be asked for again.
const NEWEST_FLUSH: &str = "flush";

static AT_PARAMETERS: [Parameter; 1] = [AT];
static PAGE_PARAMETERS: [Parameter; 3] = [AT, LIMIT, CURSOR];

/// The portfolio that a path names.
const PORTFOLIO_ID: Parameter = Parameter::new("portfolioId");

/// Source of answers.
#[derive(Clone)]
struct Source {
    reads: AnalyticsReads,
    symbol_case: SymbolCase,
    /// For which one answer may read a state.
    view_time: Duration,
    flushes_kept_ms: u32,
}

impl Source {
    /// The state that a request asks for.
    fn state(&self, request: &Request) -> Result<Snapshot<State>, Problem> {
        let Some(text) = request.parameters().text(&AT) else { return Ok(self.reads.settled()) };
        if text == NEWEST_FLUSH {
            return self.newest_flush(&AT);
        }
        let position = text.parse::<Position>().map_err(|error| AT.wrong(error.to_string()))?;
        self.reads.at(position).map_err(|Expired| Problem::new(410, self.not_kept(&AT, position).to_string()))
    }

    /// The state of the newest flush, which `parameter` asks for.
    fn newest_flush(&self, parameter: &Parameter) -> Result<Snapshot<State>, Problem> {
        let state = self.reads.flushed();
        if !state.has_expired() {
            return Ok(state);
        }
        let reason = format!("so much has changed since the newest flush that none is kept: {Expired}");
        Err(Problem::new(410, parameter.wrong(reason).to_string()))
    }

    /// The state that a page is of: that of the pages before it, or of a flush, so that there will be others of it.
    fn page_state<P: FromStr>(&self, request: &Request, page: &Page<P>) -> Result<Snapshot<State>, Problem> {
        let Some(position) = page.position() else {
            let is_asked = request.parameters().text(&AT).is_some();
            return if is_asked { self.state(request) } else { self.newest_flush(&LIMIT) };
        };
        self.reads.at(position).map_err(|Expired| {
            let is_of_another = position.epoch != self.reads.settled().applied().position.epoch;
            let status = if is_of_another { 400 } else { 410 };
            Problem::new(status, self.not_kept(&CURSOR, position).to_string())
        })
    }

    /// Answers with an array: all of it a chunk at a time, or a page. `newest` says all that it depends on, of this log;
    /// `write_next` appends the element at a place and moves that behind it, `first` is the first.
    fn list<P: Clone + FromStr + fmt::Display + 'static>(
        &self,
        request: &Request,
        newest: impl Fn(&State) -> String,
        first: P,
        write_next: impl Fn(&State, &mut P, &mut Vec<u8>) -> Result<bool, Expired> + 'static,
    ) -> Result<HttpResponse, Problem> {
        if let Some(page) = Page::asked(request.parameters())? {
            return self.page(request, Some(&page), &first, write_next);
        }
        let state = self.state(request)?;
        let position = state.applied().position;
        let tag = format!("{}-{}", position.epoch, newest(&state));
        let mut place = first;
        let answer = || array_within(self.view_time, move |out| write_next(&state, &mut place, out));
        Ok(at_position(tagged(request.headers(), &tag, answer), position))
    }

    /// Answers with a page of an array, or with all of one that is short. What expires meanwhile is looked at again, as
    /// far as there is something else to look at.
    fn page<P: Clone + FromStr + fmt::Display>(
        &self,
        request: &Request,
        page: Option<&Page<P>>,
        first: &P,
        write_next: impl Fn(&State, &mut P, &mut Vec<u8>) -> Result<bool, Expired>,
    ) -> Result<HttpResponse, Problem> {
        let whole = Page::whole();
        loop {
            let state = page.map_or_else(|| self.state(request), |page| self.page_state(request, page))?;
            let write_next = |place: &mut P, out: &mut Vec<u8>| write_next(&state, place, out);
            if let Ok(written) = page.unwrap_or(&whole).write(first.clone(), write_next) {
                return Ok(written.answer(request, state.applied().position));
            }
        }
    }

    /// Answers with what `write` makes of the state that a request asks for. It is short, so if that expires meanwhile the
    /// request is looked at again: there is a newer one, or none at that position.
    fn answer(
        &self,
        request: &Request,
        write: impl Fn(&State, &mut Vec<u8>) -> Result<Result<(), Problem>, Expired>,
    ) -> Result<HttpResponse, Problem> {
        loop {
            let (state, mut body) = (self.state(request)?, Vec::new());
            if let Ok(written) = write(&state, &mut body) {
                let answer = |body| HttpResponse::Ok().content_type("application/json").body(body);
                let response = match written {
                    Ok(()) => tagged(request.headers(), &digest(&body), || answer(body)),
                    Err(problem) => problem.error_response(),
                };
                return Ok(at_position(response, state.applied().position));
            }
        }
    }

    /// An error about a parameter that names a position which is not kept.
    fn not_kept(&self, parameter: &Parameter, position: Position) -> ParameterError {
        let newest = self.reads.settled().applied().position;
        if position.epoch != newest.epoch || position.offset > newest.offset && self.flushes_kept_ms > 0 {
            return self.not_applied(parameter, position);
        }
        parameter.wrong(if self.flushes_kept_ms == 0 {
            "no flush is kept here (analytics.flushes_kept_ms is 0)".to_owned()
        } else {
            format!(
                "no flush at {position} is kept: a state topic's resume names one, which is kept for {} ms \
                 (analytics.flushes_kept_ms) as far as limits.view_bytes go, and not over a restart",
                self.flushes_kept_ms
            )
        })
    }

    /// An error about a parameter that names a position which no record had that was applied.
    fn not_applied(&self, parameter: &Parameter, position: Position) -> ParameterError {
        let newest = self.reads.settled().applied().position;
        parameter.wrong(if position.epoch == newest.epoch {
            format!("{position} is yet to come: {newest} was applied last")
        } else {
            format!("{position} is of another log: positions begin with {} here", newest.epoch)
        })
    }
}

/// The portfolio that the path names; 400 for what is no id.
fn portfolio_id(request: &Request) -> Result<PortfolioId, Problem> {
    let text = request.segment(PORTFOLIO_ID.name())?;
    let id = text.parse().map_err(|error: hub_core::id::IdError| PORTFOLIO_ID.wrong(error.to_string()));
    Ok(id?)
}
