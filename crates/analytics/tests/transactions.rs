//! Transactions that were applied, told from the log: which, in which order, in pages.

mod support;

use hub_core::event::{Trade, Transaction};
use hub_core::{Event, Offset, Outcome, Position, Price, Quantity, TransactionId};
use hub_server::testing::ServiceOnLog;
use serde_json::{Value, json};
use support::on_log::{get, get_unless, start};
use support::rest::Answer;
use support::{portfolio, quote, trade};

const SYMBOLS: [&str; 3] = ["AAPL", "MSFT", "XOM"];

/// A transaction that was applied: where, and by whom.
struct Applied {
    position: Position,
    of: u8,
    symbol: &'static str,
}

/// So many transactions of four portfolios in three symbols, some of which are refused or come again; those that were
/// applied, the newest first.
async fn fill(hub: &ServiceOnLog, count: u8) -> Vec<Applied> {
    let mut applied = Vec::new();
    for n in 0..count {
        let (of, symbol) = (n % 4, SYMBOLS[usize::from(n / 2) % 3]);
        let sale = Trade::Sell { price: Price::from_units(1), lot_price: None };
        let effect = if n % 5 == 4 { sale } else { Trade::Buy { price: Price::from_units(100) } };
        let symbol_id = symbol.parse().unwrap();
        let id = TransactionId::from_bytes([n - u8::from(n % 7 == 6); 16]);
        let event = Transaction::new(id, portfolio(of), symbol_id, effect, Quantity::from_units(1));
        let outcome = hub.take_in(Event::Transaction(event.into())).await;
        if outcome == Outcome::Accepted {
            let position = Position { epoch: hub.chassis.log.epoch(), offset: hub.chassis.log.head() };
            applied.push(Applied { position, of, symbol });
        }
        hub.take_in(quote(symbol, "1", None)).await;
    }
    applied.reverse();
    applied
}

fn positions(answer: &Answer) -> Vec<String> {
    assert_eq!(answer.status, 200, "{}", answer.text);
    let all = answer.json();
    all.as_array().unwrap().iter().map(|it| it["position"].as_str().unwrap().to_owned()).collect()
}

/// All pages, and whether each but the last was full.
async fn follow(hub: &ServiceOnLog, uri: &str) -> Vec<String> {
    let mut page = get(hub, uri).await;
    let (position, mut all) = (page.position.clone(), positions(&page));
    while let Some(next) = page.next {
        page = get(hub, &next).await;
        assert_eq!(page.position, position);
        all.extend(positions(&page));
    }
    all
}

#[actix_web::test]
async fn they_are_found_by_portfolio_and_symbol_the_newest_first() {
    let directory = tempfile::tempdir().unwrap();
    let hub = start(directory.path()).await;
    let applied = fill(&hub, 120).await;
    assert!((60..110).contains(&applied.len()), "some were refused: {}", applied.len());
    let (by, symbols) = ([None, Some(0), Some(1), Some(3)], [None, Some("AAPL"), Some("XOM")]);
    for (of, symbol) in by.into_iter().flat_map(|of| symbols.map(|symbol| (of, symbol))) {
        let expected = |until: Offset| -> Vec<String> {
            let is_wanted = |it: &&Applied| {
                it.position.offset <= until
                    && of.is_none_or(|of| of == it.of)
                    && symbol.is_none_or(|symbol| symbol == it.symbol)
            };
            applied.iter().filter(is_wanted).map(|it| it.position.to_string()).collect()
        };
        let by_portfolio = of.map(|of| format!("portfolioId={}&", portfolio(of)));
        let by_symbol = symbol.map(|symbol| format!("symbol={}&", symbol.to_lowercase()));
        let filter = by_portfolio.into_iter().chain(by_symbol).collect::<String>();
        let uri = format!("/api/transactions?{filter}");
        let all = expected(Offset(u64::MAX));
        assert!(!all.is_empty());
        for limit in [1, 3, 1000] {
            assert_eq!(follow(&hub, &format!("{uri}limit={limit}")).await, all, "{uri}");
        }
        let middle = applied[applied.len() / 2].position;
        let then = expected(middle.offset);
        assert_eq!(follow(&hub, &format!("{uri}limit=3&at={middle}")).await, then, "{uri} at {middle}");
    }
    assert_eq!(positions(&get(&hub, "/api/transactions").await).len(), 100.min(applied.len()));
    hub.stop();
}

