//! Pages of long answers: each element once, all of one position, whatever changes between two of them.

mod support;

use std::time::Duration;

use hub_core::Event;
use hub_core::event::{PortfolioInfo, Trade};
use proptest::prelude::*;
use serde_json::Value;
use support::rest::{Answer, get};
use support::script::history;
use support::{Fixture, buy, portfolio, trade};

const PATHS: [&str; 4] = ["/api/analysis/all", "/api/unrealized", "/api/portfolio/all", "/api/prices"];

fn keeping() -> Fixture {
    Fixture::keeping(Duration::from_secs(60), 1 << 24)
}

fn elements(answer: &Answer) -> Vec<Value> {
    assert_eq!(answer.status, 200, "{}", answer.text);
    answer.json().as_array().unwrap().clone()
}

/// All pages of an answer, `between` two of which something happens.
fn follow(hub: &mut Fixture, uri: &str, limit: usize, mut between: impl FnMut(&mut Fixture)) -> Vec<Value> {
    let first = get(&hub.reads, &format!("{uri}{}limit={limit}", if uri.contains('?') { '&' } else { '?' }));
    let position = first.position.clone();
    let (mut all, mut next) = (elements(&first), first.next);
    assert!(all.len() <= limit);
    while let Some(uri) = next {
        assert_eq!(all.len() % limit, 0, "only the last page is short");
        between(hub);
        let page = get(&hub.reads, &uri);
        assert_eq!(page.position, position, "{uri}");
        let elements = elements(&page);
        assert!(!elements.is_empty() && elements.len() <= limit);
        all.extend(elements);
        next = page.next;
    }
    all
}

fn problem(hub: &Fixture, uri: &str) -> (u16, String) {
    let answer = get(&hub.reads, uri);
    assert_eq!(answer.content_type, "application/problem+json", "{uri}: {}", answer.text);
    (answer.status.as_u16(), answer.json()["detail"].as_str().unwrap().to_owned())
}

/// Three portfolios, one of which is named, as is one that never trades; prices of two of three symbols.
fn hub() -> Fixture {
    let mut hub = keeping();
    for (id, symbol) in [(1, "AAPL"), (2, "MSFT"), (3, "AAPL"), (4, "XOM")] {
        buy(&mut hub, id, id % 3, symbol, "10", "15");
    }
    for of in [2, 9] {
        hub.send(Event::Portfolio(PortfolioInfo {
            portfolio_id: portfolio(of),
            name: of.to_string(),
            phone_number: None,
            address: None,
        }));
    }
    hub.price("AAPL", "20");
    hub.price("XOM", "1");
    hub.publish();
    hub
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(24))]

    #[test]
    fn pages_are_what_the_whole_was_though_everything_changes(records in history(80), later in history(60), limit in 1_usize..6) {
        let (mut hub, mut later) = (keeping(), later.into_iter());
        for record in &records {
            hub.apply(record);
        }
        hub.publish();
        for path in PATHS {
            let flushed = format!("{path}?at=flush");
            let whole = elements(&get(&hub.reads, &flushed));
            let paged = follow(&mut hub, path, limit, |hub| {
                for record in later.by_ref().take(3) {
                    hub.send(record.event);
                }
                hub.publish();
            });
            prop_assert_eq!(paged, whole, "{}", path);
        }
    }
}

