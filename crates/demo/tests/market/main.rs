//! What the demo market promises.

mod ledger;

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use hub_core::event::{Trade, Upstream};
use hub_core::normalize::Kind;
use hub_core::{Date, Event, PortfolioId, Price, Timestamp};
use hub_demo::{BATCH_MAX_ITEMS, Batch, DemoConfig, Market, STEP_MAX};
use ledger::{Ledger, Verdict, read};
use serde_json::Value;

const SECOND: Duration = Duration::from_secs(1);

fn of_kind(batches: &[Batch], kind: Kind) -> Vec<&str> {
    batches
        .iter()
        .filter(|(k, _)| *k == kind)
        .flat_map(|(_, items)| items.iter().map(String::as_str))
        .collect()
}

fn parsed(items: &[&str]) -> Vec<Value> {
    items.iter().map(|item| serde_json::from_str(item).unwrap()).collect()
}

fn texts(items: &[Value], keys: &[&str]) -> BTreeSet<String> {
    let text = |item: &Value| keys.iter().find_map(|key| item.get(key)?.as_str().map(str::to_owned)).unwrap();
    items.iter().map(text).collect()
}

fn steps(market: &mut Market, count: usize) -> Vec<Batch> {
    (0..).take(count).flat_map(|second| market.step(SECOND, at(second * 1000))).collect()
}

/// So many milliseconds after 2026-02-07T10:30:00.000Z.
fn at(millis: i64) -> Timestamp {
    Timestamp::from_millis(1_770_460_200_000 + millis).unwrap()
}

/// Prices by symbol, as the hub reads them.
fn quotes(batches: &[Batch]) -> Vec<(String, Price)> {
    let quote = |item: &&str| match read(Kind::Prices, item) {
        Ok(Event::Price(quote)) => (quote.symbol.to_string(), quote.price),
        other => panic!("{item} is {other:?}"),
    };
    of_kind(batches, Kind::Prices).iter().map(quote).collect()
}

#[test]
fn the_same_seed_and_steps_make_the_same_market() {
    let config = DemoConfig::default();
    let history = |config: &DemoConfig| {
        let mut market = Market::new(config, 1);
        let mut all = market.opening();
        let mut now = at(0);
        for millis in [100, 7, 1000, 0, 333] {
            now = now.plus_millis(millis);
            all.extend(market.step(Duration::from_millis(millis.unsigned_abs()), now));
        }
        all
    };
    assert_eq!(history(&config), history(&config));
    assert_ne!(history(&config), history(&DemoConfig { seed: 43, ..config }));
}

#[test]
fn the_opening_has_sectors_names_prices_and_positions() {
    let opening = Market::new(&DemoConfig::default(), 1).opening();
    let order: Vec<Kind> = opening.iter().map(|(kind, _)| *kind).collect();
    let first = |kind| order.iter().position(|k| *k == kind).unwrap();
    assert!(first(Kind::Symbols) < first(Kind::Portfolios));
    assert!(first(Kind::Portfolios) < first(Kind::Prices));
    assert!(first(Kind::Prices) < first(Kind::Transactions));

    let symbols = parsed(&of_kind(&opening, Kind::Symbols));
    assert_eq!(texts(&symbols, &["symbol"]).len(), 40);
    assert_eq!(texts(&symbols, &["sector"]).len(), 8);
    let portfolios = parsed(&of_kind(&opening, Kind::Portfolios));
    assert_eq!(texts(&portfolios, &["name"]).len(), 100);
    let ids = texts(&portfolios, &["portfolioId", "portfolio_id"]);
    assert_eq!(ids.len(), 100);
    let prices = parsed(&of_kind(&opening, Kind::Prices));
    assert_eq!(texts(&prices, &["symbol"]), texts(&symbols, &["symbol"]));

    let mut ledger = Ledger::default();
    let verdicts = ledger.apply_all(&of_kind(&opening, Kind::Transactions));
    assert_eq!(verdicts.get(&Verdict::Accepted), Some(&of_kind(&opening, Kind::Transactions).len()));
    assert_eq!(ledger.portfolios(), ids, "every portfolio holds something");
    let positions = ledger.positions();
    assert!((2 * 100..=6 * 100).contains(&positions), "{positions}");
}

#[test]
fn every_item_of_the_opening_and_every_price_is_taken_in() {
    let mut market = Market::new(&DemoConfig { portfolios: 2000, symbols: 2000, ..DemoConfig::default() }, 1);
    let mut batches = market.opening();
    batches.extend(steps(&mut market, 20).into_iter().filter(|(kind, _)| *kind == Kind::Prices));
    for (kind, items) in batches {
        for item in items {
            assert!(read(kind, &item).is_ok(), "{kind:?} {item}: {:?}", read(kind, &item));
        }
    }
}

