//! REST of the leaderboard (LB-REST): what has been applied, read at one
//! position.

use std::io::Write as _;
use std::time::{SystemTime, UNIX_EPOCH};

use actix_web::HttpResponse;
use hub_core::{Count, Parameter};
use hub_server::http::problem::Problem;
use hub_server::rest::{Content, Request, Route, handler};

use crate::board::Ranked;
use crate::joined::Joined;
use crate::native::{AROUND, PORTFOLIO_ID, RANGE, ROWS_MAX, portfolio_id};
use crate::reads::LeaderboardReads;
use crate::rows::write_rows;
use crate::schema;

const TOP: Count = Count { parameter: Parameter::new("top"), default: 50, min: 1, max: ROWS_MAX };
const LIMIT: Count = Count { parameter: Parameter::new("limit"), default: ROWS_MAX, min: 1, max: ROWS_MAX };
const OFFSET: Count = Count { parameter: Parameter::new("offset"), default: 0, min: 0, max: usize::MAX };

/// Room for a row of usual size.
const ROW_BYTES: usize = 400;

static TOP_PARAMETERS: [Parameter; 1] = [TOP.parameter];
static PAGE_PARAMETERS: [Parameter; 2] = [LIMIT.parameter, OFFSET.parameter];

/// The REST calls of this service: under `/pms`, too, the base of front ends of the `pms` dialect, which is what REST
/// speaks anyway.
pub fn routes(reads: &LeaderboardReads) -> Vec<Route> {
    let get = |path, summary, answer, handler| Route::get(path, summary, Content::Json(answer), handler);
    let at = |[top_path, around_path, portfolios_path]: [&'static str; 3]| {
        let top = get(
            top_path,
            "Lists the top of the ranking: 50 rows, at most 1,000",
            schema::top,
            handler(reads, top),
        );
        let around = get(
            around_path,
            "Lists a portfolio and its neighbours in the ranking: 5 on either side, at most 500",
            schema::around,
            handler(reads, around),
        );
        let portfolios = get(
            portfolios_path,
            "Lists all ranked portfolios in order, 1,000 at a time",
            schema::rows,
            handler(reads, portfolios),
        );
        [top.reading(&TOP_PARAMETERS), around.reading(&AROUND), portfolios.reading(&PAGE_PARAMETERS)]
    };
    let native = ["/api/leaderboard/top", "/api/leaderboard/around", "/api/leaderboard/portfolios"];
    let pms = ["/pms/api/leaderboard/top", "/pms/api/leaderboard/around", "/pms/api/leaderboard/portfolios"];
    [native, pms].into_iter().flat_map(at).collect()
}

/// `GET /api/leaderboard/top?top=50` (LB-REST-1):
/// `{"event":"leaderboardTop","timestamp":<ms>,"count":<rows>,"top":[rows]}`.
/// At most 1,000; 400 for what is no whole number above 0 (BUG-L10).
async fn top(reads: LeaderboardReads, request: Request) -> Result<HttpResponse, Problem> {
    let limit = TOP.read(request.parameters())?;
    let (state, joined) = reads.settled_with_pnl();
    let rows: Vec<Ranked> = state.board().rows(0, limit).collect();
    let (now, count) = (now_millis(), rows.len());
    let head = format!(r#"{{"event":"leaderboardTop","timestamp":{now},"count":{count},"top":"#);
    Ok(answer(&head, &rows, "}", &joined))
}

/// `GET /api/leaderboard/around?portfolioId=&range=5` (LB-REST-2):
/// `{"event":"leaderboardAround","timestamp":<ms>,"centerRank":<n>,"top":[rows]}`.
/// 404 for a portfolio that is not ranked, which the frontend shows as "not
/// found"; 400 for what is no id or no range.
async fn around(reads: LeaderboardReads, request: Request) -> Result<HttpResponse, Problem> {
    let id = portfolio_id(request.parameters())?;
    let range = RANGE.read(request.parameters())?;
    let (state, joined) = reads.settled_with_pnl();
    let around = state
        .board()
        .around(id, range)
        .ok_or_else(|| Problem::not_found(PORTFOLIO_ID.wrong(format!("{id} is not ranked")).to_string()))?;
    let (now, center) = (now_millis(), around.center);
    let head = format!(r#"{{"event":"leaderboardAround","timestamp":{now},"centerRank":{center},"top":"#);
    Ok(answer(&head, &around.rows, "}", &joined))
}

/// `GET /api/leaderboard/portfolios?limit=1000&offset=0`: all ranked
/// portfolios in order, at most 1,000 at a time: `[rows]`. A page that is
/// shorter than its limit is the last one.
async fn portfolios(reads: LeaderboardReads, request: Request) -> Result<HttpResponse, Problem> {
    let (limit, offset) = (LIMIT.read(request.parameters())?, OFFSET.read(request.parameters())?);
    let (state, joined) = reads.settled_with_pnl();
    let rows: Vec<Ranked> = state.board().rows(offset, limit).collect();
    Ok(answer("", &rows, "", &joined))
}

fn answer(head: &str, rows: &[Ranked], tail: &str, joined: &Joined) -> HttpResponse {
    let mut body = Vec::with_capacity((rows.len() + 1) * ROW_BYTES);
    // Writing to a Vec does not fail.
    let _ = write!(body, "{head}");
    write_rows(&mut body, rows, joined);
    let _ = write!(body, "{tail}");
    HttpResponse::Ok().content_type("application/json").body(body)
}

fn now_millis() -> u128 {
    SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default().as_millis()
}
