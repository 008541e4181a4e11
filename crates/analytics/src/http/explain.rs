//! Receipts: what a number is made of, from the log.

mod score;

use std::mem;

use actix_web::HttpResponse;
use hub_core::{Expired, Offset, Parameter, PortfolioId, Position, Symbol};
use hub_log::{EventLog, LogError};
use hub_server::http::problem::Problem;
use hub_server::rest::page::at_position;
use hub_server::rest::{Request, Route, handler, is_known, tagged};

use super::{PORTFOLIO_ID, Source, portfolio_id};
use crate::listing::Quoted;
use crate::marks::Positions as _;
use crate::position::Balance;
use crate::receipt::{self, Differs, Head, Receipt, Search};
use crate::state::State;
use crate::trades;

const SYMBOL: Parameter = Parameter::new("symbol");

/// Transactions that one receipt tells of, at most: it is put together as a whole. `GET /api/transactions` has all.
const TRANSACTIONS_MAX: usize = 100_000;

/// The calls of receipts.
pub(super) fn routes(source: &Source) -> Vec<Route> {
    let position = "Tells what a position is made of: its lots, transactions and price";
    vec![
        super::get(
            "/api/explain/position/{portfolioId}/{symbol}",
            position,
            receipt::schema::position,
            handler(source, self::position),
        ),
        super::get(
            "/api/explain/pnl/{portfolioId}",
            "Tells what a portfolio's P&L is made of, by position",
            receipt::schema::pnl,
            handler(source, pnl),
        ),
        super::get(
            "/api/explain/score/{portfolioId}",
            "Tells what a portfolio is ranked by: the record that said so, or the days that its risk follows from",
            receipt::schema::score,
            handler(source, score::of_portfolio),
        ),
    ]
}

/// `GET /api/explain/position/{portfolioId}/{symbol}?at=`: what makes a position, as of what was applied or of any position
/// of the log: 404 for one that was never held until then.
async fn position(from: Source, request: Request) -> Result<HttpResponse, Problem> {
    let id = portfolio_id(&request)?;
    let symbol = from.symbol(&SYMBOL, &request.segment(SYMBOL.name())?)?;
    let asked = from.asked(&request, id, Some(symbol)).await?;
    if asked.positions.is_empty() {
        let reason = format!("{id} held none of it up to {}", asked.position);
        return Err(Problem::not_found(SYMBOL.wrong(reason).to_string()));
    }
    answer(&request, asked, |out, head, receipts| {
        for receipt in receipts {
            receipt::write_position(out, head, receipt);
        }
    })
    .await
}

/// `GET /api/explain/pnl/{portfolioId}?at=`: the same of all its positions, and the sums of them; 404 for a portfolio that
/// held nothing until then.
async fn pnl(from: Source, request: Request) -> Result<HttpResponse, Problem> {
    let id = portfolio_id(&request)?;
    let asked = from.asked(&request, id, None).await?;
    if asked.positions.is_empty() {
        let reason = format!("{id} held nothing up to {}", asked.position);
        return Err(Problem::not_found(PORTFOLIO_ID.wrong(reason).to_string()));
    }
    answer(&request, asked, receipt::write_pnl).await
}

/// Positions that a receipt is asked for.
struct Asked {
    portfolio_id: PortfolioId,
    position: Position,
    /// In the order in which they were opened.
    positions: Vec<AskedPosition>,
    /// Tag of the answer: all that it depends on, but for the position that it is as of.
    tag: String,
}

/// One of them.
struct AskedPosition {
    symbol: Symbol,
    /// Its transactions, in the order of the log.
    trades: Vec<Offset>,
    quoted: Quoted,
    /// Its amounts, where they are known: nothing was traded since.
    balance: Option<Balance>,
}

impl Source {
    async fn asked(
        &self,
        request: &Request,
        id: PortfolioId,
        symbol: Option<Symbol>,
    ) -> Result<Asked, Problem> {
        let position = self.as_of(request)?;
        if self.reads.settled().is_relayed(id) {
            let reason = format!("{id} is relayed from upstream: it is made of no transactions here");
            return Err(Problem::not_found(PORTFOLIO_ID.wrong(reason).to_string()));
        }
        let positions = self.positions(request, id, symbol, position.offset).await?;
        let newest = positions.iter().filter_map(|of| of.trades.last().copied().max(Some(of.quoted.newest)));
        let newest = newest.max().unwrap_or_default();
        // A quote from before that position is the newest no more, and which one was is yet to be found.
        let is_past = newest > position.offset;
        let tag = if is_past { position.to_string() } else { format!("{}-{newest}", position.epoch) };
        Ok(Asked { portfolio_id: id, position, positions, tag })
    }