#[test]
fn a_page_that_is_begun_is_of_a_flush_and_says_where_the_next_one_is() {
    let mut hub = hub();
    let flushed = hub.position().to_string();
    buy(&mut hub, 5, 5, "AAPL", "1", "1");
    hub.settle();
    for path in PATHS {
        let page = get(&hub.reads, &format!("{path}?limit=1"));
        assert_eq!((elements(&page).len(), page.position.as_ref()), (1, Some(&flushed)), "{path}");
        assert!(page.next.unwrap().starts_with(&format!("{path}?limit=1&cursor={flushed}-")));
    }
    let page = get(&hub.reads, "/api/analysis/all?limit=4");
    assert_eq!((elements(&page).len(), page.next), (4, None), "there is no page after the last element");
    assert_eq!(elements(&get(&hub.reads, "/api/analysis/all")).len(), 5, "the whole is what was applied");
    let named = follow(&mut hub, "/api/prices?symbols=XOM,MSFT,AAPL", 1, |_| ());
    assert_eq!(named.iter().map(|of| &of["symbol"]).collect::<Vec<_>>(), ["XOM", "AAPL"]);
    let at = get(&hub.reads, &format!("/api/portfolio/all?limit=2&at={flushed}")).next.unwrap();
    assert!(!at.contains("at="), "the cursor has it: {at}");
    assert_eq!(elements(&get(&hub.reads, &at)).len(), 2);
}

#[test]
fn a_tag_is_of_the_page_alone() {
    let mut hub = hub();
    let tags = |hub: &Fixture| {
        ["limit=2", "limit=4"].map(|page| get(&hub.reads, &format!("/api/analysis/all?{page}")).tag)
    };
    let before = tags(&hub);
    hub.pass(1000);
    hub.publish();
    assert_eq!(tags(&hub), before, "the position is another");
    buy(&mut hub, 5, 5, "AAPL", "1", "1");
    hub.publish();
    let more = tags(&hub);
    assert_eq!(
        (more[0] == before[0], more[1] == before[1]),
        (true, false),
        "now there is a page after the fourth"
    );
    hub.send(trade(6, 1, "AAPL", "10", Trade::Sell { price: "1".parse().unwrap(), lot_price: None }));
    hub.publish();
    assert_ne!(tags(&hub)[0], more[0], "a row of it changed");
}

#[test]
fn what_can_not_be_a_page_is_told_by_name() {
    let mut hub = hub();
    for path in PATHS {
        let cursor = get(&hub.reads, &format!("{path}?limit=1")).next.unwrap();
        let (_, cursor) = cursor.split_once("cursor=").unwrap();
        let (_, place) = cursor.rsplit_once('-').unwrap();
        for (query, status, says) in [
            ("limit=0".to_owned(), 400, "limit: must be a whole number of at least 1"),
            ("limit=x".to_owned(), 400, "limit: "),
            ("cursor=".to_owned(), 400, "cursor: must be one that"),
            (format!("cursor={}", hub.position()), 400, "cursor: must be one that"),
            (format!("cursor={}-x", hub.position()), 400, "cursor: must be one that"),
            (
                format!("cursor=0000000000000bad-4-{place}"),
                400,
                "cursor: 0000000000000bad-4 is of another log",
            ),
            (format!("cursor={}999-{place}", hub.position()), 410, "cursor: "),
            (format!("cursor={cursor}&at=flush"), 400, "at: is another position"),
            (format!("cursor={cursor}&limit=0"), 400, "limit: "),
        ] {
            let (found, detail) = problem(&hub, &format!("{path}?{query}"));
            assert!(found == status && detail.starts_with(says), "{path}?{query}: {found} {detail}");
        }
    }
    let next = get(&hub.reads, "/api/analysis/all?limit=1").next.unwrap();
    hub.pass(61_000);
    hub.publish();
    let (status, detail) = problem(&hub, &next);
    assert!(status == 410 && detail.starts_with("cursor: no flush at"), "{status} {detail}");
}

#[test]
fn where_no_flush_is_kept_there_is_a_first_page_alone() {
    let mut hub = Fixture::new();
    for id in 1..=2 {
        buy(&mut hub, id, id, "AAPL", "1", "1");
    }
    hub.publish();
    let page = get(&hub.reads, "/api/analysis/all?limit=1");
    assert_eq!(elements(&page).len(), 1);
    let (status, detail) = problem(&hub, &page.next.unwrap());
    assert!(status == 410 && detail.starts_with("cursor: no flush"), "{detail}");
}
