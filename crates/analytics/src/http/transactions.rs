//! Transactions that were applied, from the log.

use actix_web::HttpResponse;
use hub_core::{Offset, Parameter, Position, Symbol};
use hub_log::{EventLog, LogError};
use hub_server::http::problem::Problem;
use hub_server::rest::Request;
use hub_server::rest::page::{AT, CURSOR, LIMIT, Page, Written};

use super::{PORTFOLIO_ID, Source};
use crate::reads::AnalyticsReads;
use crate::traded::Traded;
use crate::trades::{self, Found, Wanted};

const SYMBOL: Parameter = Parameter::new("symbol");

pub(super) static PARAMETERS: [Parameter; 5] = [PORTFOLIO_ID, SYMBOL, AT, LIMIT, CURSOR];

/// Transactions of a page that does not say of how many.
const USUAL: usize = 100;

/// `GET /api/transactions?portfolioId=&symbol=&at=&limit=100&cursor=`: what was applied, the newest first, up to what was
/// applied last or to the position `at`, whatever that is: what is in the log does not change, so neither `at` nor a cursor
/// ever gets too old. Of a portfolio, of a symbol, of both or of all; `[]` of those that never traded. Of a symbol alone a
/// page may be shorter than its limit though there is another.
pub(super) async fn list(from: Source, request: Request) -> Result<HttpResponse, Problem> {
    let wanted = wanted(&from, &request)?;
    let page = Page::<u32>::asked_or(USUAL, request.parameters())?;
    let position = match page.position() {
        Some(position) => from.applied(&CURSOR, position)?,
        None => from.as_of(&request)?,
    };
    let (reads, limit, below) = (from.reads, page.limit(), page.place().copied());
    let read = move |log: &dyn EventLog| {
        let Found { mut offsets, below } = find(&reads, &wanted, position.offset, below, limit);
        offsets.reverse();
        let mut body = vec![b'['];
        for record in trades::read(log, &offsets)?.iter().rev() {
            let traded = Traded::of(position.epoch, record);
            let traded = traded.ok_or(LogError::Absent { offset: record.offset })?;
            if body.len() > 1 {
                body.push(b',');
            }
            traded.write_members(&mut body);
            body.push(b'}');
        }
        body.push(b']');
        Ok(Written { body, next: below })
    };
    Ok(request.read_log(read).await?.answer(&request, position))
}

/// The offsets of a page, of the newest state: what it is to show has been applied before.
fn find(reads: &AnalyticsReads, wanted: &Wanted, until: Offset, below: Option<u32>, limit: usize) -> Found {
    loop {
        let state = reads.settled();
        let until = state.trades.until(until);
        // The newest state has not expired: this one was the newest a moment ago.
        if let Ok(found) = state.trades(wanted, below.map_or(until, |below| below.min(until)), limit) {
            return found;
        }
    }
}

fn wanted(from: &Source, request: &Request) -> Result<Wanted, Problem> {
    let given = request.parameters();
    let portfolio = given.text(&PORTFOLIO_ID).map(|text| {
        text.parse().map_err(|error: hub_core::id::IdError| PORTFOLIO_ID.wrong(error.to_string()))
    });
    let symbol = given.text(&SYMBOL).map(|text| from.symbol(&SYMBOL, &text));
    Ok(Wanted { portfolio: portfolio.transpose()?, symbol: symbol.transpose()? })
}

impl Source {
    /// The position that a request asks for, of any record that was applied: `at`, or that of the last one.
    pub(super) fn as_of(&self, request: &Request) -> Result<Position, Problem> {
        match request.parameters().text(&AT) {
            None => Ok(self.reads.settled().applied().position),
            Some(text) if text == super::NEWEST_FLUSH => Ok(self.reads.flushed().applied().position),
            Some(text) => {
                let position = text
                    .parse()
                    .map_err(|error: hub_core::position::PositionError| AT.wrong(error.to_string()))?;
                self.applied(&AT, position)
            }
        }
    }

    /// The same position, if it was applied here: 410 for one that is yet to come; 400 for one of another log, 410 where
    /// `at` names it.
    fn applied(&self, parameter: &Parameter, position: Position) -> Result<Position, Problem> {
        let newest = self.reads.settled().applied().position;
        let is_here = position.epoch == newest.epoch;
        if is_here && position.offset <= newest.offset {
            return Ok(position);
        }
        let status = if is_here || *parameter == AT { 410 } else { 400 };
        Err(Problem::new(status, self.not_applied(parameter, position).to_string()))
    }

    /// A symbol that a parameter names, in the case of the hub.
    pub(super) fn symbol(&self, parameter: &Parameter, text: &str) -> Result<Symbol, Problem> {
        let symbol = text.parse::<Symbol>();
        let mut symbol = symbol.map_err(|error| parameter.wrong_value(&error.to_string(), text))?;
        self.symbol_case.fold(&mut symbol);
        Ok(symbol)
    }
}
