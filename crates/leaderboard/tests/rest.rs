//! REST: shapes, bounds, and errors as problems.

mod support;

use std::sync::Arc;

use actix_web::App;
use actix_web::http::StatusCode;
use actix_web::http::header::HeaderMap;
use actix_web::test::{TestRequest, call_service, init_service, read_body};
use hub_leaderboard::{Dialect, LeaderboardReads, routes};
use hub_server::rest;
use serde_json::Value;
use support::{EPOCH, Fixed, Hub, ids, json, portfolio};

/// Portfolios 1 to 12, the first the best.
fn hub() -> Hub {
    let mut hub = Hub::with(Some(Arc::new(Fixed)), Dialect::Native);
    hub.name(1, "Growth");
    (1..=12).for_each(|n| drop(hub.sharpe(n, &(20 - n).to_string())));
    hub.flush();
    hub
}

/// Status, headers and body.
fn answer(reads: &LeaderboardReads, uri: &str, etag: Option<&str>) -> (u16, HeaderMap, String) {
    actix_rt::System::new().block_on(async {
        let routes = routes(reads);
        let app = init_service(App::new().configure(|config| rest::configure(config, &routes))).await;
        let request = etag
            .map_or_else(TestRequest::get, |etag| TestRequest::get().insert_header(("If-None-Match", etag)))
            .uri(uri);
        let response = call_service(&app, request.to_request()).await;
        let (status, headers) = (response.status().as_u16(), response.headers().clone());
        (status, headers, String::from_utf8(read_body(response).await.into()).unwrap())
    })
}

fn header(headers: &HeaderMap, name: &str) -> Option<String> {
    Some(headers.get(name)?.to_str().unwrap().to_owned())
}

/// The path of the next page.
fn next(headers: &HeaderMap) -> Option<String> {
    let link = header(headers, "link")?;
    Some(link.strip_prefix('<').unwrap().strip_suffix(">; rel=\"next\"").unwrap().to_owned())
}

fn get(reads: &LeaderboardReads, uri: &str) -> (StatusCode, String, Value) {
    actix_rt::System::new().block_on(async {
        let routes = routes(reads);
        let app = init_service(App::new().configure(|config| rest::configure(config, &routes))).await;
        let response = call_service(&app, TestRequest::get().uri(uri).to_request()).await;
        let status = response.status();
        let content_type = response.headers().get("content-type").unwrap().to_str().unwrap().to_owned();
        let body = read_body(response).await;
        (status, content_type, json(std::str::from_utf8(&body).unwrap()))
    })
}

fn ok(hub: &Hub, uri: &str) -> Value {
    let (status, content_type, body) = get(&hub.reads, uri);
    assert_eq!((status, &*content_type), (StatusCode::OK, "application/json"), "{uri}");
    body
}

fn problem(hub: &Hub, uri: &str) -> (u16, String) {
    let (status, content_type, body) = get(&hub.reads, uri);
    assert_eq!(content_type, "application/problem+json", "{uri}");
    assert_eq!(body["status"], status.as_u16());
    (status.as_u16(), body["detail"].as_str().unwrap().to_owned())
}

#[test]
fn the_top_is_what_has_been_applied() {
    let hub = hub();
    let body = ok(&hub, "/api/leaderboard/top?top=2");
    assert_eq!((&body["event"], &body["count"]), (&"leaderboardTop".into(), &2.into()));
    assert!(body["timestamp"].as_u64().unwrap() > 1_700_000_000_000);
    let expected = r#"{"rank":1,"portfolioId":"00000000-0000-0000-0000-000000000001","portfolioName":"Growth","pnl":1.25,"compositeScore":570,"avgReturn":0,"sharpe":19,"sortino":0,"updatedAt":"2026-02-07T10:30:00.000Z","updated":"2026-02-07T10:30:00.000Z"}"#;
    assert_eq!(body["top"][0], json(expected));
    assert_eq!(ids(&body["top"]), [1, 2]);
    let member = |row: usize, name: &str| ok(&hub, "/api/leaderboard/top")["top"][row].get(name).cloned();
    let partial = [5, 6].map(|row| member(row, "pnlPartial"));
    assert_eq!(partial, [None, Some(true.into())], "of the seventh something has no price");
    let stale = [5, 6].map(|row| member(row, "pnlStale"));
    assert_eq!(stale, [Some(true.into()), None], "of the sixth a price is old");
    assert_eq!(member(5, "pnlAsOf"), Some("2026-02-07T10:30:00.000Z".into()));
    assert_eq!(ids(&ok(&hub, "/api/leaderboard/top")["top"]).len(), 12);
    assert_eq!(ids(&ok(&hub, "/api/leaderboard/top?top=99999999999999999999999")["top"]).len(), 12);
}

