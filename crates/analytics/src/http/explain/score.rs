//! Receipts of what portfolios are ranked by.

use actix_web::HttpResponse;
use hub_core::event::{RiskMetrics, Upstream};
use hub_core::views::RankedBy;
use hub_core::{Date, Event, Expired, Money, Offset, PortfolioId, Position, Record};
use hub_log::EventLog;
use hub_server::http::problem::Problem;
use hub_server::rest::page::{AT, at_position};
use hub_server::rest::{Request, digest, tagged};

use super::{PORTFOLIO_ID, Source, receipts, searched};
use crate::history::{PastDay, PastSource, lies_ahead};
use crate::marks::Positions as _;
use crate::portfolio::PortfolioKey;
use crate::receipt::{Basis, Head, Runs, Said, Score, Turn, write_score};
use crate::risk::turn_before;
use crate::state::State;

/// Said of a portfolio that nobody had looked at yet.
const NO_TURN: &str = "its risk has not been worked out yet: a portfolio has a turn every 30 s";

/// `GET /api/explain/score/{portfolioId}?at=`: what a portfolio is ranked by, as of what was applied or of any position of
/// the log: the record that said so, or the days and the worth that it follows from. 404 for one that held nothing until
/// then, nor was said to have a risk.
pub(super) async fn of_portfolio(from: Source, request: Request) -> Result<HttpResponse, Problem> {
    let id = super::portfolio_id(&request)?;
    let position = from.as_of(&request)?;
    let ranked_by = from.reads.scores().map(|scores| scores.ranked_by(id));
    let ingested = from.ingested(&request, id, position.offset, ranked_by.as_ref()).await?;
    let (mut metrics, mut derived, mut reason) =
        (ingested.as_ref().map(|said| said.value.clone()), None, None);
    if ingested.is_none() {
        let key = from.reads.settled().key(id).ok_or_else(|| nothing_known(id, position))?;
        (derived, reason) = from.derived(&request, id, key, position).await?;
        let risk = derived.as_ref().and_then(|basis| basis.risk.as_ref().ok());
        metrics = risk.map(|(risk, _)| risk.event(id));
    }
    if ranked_by.is_some_and(|by| by.position == position && by.metrics != metrics) {
        return Err(differs(id, position));
    }
    let composite = from.reads.scores().zip(metrics.as_ref()).and_then(|(scores, it)| scores.score(it));
    let at = request.read_log(move |log| Ok(log.record(position.offset)?.at)).await?;
    let head = Head { portfolio_id: id, position, at };
    let mut body = Vec::new();
    let ends = write_score(&mut body, &head, &Score { metrics, composite, ingested, derived, reason });
    let tag = digest(&body[ends..]);
    let answer = || HttpResponse::Ok().content_type("application/json").body(body);
    Ok(at_position(tagged(request.headers(), &tag, answer), position))
}

fn nothing_known(id: PortfolioId, position: Position) -> Problem {
    let reason = format!("{id} held nothing up to {position}, and nobody said what its risk was");
    Problem::not_found(PORTFOLIO_ID.wrong(reason).to_string())
}

fn differs(id: PortfolioId, position: Position) -> Problem {
    Problem::new(500, format!("the records up to {position} make another risk of {id} than it was ranked by"))
}

/// Answers for a position at which days counted that are not kept any more.
fn forgotten(position: Position) -> Problem {
    let reason = format!("what was handed on of it at {position} depends on days that are kept no longer");
    Problem::new(410, AT.wrong(reason).to_string())
}

impl Source {
    /// The record that brought the ingested metrics which a portfolio was ranked by at an offset, if there were any.
    async fn ingested(
        &self,
        request: &Request,
        id: PortfolioId,
        until: Offset,
        by: Option<&RankedBy>,
    ) -> Result<Option<Said<RiskMetrics>>, Problem> {
        let (Some(scores), Some(RankedBy { position, ingested, .. })) = (self.reads.scores(), by) else {
            return Ok(None);
        };
        let scores = scores.clone();
        let risk = move |record: &Record| match &record.event {
            Event::Risk(metrics) if metrics.portfolio_id == id => {
                scores.score(metrics).map(|_| ((), metrics.clone()))
            }
            _ => None,
        };
        let [first, until] = match *ingested {
            Some([_, newest]) if newest <= until && until <= position.offset => [newest; 2],
            Some([first, _]) => [first, until],
            // What came since, it does not know of.
            None => [position.offset.next(), until],
        };
        let search = run(request, Runs::new(until, [((), first)], risk)).await?;
        Ok(search.found(&()).cloned())
    }

