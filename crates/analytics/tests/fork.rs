//! What a fork says records would do is what they do, and nobody else sees it.

mod support;

use hub_analytics::AnalyticsFork;
use hub_core::event::Trade;
use hub_core::{Expired, Outcome, PortfolioId, Record, Rejection};
use hub_fanout::{DryRun, FeedItem, Foreseen};
use proptest::prelude::*;
use support::script::{PORTFOLIOS, SYMBOLS, history};
use support::{Fixture, portfolio, text, trade};

/// What somebody reads of positions and P&L.
#[derive(PartialEq, Debug)]
struct Read {
    rows: Vec<Option<hub_core::dto::PositionRow>>,
    marks: Vec<Option<String>>,
    pnl: Vec<Option<hub_core::Pnl>>,
    quotes: Vec<Option<hub_analytics::Quote>>,
}

/// One more than there are, so that one is unknown.
fn portfolios() -> impl Iterator<Item = PortfolioId> {
    (0..=PORTFOLIOS).map(portfolio)
}

fn symbols() -> impl Iterator<Item = hub_core::Symbol> {
    SYMBOLS.iter().map(|symbol| symbol.parse().unwrap())
}

fn read_fork(fork: &AnalyticsFork) -> Read {
    let pairs = portfolios().flat_map(|id| symbols().map(move |symbol| (id, symbol)));
    let row = |(id, symbol)| fork.position(id, &symbol).unwrap().map(|row| row.position().clone());
    Read {
        rows: pairs.map(row).collect(),
        marks: portfolios().map(|id| fork.mark(id).unwrap().map(text)).collect(),
        pnl: portfolios().map(|id| fork.pnl(id).unwrap()).collect(),
        quotes: symbols().map(|symbol| fork.quote(&symbol)).collect(),
    }
}

/// As everybody else reads it.
fn read_hub(hub: &mut Fixture) -> Read {
    hub.settle();
    let state = hub.reads.settled();
    let rows: Vec<_> = state.positions().map(|row| row.unwrap().position().clone()).collect();
    let pairs = portfolios().flat_map(|id| symbols().map(move |symbol| (id, symbol)));
    let row =
        |(id, symbol)| rows.iter().find(|row| (row.portfolio_id, &row.symbol) == (id, &symbol)).cloned();
    Read {
        rows: pairs.map(row).collect(),
        marks: portfolios().map(|id| state.mark(id).unwrap().map(text)).collect(),
        pnl: portfolios().map(|id| state.pnl(id).unwrap()).collect(),
        quotes: symbols().map(|symbol| state.quote(&symbol)).collect(),
    }
}

fn foresee(fork: &mut AnalyticsFork, record: &Record) -> Foreseen {
    let mut run = DryRun::of(vec![fork]).unwrap();
    run.apply(record.at, record.event.clone()).unwrap()
}

/// What the record did: its outcome, hints and events.
fn apply(hub: &mut Fixture, record: &Record) -> (Outcome, Vec<String>, Vec<FeedItem>) {
    let outcome = hub.apply(record);
    let warnings = hub.warnings().iter().map(ToString::to_string).collect();
    (outcome, warnings, hub.items().to_vec())
}