#[test]
fn at_most_a_thousand_rows_are_given() {
    let mut hub = Hub::new();
    for n in 0..1100_u128 {
        let id = hub_core::PortfolioId::from_bytes(n.to_be_bytes());
        hub.send(support::risk_of(id, "0", "1", "0"));
    }
    hub.flush();
    assert_eq!(ok(&hub, "/api/leaderboard/top?top=5000")["count"], 1000);
    assert_eq!(ok(&hub, "/api/leaderboard/portfolios").as_array().map(Vec::len), Some(1000));
    let rest = ok(&hub, "/api/leaderboard/portfolios?offset=1000");
    assert_eq!((rest.as_array().map(Vec::len), &rest[0]["rank"]), (Some(100), &1001.into()));
}

#[test]
fn what_is_around_has_numbers_and_its_center() {
    let hub = hub();
    let around = |n, range| ok(&hub, &format!("/api/leaderboard/around?portfolioId={}{range}", portfolio(n)));
    let body = around(7, "&range=2");
    assert_eq!((&body["event"], &body["centerRank"]), (&"leaderboardAround".into(), &7.into()));
    assert_eq!(ids(&body["top"]), [5, 6, 7, 8, 9]);
    assert_eq!(body["top"][2]["sharpe"], 13);
    let spelled = ok(&hub, &format!("/api/leaderboard/around?portfolio_id={}&RANGE=1&t=5", portfolio(7)));
    assert_eq!(ids(&spelled["top"]), [6, 7, 8]);
    assert_eq!(ids(&around(2, "")["top"]), [1, 2, 3, 4, 5, 6, 7]);
    assert_eq!(ids(&around(12, "&range=1")["top"]), [11, 12]);
    assert_eq!(ids(&around(12, "&range=0")["top"]), [12]);
}

#[test]
fn all_portfolios_come_page_by_page() {
    let hub = hub();
    let page = |query: &str| ids(&ok(&hub, &format!("/api/leaderboard/portfolios{query}")));
    assert_eq!(page("").len(), 12);
    assert_eq!(page("?limit=5"), [1, 2, 3, 4, 5]);
    assert_eq!(page("?limit=5&offset=10"), [11, 12]);
    assert!(page("?offset=12").is_empty());
    assert!(page("?offset=99999999999999999999999").is_empty());
    let first = &ok(&hub, "/api/leaderboard/portfolios?limit=1")[0];
    assert_eq!(
        (&first["portfolioName"], &first["rank"], &first["pnl"]),
        (&"Growth".into(), &1.into(), &1.25.into())
    );
}

#[test]
fn pages_are_of_one_position_whatever_climbs_between_them() {
    for base in ["", "/pms"] {
        let mut hub = hub();
        let before = ids(&ok(&hub, "/api/leaderboard/portfolios"));
        let position = format!("{EPOCH}-{}", hub.offset);
        let mut uri = Some(format!("{base}/api/leaderboard/portfolios?limit=5"));
        let (mut found, mut pages) = (Vec::new(), 0);
        while let Some(asked) = uri.take() {
            let (status, headers, body) = answer(&hub.reads, &asked, None);
            assert_eq!((status, header(&headers, "x-position")), (200, Some(position.clone())), "{asked}");
            found.extend(ids(&json(&body)));
            uri = next(&headers);
            pages += 1;
            // From behind to the front, and from the front to behind; settled, flushed and neither.
            hub.sharpe(12 - pages, &format!("10{pages}"));
            hub.sharpe(pages, &format!("-{pages}"));
            match pages {
                1 => hub.settle(),
                _ => drop(hub.flush()),
            }
        }
        assert_eq!((found, pages), (before.clone(), 3));
        assert_ne!(ids(&ok(&hub, "/api/leaderboard/portfolios")), before);
        for path in ["top?top=12&", "portfolios?"] {
            let uri = format!("{base}/api/leaderboard/{path}at={position}");
            let then = ok(&hub, &uri);
            assert_eq!(ids(then.get("top").unwrap_or(&then)), before, "{uri}");
        }
    }
}

#[test]
fn a_first_page_has_what_was_applied_before_it_was_asked_for() {
    let mut hub = hub();
    hub.sharpe(12, "100");
    hub.settle();
    let (reads, uri) = (hub.reads.clone(), "/api/leaderboard/portfolios?limit=2");
    let asking = std::thread::spawn(move || answer(&reads, uri, None));
    hub.flush();
    let (status, headers, body) = asking.join().unwrap();
    assert_eq!((status, ids(&json(&body)), next(&headers).is_some()), (200, vec![12, 1], true));
}

#[test]
fn a_page_begins_where_it_is_said_and_ends_with_the_last_row() {
    let hub = hub();
    let page = |uri: &str| {
        let (status, headers, body) = answer(&hub.reads, &format!("/api/leaderboard/portfolios{uri}"), None);
        assert_eq!(status, 200, "{uri}");
        (ids(&json(&body)), next(&headers).is_some())
    };
    assert_eq!(page("?limit=12"), ((1..=12).collect(), false));
    assert_eq!(page("?limit=11"), ((1..=11).collect(), true));
    assert_eq!(page("?limit=3&offset=9"), (vec![10, 11, 12], false));
    assert_eq!(page("?limit=3&offset=8"), (vec![9, 10, 11], true));
    assert_eq!(page("?limit=2&at=flush"), (vec![1, 2], true));
    let (_, headers, _) = answer(&hub.reads, "/api/leaderboard/portfolios?limit=3&offset=4", None);
    let (status, _, body) = answer(&hub.reads, &next(&headers).unwrap(), None);
    assert_eq!((status, ids(&json(&body))), (200, vec![8, 9, 10]), "a link to the next page leads there");
}