    /// Positions of a portfolio at an offset, no more than one receipt can tell of.
    async fn positions(
        &self,
        request: &Request,
        id: PortfolioId,
        symbol: Option<Symbol>,
        until: Offset,
    ) -> Result<Vec<AskedPosition>, Problem> {
        let reads = self.reads.clone();
        // A chain of very many is long to follow: apart from the worker.
        let find = move |_: &dyn EventLog| loop {
            // The newest state has not expired: this one was the newest a moment ago.
            if let Ok(positions) = reads.settled().asked(id, symbol.as_ref(), until) {
                return Ok(positions);
            }
        };
        let positions = request.read_log(find).await?;
        if positions.iter().map(|position| position.trades.len()).sum::<usize>() > TRANSACTIONS_MAX {
            let reason = format!(
                "its receipt would tell of more than {TRANSACTIONS_MAX} transactions: \
                 GET /api/transactions lists them"
            );
            return Err(Problem::new(422, PORTFOLIO_ID.wrong(reason).to_string()));
        }
        Ok(positions)
    }
}

impl State {
    /// Positions of a portfolio that had been opened at a position of the log, with no more transactions than tell that
    /// they are too many.
    fn asked(
        &self,
        id: PortfolioId,
        symbol: Option<&Symbol>,
        until: Offset,
    ) -> Result<Vec<AskedPosition>, Expired> {
        let symbol = match symbol.map(|symbol| self.symbol_key(symbol)) {
            Some(None) => return Ok(Vec::new()),
            Some(known) => known,
            None => None,
        };
        let (mut asked, mut left) = (Vec::new(), TRANSACTIONS_MAX + 1);
        for row in self.rows_of(id, symbol)?.into_iter().rev() {
            let (trades, entry) = (self.trades_of_row(row, until, left), self.entry(row)?);
            let Some((entry, last)) = entry.zip(trades.last()) else { continue };
            left -= trades.len();
            let Some(listing) = self.listings().get(entry.symbol) else { continue };
            let newest = self.trades.newest(row).and_then(|newest| self.trades.get(newest));
            let balance = newest.is_some_and(|newest| newest.at == *last).then_some(entry.balance);
            let (symbol, quoted) = (listing.symbol.clone(), listing.quoted);
            asked.push(AskedPosition { symbol, trades, quoted, balance });
        }
        Ok(asked)
    }
}

/// Reads what the receipts are made of, and answers with what `write` makes of them.
async fn answer(
    request: &Request,
    asked: Asked,
    write: fn(&mut Vec<u8>, &Head, &[Receipt]),
) -> Result<HttpResponse, Problem> {
    let Asked { portfolio_id, position, positions, tag } = asked;
    let mut body = Vec::new();
    if !is_known(request.headers(), &tag) {
        let search = searched(request, position.offset, &positions).await?;
        let made = request.read_log(move |log| {
            let at = log.record(position.offset)?.at;
            let head = Head { portfolio_id, position, at };
            Ok(receipts(log, positions, &search)?.map(|receipts| {
                let mut body = Vec::new();
                write(&mut body, &head, &receipts);
                body
            }))
        });
        body = made.await?.map_err(|differs| Problem::new(500, differs.to_string()))?;
    }
    let answer = || HttpResponse::Ok().content_type("application/json").body(mem::take(&mut body));
    Ok(at_position(tagged(request.headers(), &tag, answer), position))
}

/// Finds the quotes of positions at an offset.
async fn searched(request: &Request, until: Offset, of: &[AskedPosition]) -> Result<Search, Problem> {
    let mut search = Search::new(until, of.iter().map(|of| (of.symbol.clone(), of.quoted)));
    while !search.is_done() {
        // One piece at a time: others read between two, and it ends if nobody waits for it any more.
        search = request.read_log(move |log| search.go_on(log).map(|()| search)).await?;
    }
    Ok(search)
}

/// Makes the receipts, which are compared with what was applied.
fn receipts(
    log: &dyn EventLog,
    positions: Vec<AskedPosition>,
    search: &Search,
) -> Result<Result<Vec<Receipt>, Differs>, LogError> {
    let mut receipts = Vec::with_capacity(positions.len());
    for AskedPosition { symbol, trades, balance, .. } in positions {
        let tick = search.found(&symbol);
        let receipt = match Receipt::of(symbol, trades::read(log, &trades)?, tick) {
            Ok(receipt) => receipt,
            Err(differs) => return Ok(Err(differs)),
        };
        if balance.is_some_and(|balance| balance != receipt.holding.balance) {
            return Ok(Err(Differs { at: receipt.last(), symbol: receipt.symbol }));
        }
        receipts.push(receipt);
    }
    Ok(Ok(receipts))
}