#[test]
fn a_restart_repeats_the_opening_and_nothing_else() {
    let config = DemoConfig::default();
    let (mut first, mut second) = (Market::new(&config, 1), Market::new(&config, 2));
    assert_eq!(first.opening(), second.opening());

    let (first_steps, second_steps) = (steps(&mut first, 20), steps(&mut second, 20));
    assert_eq!(of_kind(&first_steps, Kind::Prices), of_kind(&second_steps, Kind::Prices));
    let ids = |batches: &[Batch]| {
        texts(&parsed(&of_kind(batches, Kind::Transactions)), &["transactionId", "transaction_id"])
    };
    assert!(ids(&first_steps).is_disjoint(&ids(&second_steps)));
    assert!(ids(&first.opening()).is_disjoint(&ids(&first_steps)));
}

#[test]
fn an_opening_after_a_change_of_sizes_still_has_its_ids() {
    let ids = |config: &DemoConfig| {
        let opening = Market::new(config, 1).opening();
        let portfolios = parsed(&of_kind(&opening, Kind::Portfolios));
        texts(&portfolios, &["portfolioId", "portfolio_id"])
    };
    let few = DemoConfig { portfolios: 10, symbols: 5, ..DemoConfig::default() };
    assert!(ids(&few).is_subset(&ids(&DemoConfig::default())));
}

#[test]
fn only_mistakes_are_refused_even_after_a_restart() {
    let config = DemoConfig { invalid_share: 0.0, transactions_per_second: 200, ..DemoConfig::default() };
    let mut ledger = Ledger::default();
    for run in 1..=3 {
        let mut market = Market::new(&config, run);
        let opening = ledger.apply_all(&of_kind(&market.opening(), Kind::Transactions));
        let expected = if run == 1 { Verdict::Accepted } else { Verdict::Duplicate };
        assert_eq!(opening.keys().copied().collect::<Vec<_>>(), [expected], "run {run}");

        let trades = steps(&mut market, 100);
        let verdicts = ledger.apply_all(&of_kind(&trades, Kind::Transactions));
        assert_eq!(verdicts, BTreeMap::from([(Verdict::Accepted, 20_000)]), "run {run}");
    }
}

#[test]
fn mistakes_have_the_configured_share_and_all_of_them_occur() {
    let config = DemoConfig { invalid_share: 0.1, transactions_per_second: 1000, ..DemoConfig::default() };
    let mut market = Market::new(&config, 1);
    let mut ledger = Ledger::default();
    ledger.apply_all(&of_kind(&market.opening(), Kind::Transactions));
    let verdicts = ledger.apply_all(&of_kind(&steps(&mut market, 20), Kind::Transactions));

    let accepted = verdicts[&Verdict::Accepted];
    // Five standard deviations of 20 000 draws are 212.
    assert!((17_780..=18_220).contains(&accepted), "{verdicts:?}");
    for mistake in [
        Verdict::Oversell,
        Verdict::UnknownSide,
        Verdict::NegativeQuantity,
        Verdict::MalformedId,
        Verdict::Duplicate,
    ] {
        let count = verdicts.get(&mistake).copied().unwrap_or(0);
        assert!((300..=500).contains(&count), "{mistake:?} in {verdicts:?}");
    }
}

#[test]
fn the_days_before_lead_to_what_portfolios_begin_with() {
    let market = Market::new(&DemoConfig { portfolios: 1010, history_days: 8, ..DemoConfig::default() }, 1);
    let portfolios = parsed(&of_kind(&market.opening(), Kind::Portfolios));
    let holders = texts(&portfolios, &["portfolioId", "portfolio_id"]);
    let today: Date = "2026-02-07".parse().unwrap();
    let past = market.past(today);
    let mut days: BTreeMap<PortfolioId, Vec<(Date, f64)>> = BTreeMap::new();
    for item in of_kind(&past, Kind::Valuations) {
        let Ok(Event::Upstream(fact)) = read(Kind::Valuations, item) else { panic!("{item}") };
        let Upstream::Valuation(it) = *fact else { panic!("{item}") };
        let value = it.portfolio_value.to_string().parse().unwrap();
        days.entry(it.portfolio_id).or_default().push((it.date, value));
    }
    assert_eq!(days.len(), 1000, "of a crowd the first ones");
    for (id, days) in days {
        assert!(holders.contains(&id.to_string()), "{id}");
        let expected = (1..=8).rev().map(|ago| today.plus_days(-ago).unwrap());
        assert!(days.iter().map(|(date, _)| *date).eq(expected), "{days:?}");
        let moves = days.windows(2).map(|two| two[1].1 / two[0].1);
        assert!(moves.into_iter().all(|ratio| (0.98..1.02).contains(&ratio)), "{days:?}");
    }
    assert_eq!(past, market.past(today));
    assert_eq!(Market::new(&DemoConfig { history_days: 0, ..DemoConfig::default() }, 1).past(today), []);
}

#[test]
fn nothing_but_mistakes_where_all_is_to_be_wrong() {
    let config = DemoConfig { invalid_share: 1.0, transactions_per_second: 20, ..DemoConfig::default() };
    let mut market = Market::new(&config, 1);
    let verdicts = Ledger::default().apply_all(&of_kind(&steps(&mut market, 50), Kind::Transactions));
    assert_eq!(verdicts.get(&Verdict::Accepted), None, "{verdicts:?}");
    assert_eq!(verdicts.values().sum::<usize>(), 1000);
}

