//! REST of the leaderboard (LB-REST): what has been applied, read at one
//! position.

mod seen;

use std::convert::Infallible;
use std::time::{SystemTime, UNIX_EPOCH};

use actix_web::HttpResponse;
use hub_core::{Count, Parameter};
use hub_server::http::problem::Problem;
use hub_server::rest::page::{AT, CURSOR, LIMIT, OFFSET, Page, at_position};
use hub_server::rest::{Content, Request, Route, digest, handler, tagged};

use self::seen::Seen;
use crate::board::Ranked;
use crate::native::{PORTFOLIO_ID, RANGE, ROWS_MAX, portfolio_id};
use crate::reads::LeaderboardReads;
use crate::rows::write_rows;
use crate::schema;

const TOP: Count = Count { parameter: Parameter::new("top"), default: 50, min: 1, max: ROWS_MAX };

/// Room for a row of usual size.
const ROW_BYTES: usize = 400;

static TOP_PARAMETERS: [Parameter; 2] = [TOP.parameter, AT];
static AROUND_PARAMETERS: [Parameter; 3] = [PORTFOLIO_ID, RANGE.parameter, AT];
static PAGE_PARAMETERS: [Parameter; 4] = [AT, LIMIT, CURSOR, OFFSET.parameter];

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
        [
            top.reading(&TOP_PARAMETERS),
            around.reading(&AROUND_PARAMETERS),
            portfolios.reading(&PAGE_PARAMETERS),
        ]
    };
    let native = ["/api/leaderboard/top", "/api/leaderboard/around", "/api/leaderboard/portfolios"];
    let pms = ["/pms/api/leaderboard/top", "/pms/api/leaderboard/around", "/pms/api/leaderboard/portfolios"];
    [native, pms].into_iter().flat_map(at).collect()
}

/// `GET /api/leaderboard/top?top=50&at=` (LB-REST-1):
/// `{"event":"leaderboardTop","timestamp":<ms>,"count":<rows>,"top":[rows]}`.
/// At most 1,000; 400 for what is no whole number above 0 (BUG-L10).
async fn top(reads: LeaderboardReads, request: Request) -> Result<HttpResponse, Problem> {
    let limit = TOP.read(request.parameters())?;
    let seen = Seen::of(&reads, &request)?;
    let rows: Vec<Ranked> = seen.board.rows(0, limit).collect();
    let (now, count) = (now_millis(), rows.len());
    let head = format!(r#"{{"event":"leaderboardTop","timestamp":{now},"count":{count},"top":"#);
    Ok(answer(&request, &seen, &head, &rows))
}

/// `GET /api/leaderboard/around?portfolioId=&range=5&at=` (LB-REST-2):
/// `{"event":"leaderboardAround","timestamp":<ms>,"centerRank":<n>,"top":[rows]}`.
/// 404 for a portfolio that is not ranked, which the frontend shows as "not
/// found"; 400 for what is no id or no range.
async fn around(reads: LeaderboardReads, request: Request) -> Result<HttpResponse, Problem> {
    let id = portfolio_id(request.parameters())?;
    let range = RANGE.read(request.parameters())?;
    let seen = Seen::of(&reads, &request)?;
    let around = seen.board.around(id, range);
    let around = around
        .ok_or_else(|| Problem::not_found(PORTFOLIO_ID.wrong(format!("{id} is not ranked")).to_string()))?;
    let (now, center) = (now_millis(), around.center);
    let head = format!(r#"{{"event":"leaderboardAround","timestamp":{now},"centerRank":{center},"top":"#);
    Ok(answer(&request, &seen, &head, &around.rows))
}

/// `GET /api/leaderboard/portfolios?limit=1000&cursor=&offset=0&at=`: all ranked
/// portfolios in order, at most 1,000 at a time: `[rows]`. All pages that follow
/// each other by `Link` are of one position, so a climb between two of them
/// neither repeats nor hides a row.
async fn portfolios(reads: LeaderboardReads, request: Request) -> Result<HttpResponse, Problem> {
    let given = request.parameters();
    let page = Page::<usize>::asked_or(ROWS_MAX, given)?;
    let first = OFFSET.read(given)?;
    let first = page.place().copied().unwrap_or(first);
    let mut seen = Seen::of_page(&reads, &request, &page)?;
    if page.position().is_none() && seen.board.len().saturating_sub(first) > page.limit() {
        // There will be others, which have to be of the same flush: one that has what the caller was told is applied.
        seen::until_flushed(&reads, seen.position).await;
        seen = Seen::of_first_page(&reads, &request)?;
    }
    let Seen { position, board, joined } = seen;
    // One more, to know whether there is another page.
    let mut rows = board.rows(first, page.limit().saturating_add(1));
    let write_next = |place: &mut usize, out: &mut Vec<u8>| {
        let Some((rank, row)) = rows.next() else { return Ok(false) };
        *place = rank;
        row.write_json(out, rank, joined.pnl(row.id));
        Ok::<bool, Infallible>(true)
    };
    let Ok(written) = page.write(first, write_next);
    Ok(written.answer(&request, position))
}

/// An object that ends with rows, whose tag is of the rows: the time of the answer is no news.
fn answer(request: &Request, seen: &Seen, head: &str, rows: &[Ranked]) -> HttpResponse {
    let mut body = Vec::with_capacity((rows.len() + 1) * ROW_BYTES);
    body.extend_from_slice(head.as_bytes());
    write_rows(&mut body, rows, &seen.joined);
    let tag = digest(&body[head.len()..]);
    body.push(b'}');
    let json = |body| HttpResponse::Ok().content_type("application/json").body(body);
    at_position(tagged(request.headers(), &tag, || json(body)), seen.position)
}

fn now_millis() -> u128 {
    SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default().as_millis()
}