#[test]
fn a_poll_that_finds_nothing_new_is_304_and_one_that_finds_another_rank_is_not() {
    let around = format!("/api/leaderboard/around?portfolioId={}&range=1", portfolio(9));
    for uri in [
        "/api/leaderboard/top?top=3",
        "/api/leaderboard/portfolios?limit=3",
        "/api/leaderboard/portfolios",
        &around,
    ] {
        let mut hub = hub();
        let (_, headers, body) = answer(&hub.reads, uri, None);
        let tag = header(&headers, "etag").unwrap();
        hub.pass(1000);
        hub.flush();
        let (status, headers, empty) = answer(&hub.reads, uri, Some(&tag));
        assert_eq!((status, &*empty), (304, ""), "{uri}");
        assert_eq!(header(&headers, "x-position"), Some(format!("{EPOCH}-{}", hub.offset)));
        hub.sharpe(12, "100");
        hub.flush();
        let (status, _, another) = answer(&hub.reads, uri, Some(&tag));
        assert_eq!(status, 200, "{uri}");
        assert_ne!(another, body);
    }
}

#[test]
fn a_position_that_is_not_kept_is_told_by_the_parameter_that_names_it() {
    let mut hub = hub();
    hub.configure(1000);
    let old = hub.offset;
    hub.flush();
    for n in 1..4 {
        hub.pass(2000);
        hub.sharpe(n, "50");
        hub.flush();
    }
    let (ahead, elsewhere) = (format!("{EPOCH}-9999"), format!("000000000000dead-{old}"));
    let old = format!("{EPOCH}-{old}");
    for (query, status, reason) in [
        (format!("cursor={old}-5"), 410, format!("cursor: no flush at {old} is kept")),
        (format!("cursor={ahead}-5"), 410, format!("cursor: {ahead} is yet to come")),
        (format!("cursor={elsewhere}-5"), 400, format!("cursor: {elsewhere} is a position of another log")),
        ("cursor=nonsense".into(), 400, "cursor: must be one that a link".into()),
        (format!("cursor={old}"), 400, "cursor: must be one that a link".into()),
        (format!("at={old}"), 410, format!("at: no flush at {old} is kept")),
        (format!("at={elsewhere}"), 410, format!("at: {elsewhere} is a position of another log")),
        ("at=yesterday".into(), 400, "at: ".into()),
        (format!("cursor={old}-5&offset=1"), 400, "offset: is none of a cursor".into()),
        ("limit=0".into(), 400, "limit: must be".into()),
    ] {
        let found = problem(&hub, &format!("/api/leaderboard/portfolios?{query}"));
        assert!(found.0 == status && found.1.starts_with(&reason), "{query}: {found:?}");
    }
}

#[test]
fn wrong_parameters_are_problems() {
    let hub = hub();
    for wrong in ["0", "-1", "ten", "1.5", ""] {
        let (status, detail) = problem(&hub, &format!("/api/leaderboard/top?top={wrong}"));
        assert!(status == 400 && detail.starts_with("top: "), "{wrong:?}: {status} {detail}");
    }
    for (query, status, name) in [
        (format!("portfolioId={}", portfolio(99)), 404, "portfolioId: "),
        ("portfolioId=nonsense".into(), 400, "portfolioId: must be a UUID"),
        ("range=5".into(), 400, "portfolioId: is required"),
        (format!("portfolioId={}&portfolioId=x", portfolio(1)), 400, "portfolioId: is given twice"),
        (format!("portfolioId={}&top=5", portfolio(1)), 400, "top: is no parameter here"),
        (format!("portfolioId={}&range=-2", portfolio(1)), 400, "range: "),
    ] {
        let found = problem(&hub, &format!("/api/leaderboard/around?{query}"));
        assert!(found.0 == status && found.1.starts_with(name), "{query}: {found:?}");
    }
    let named = problem(&hub, "/api/leaderboard/top?portfolioId=x");
    assert_eq!(named, (400, "portfolioId: is no parameter here; there are top and at".to_owned()));
    assert_eq!(problem(&hub, "/api/leaderboard/portfolios?limit=0").0, 400);
    assert_eq!(problem(&hub, "/api/leaderboard/portfolios?offset=-1").0, 400);
}

#[test]
fn nothing_is_ranked_before_anything_happened() {
    let hub = Hub::new();
    assert_eq!(ok(&hub, "/api/leaderboard/top")["top"], json("[]"));
    assert_eq!(ok(&hub, "/api/leaderboard/portfolios"), json("[]"));
}