#[test]
fn people_buy_and_sell_in_every_spelling_and_some_name_the_lot() {
    let config = DemoConfig { transactions_per_second: 20, ..DemoConfig::default() };
    let mut market = Market::new(&config, 1);
    let batches = steps(&mut market, 100);
    let items = parsed(&of_kind(&batches, Kind::Transactions));
    let count = |wanted: &dyn Fn(&Value) -> bool| items.iter().filter(|item| wanted(item)).count();
    let side = |side: &'static str| move |item: &Value| item["side"] == side;
    assert!(count(&side("BUY")) > 800, "{}", count(&side("BUY")));
    assert!(count(&side("SELL")) > 800, "{}", count(&side("SELL")));
    assert!(count(&|item| item.get("transaction_id").is_some()) > 300);
    assert!(count(&|item| item.get("sellPrice").is_some()) > 300);
    assert!(count(&|item| item.get("transactionId").is_some() && item.get("price").is_some()) > 600);
    assert!(count(&|item| item["quantity"].is_string()) > 300, "numbers as texts");
    assert!(count(&|item| item["quantity"].is_number()) > 900);
    let lots_named = of_kind(&batches, Kind::Transactions)
        .iter()
        .filter(|item| match read(Kind::Transactions, item) {
            Ok(Event::Transaction(t)) => matches!(t.trade, Trade::Sell { lot_price: Some(_), .. }),
            _ => false,
        })
        .count();
    assert!(lots_named > 150, "{lots_named}");
    assert!(items.iter().all(|item| item.get("timestamp").is_none()), "the market has no clock");
}

#[test]
fn prices_move_in_cents_and_stay_positive() {
    let config = DemoConfig {
        symbols: 5,
        prices_per_second: 10_000,
        transactions_per_second: 0,
        ..DemoConfig::default()
    };
    let mut market = Market::new(&config, 1);
    let cent: Price = "0.01".parse().unwrap();
    let mut seen: BTreeMap<String, BTreeSet<Price>> = BTreeMap::new();
    for (symbol, price) in quotes(&steps(&mut market, 10)) {
        assert!(price > cent && price.units() % cent.units() == 0, "{symbol} costs {price}");
        seen.entry(symbol).or_default().insert(price);
    }
    assert_eq!(seen.len(), 5);
    for (symbol, prices) in seen {
        let (low, high) = (prices.first().unwrap().units(), prices.last().unwrap().units());
        assert!(high * 10 > low * 11, "{symbol} strays by 10 % in 20 000 ticks: {low} to {high}");
        assert!(high < low * 4, "{symbol} comes back: {low} to {high}");
    }
}

#[test]
fn rates_hold_however_time_is_cut() {
    let count = |config: &DemoConfig, step: Duration, steps: u32| {
        let mut market = Market::new(config, 1);
        let mut counts = [0, 0];
        for _ in 0..steps {
            let batches = market.step(step, at(0));
            counts[0] += of_kind(&batches, Kind::Prices).len();
            counts[1] += of_kind(&batches, Kind::Transactions).len();
        }
        counts
    };
    let config = DemoConfig { prices_per_second: 7, transactions_per_second: 3, ..DemoConfig::default() };
    assert_eq!(count(&config, SECOND, 60), [420, 180]);
    assert_eq!(count(&config, Duration::from_millis(100), 600), [420, 180]);
    assert_eq!(count(&config, Duration::from_micros(1), 500_000), [3, 1]);
    assert_eq!(count(&config, Duration::ZERO, 100), [0, 0]);
    let silent = DemoConfig { prices_per_second: 0, transactions_per_second: 0, ..DemoConfig::default() };
    assert_eq!(count(&silent, SECOND, 60), [0, 0]);
}

#[test]
fn a_machine_that_slept_does_not_make_up_for_it() {
    let mut market = Market::new(&DemoConfig::default(), 1);
    let batches = market.step(Duration::MAX, at(0));
    assert_eq!(of_kind(&batches, Kind::Prices).len() as u64, 200 * STEP_MAX.as_secs());
}

#[test]
fn no_batch_is_empty_or_larger_than_it_may_be() {
    let config = DemoConfig { portfolios: 5000, prices_per_second: 2500, ..DemoConfig::default() };
    let mut market = Market::new(&config, 1);
    let batches: Vec<Batch> = market.opening().into_iter().chain(market.step(SECOND, at(0))).collect();
    assert!(batches.iter().all(|(_, items)| (1..=BATCH_MAX_ITEMS).contains(&items.len())));
    assert_eq!(of_kind(&batches, Kind::Prices).len(), 40 + 2500);
    assert_eq!(market.step(Duration::ZERO, at(0)), []);
}

#[test]
fn the_smallest_market_works() {
    let config =
        DemoConfig { portfolios: 1, symbols: 1, transactions_per_second: 20, ..DemoConfig::default() };
    let mut market = Market::new(&config, 1);
    let opening = market.opening();
    assert_eq!(of_kind(&opening, Kind::Transactions).len(), 1);
    assert_eq!(of_kind(&steps(&mut market, 10), Kind::Transactions).len(), 200);
}