proptest! {
    /// The fork is taken in the middle of a history and goes on from there record by record; so does the hub, later.
    #[test]
    fn records_do_what_a_fork_says_they_would(records in history(160), taken in 0..160_usize, watched: bool) {
        let mut hub = if watched { Fixture::watched() } else { Fixture::new() };
        let taken = taken.min(records.len());
        let (before, after) = records.split_at(taken);
        for record in before {
            hub.apply(record);
        }
        hub.settle();
        let mut fork = hub.reads.fork(hub.reads.settled());
        let mut other = hub.reads.fork(hub.reads.settled());
        let untouched = read_fork(&other);
        let foreseen: Vec<_> = after.iter().map(|record| (foresee(&mut fork, record), read_fork(&fork))).collect();
        prop_assert_eq!(&read_hub(&mut hub), &untouched, "nobody else sees it");
        prop_assert_eq!(&read_fork(&other), &untouched, "nor does another fork");
        for (record, (Foreseen { verdict, items }, read)) in after.iter().zip(&foreseen) {
            let (outcome, warnings, done) = apply(&mut hub, record);
            let said: Vec<String> = verdict.warnings.iter().map(ToString::to_string).collect();
            prop_assert_eq!((&verdict.outcome, &said, items), (&outcome, &warnings, &done), "{:?}", record);
            prop_assert_eq!(read, &read_hub(&mut hub), "{:?}", record);
        }
        // Whatever became of the original meanwhile, a fork says what it said.
        prop_assert_eq!(&read_fork(&other), &untouched);
        for (record, (first, read)) in after.iter().zip(&foreseen) {
            prop_assert_eq!(&foresee(&mut other, record), first);
            prop_assert_eq!(&read_fork(&other), read);
        }
    }
}

#[test]
fn a_dry_run_shows_what_would_change_and_why_not() {
    let mut hub = Fixture::new();
    hub.buy(1, "MSFT", "2", "10");
    hub.buy(2, "AAPL", "1", "5");
    hub.price("MSFT", "12");
    hub.settle();
    let mut fork = hub.reads.fork(hub.reads.settled());
    let now = hub.now();
    let mut run = DryRun::of(vec![&mut fork]).unwrap();
    let sold = trade(3, 1, "MSFT", "1.5", Trade::Sell { price: "12".parse().unwrap(), lot_price: None });
    assert_eq!(run.apply(now, sold.clone()).unwrap().verdict, Outcome::Accepted.into());
    assert_eq!(run.apply(now, sold).unwrap().verdict, Outcome::Duplicate.into());
    let again = trade(4, 1, "MSFT", "1", Trade::Sell { price: "12".parse().unwrap(), lot_price: None });
    let refused = run.apply(now, again).unwrap().verdict.outcome;
    assert_eq!(refused, Outcome::Rejected(Rejection::of("quantity", "is more than the 0.5 held")));
    let cased = run.apply(now, trade(5, 9, "msft", "1", Trade::Buy { price: "1".parse().unwrap() })).unwrap();
    let hint = "symbol: msft differs only in case from MSFT, which was known before";
    assert_eq!(cased.verdict.warnings, [hint]);
    let changed: Vec<_> = fork.changed().map(|row| row.unwrap().position().clone()).collect();
    let told: Vec<_> = changed
        .iter()
        .map(|row| (row.symbol.as_str(), row.holdings.to_string(), row.realized_pnl.to_string()))
        .collect();
    assert_eq!(told, [("MSFT", "0.5".into(), "3".into()), ("msft", "1".into(), "0".into())]);
}

#[test]
fn a_fork_of_a_view_that_has_expired_says_so() {
    let mut hub = Fixture::within(1);
    for id in 1..=3 {
        hub.buy(id, "MSFT", "1", "10");
    }
    hub.settle();
    let mut fork = hub.reads.fork(hub.reads.settled());
    let read =
        |fork: &AnalyticsFork| fork.position(portfolio(1), &"MSFT".parse().unwrap()).map(|row| row.is_some());
    assert_eq!(read(&fork), Ok(true));
    for id in 4..=9 {
        hub.buy(id, "MSFT", "1", "10");
        hub.settle();
    }
    assert_eq!(read(&fork), Err(Expired), "never taken for a position that there is not");
    let sale = trade(30, 1, "MSFT", "1", Trade::Sell { price: "12".parse().unwrap(), lot_price: None });
    assert_eq!(DryRun::of(vec![&mut fork]).unwrap().apply(hub.now(), sale), Err(Expired));
    assert_eq!(read(&hub.reads.fork(hub.reads.settled())), Ok(true), "whoever asked takes a newer one");
}