#[actix_web::test]
async fn a_page_goes_on_where_it_was_whatever_came_since_and_after_a_restart() {
    let directory = tempfile::tempdir().unwrap();
    let hub = start(directory.path()).await;
    let applied = fill(&hub, 20).await;
    let first = get(&hub, "/api/transactions?limit=4").await;
    hub.take_in(trade(200, 1, "AAPL", "1", Trade::Buy { price: Price::from_units(1) })).await;
    let next = first.next.unwrap();
    let second = positions(&get(&hub, &next).await);
    let expected: Vec<String> = applied[4..8].iter().map(|it| it.position.to_string()).collect();
    assert_eq!(second, expected);
    hub.stop();
    let hub = start(directory.path()).await;
    assert_eq!(positions(&get(&hub, &next).await), expected);
    hub.stop();
}

#[actix_web::test]
async fn each_is_told_as_it_came_with_its_record() {
    let directory = tempfile::tempdir().unwrap();
    let hub = start(directory.path()).await;
    hub.take_in(trade(1, 1, "AAPL", "2.5", Trade::Buy { price: "10".parse().unwrap() })).await;
    let lot = Some("10".parse().unwrap());
    hub.take_in(trade(2, 1, "AAPL", "1", Trade::Sell { price: "12.5".parse().unwrap(), lot_price: lot }))
        .await;
    let answer = get(&hub, "/api/transactions").await;
    let position = |offset| Position { epoch: hub.chassis.log.epoch(), offset: Offset(offset) }.to_string();
    let mut told = answer.json();
    for it in told.as_array_mut().unwrap() {
        let at = it["at"].take();
        assert_eq!(
            (at.as_str().map(str::len), &at),
            (Some(27), &it["timestamp"].take()),
            "with microseconds"
        );
    }
    let transaction = |n: u8, side: &str, quantity: Value, price: Value, offset| {
        json!({"transactionId": TransactionId::from_bytes([n; 16]).to_string(), "portfolioId": portfolio(1).to_string(),
            "symbol": "AAPL", "side": side, "quantity": quantity, "price": price, "timestamp": null,
            "position": position(offset), "at": null})
    };
    let (bought, mut sold) =
        (transaction(1, "BUY", json!(2.5), json!(10), 1), transaction(2, "SELL", json!(1), json!(12.5), 2));
    sold["lotPrice"] = json!(10);
    assert_eq!(told, json!([sold, bought]));
    let again = get_unless(&hub, "/api/transactions", answer.tag.as_deref().unwrap()).await;
    assert_eq!((again.status.as_u16(), &*again.text), (304, ""));
    hub.take_in(quote("AAPL", "1", None)).await;
    assert_eq!(get(&hub, "/api/transactions").await.tag, answer.tag, "prices are none of it");
    hub.stop();
}

#[actix_web::test]
async fn what_can_not_be_meant_is_told_by_name() {
    let directory = tempfile::tempdir().unwrap();
    let hub = start(directory.path()).await;
    fill(&hub, 10).await;
    let head = Position { epoch: hub.chassis.log.epoch(), offset: hub.chassis.log.head() };
    for (query, status, says) in [
        ("limit=0", 400, "limit: "),
        ("portfolioId=x", 400, "portfolioId: "),
        ("symbol=", 400, "symbol: "),
        ("cursor=x", 400, "cursor: must be one that"),
        ("cursor=0000000000000007-1-1", 400, "cursor: 0000000000000007-1 is of another log"),
        ("at=0000000000000007-1", 410, "at: 0000000000000007-1 is of another log"),
        (&format!("at={head}0"), 410, "at: "),
        (&format!("cursor={head}0-1"), 410, "cursor: "),
        ("at=x", 400, "at: "),
        ("side=BUY", 400, "side: is no parameter here"),
    ] {
        let answer = get(&hub, &format!("/api/transactions?{query}")).await;
        let detail = answer.json()["detail"].as_str().unwrap().to_owned();
        assert_eq!(&*answer.content_type, "application/problem+json");
        assert!(answer.status == status && detail.starts_with(says), "{query}: {} {detail}", answer.status);
    }
    for nobodys in
        [format!("portfolioId={}", portfolio(99)), "symbol=NONE".to_owned(), format!("cursor={head}-0")]
    {
        let answer = get(&hub, &format!("/api/transactions?{nobodys}")).await;
        assert_eq!((positions(&answer), answer.next), (Vec::<String>::new(), None), "{nobodys}");
    }
    hub.stop();
}