    /// The risk that a portfolio was ranked by at a position with what it is derived from, if there was any; and why not,
    /// or why there is none that is newer.
    async fn derived(
        &self,
        request: &Request,
        id: PortfolioId,
        key: PortfolioKey,
        position: Position,
    ) -> Result<(Option<Basis>, Option<String>), Problem> {
        let until = position.offset;
        if !self.held(request, id, until).await? {
            return Err(nothing_known(id, position));
        }
        let Some(turn) = request.read_log(move |log| Turn::last(log, key, until)).await? else {
            return Ok((None, Some(NO_TURN.to_owned())));
        };
        let Some(basis) = self.basis(request, id, key, turn, position).await? else {
            return Ok((None, Some(NO_TURN.to_owned())));
        };
        let Some(no_risk) = basis.risk.as_ref().err() else { return Ok((Some(basis), None)) };
        let reason = Some(no_risk.to_string());
        let lapse = self.reads.settled().beside.lapses.last(key, turn.at);
        let Some(lapse) = lapse.map_err(|_| forgotten(position))? else { return Ok((None, reason)) };
        // What was handed on before that stays.
        let before = turn_before(lapse);
        let turn = request.read_log(move |log| Turn::at(log, before, until)).await?;
        let basis = self.basis(request, id, key, turn, position).await?;
        match basis.filter(|basis| basis.risk.is_ok()) {
            Some(basis) => Ok((Some(basis), reason)),
            None => Err(differs(id, position)),
        }
    }

    /// True if a portfolio had ever held something up to an offset.
    async fn held(&self, request: &Request, id: PortfolioId, until: Offset) -> Result<bool, Problem> {
        let reads = self.reads.clone();
        let find = move |_: &dyn EventLog| loop {
            // The newest state has not expired: this one was the newest a moment ago.
            if let Ok(held) = reads.settled().held(id, until) {
                return Ok(held);
            }
        };
        request.read_log(find).await
    }

    /// A portfolio's risk at a turn, or why there is none; `None` if it was not there yet.
    async fn basis(
        &self,
        request: &Request,
        id: PortfolioId,
        key: PortfolioKey,
        turn: Turn,
        position: Position,
    ) -> Result<Option<Basis>, Problem> {
        let positions = self.positions(request, id, None, turn.as_of).await?;
        let relayed = self.reads.settled().relayed_since(id);
        let is_there = relayed.map_or(!positions.is_empty(), |since| since <= turn.as_of);
        if !is_there {
            return Ok(None);
        }
        let days = self.reads.settled().history().past(id, key, turn.at, turn.as_of);
        let days = days.map_err(|_| forgotten(position))?;
        let said = run(request, said(id, turn.as_of, &days)).await?;
        let search = searched(request, turn.as_of, &positions).await?;
        let made = request.read_log(move |log| {
            Ok(receipts(log, positions, &search)?.map(|receipts| {
                let receipts = relayed.is_none().then_some(&*receipts);
                Basis::of(turn, receipts, &days, &said)
            }))
        });
        let basis = made.await?.map_err(|differs| Problem::new(500, differs.to_string()))?;
        Ok(Some(basis))
    }
}

impl State {
    /// The first record of a portfolio that is relayed.
    fn relayed_since(&self, id: PortfolioId) -> Option<Offset> {
        Some(self.relayed(self.key(id)?)?.since)
    }

    /// True if a portfolio had ever held something up to an offset, or anything was relayed of it.
    fn held(&self, id: PortfolioId, until: Offset) -> Result<bool, Expired> {
        if let Some(since) = self.relayed_since(id) {
            return Ok(since <= until);
        }
        let rows = self.rows_of(id, None)?;
        let first = rows.last();
        Ok(first.is_some_and(|row| !self.trades_of_row(*row, until, 1).is_empty()))
    }
}

/// A search for valuations that were replaced after an offset.
fn said(id: PortfolioId, until: Offset, days: &[PastDay]) -> Runs<Date, Money> {
    let replaced = days.iter().filter_map(|day| match day.source {
        PastSource::Valuation(valued) if valued.offset > until => Some((day.date, valued.first)),
        _ => None,
    });
    Runs::new(until, replaced.collect::<Vec<_>>(), move |record| {
        let Event::Upstream(fact) = &record.event else { return None };
        match &**fact {
            Upstream::Valuation(valuation) if valuation.portfolio_id == id => {
                (!lies_ahead(record, valuation)).then_some((valuation.date, valuation.portfolio_value))
            }
            _ => None,
        }
    })
}

/// Goes through with a search, one piece at a time.
async fn run<K, V>(request: &Request, mut search: Runs<K, V>) -> Result<Runs<K, V>, Problem>
where
    K: PartialEq + Send + 'static,
    V: PartialEq + Send + 'static,
{
    while !search.is_done() {
        search = request.read_log(move |log| search.go_on(log).map(|()| search)).await?;
    }
    Ok(search)
}
