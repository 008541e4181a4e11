//! The leaderboard moves.

use std::time::Duration;

use hub_core::normalize::Kind;
use hub_core::{Event, Timestamp};
use hub_demo::{DemoConfig, Market};

use crate::world::{World, read};

/// Nothing but risk metrics.
fn config(seed: u64) -> DemoConfig {
    DemoConfig {
        seed,
        prices_per_second: 0,
        transactions_per_second: 0,
        trades_per_second: 0,
        trading_sessions: 0,
        ..DemoConfig::default()
    }
}

#[test]
fn every_portfolio_has_a_rank_from_the_opening_on_and_ranks_move_within_5_seconds() {
    for seed in 1..=5 {
        let mut world = World::open(&config(seed));
        let before = world.ranking();
        assert_eq!(before.len(), 100);
        world.pass(5);
        let after = world.ranking();
        assert_ne!(before[..50], after[..50], "seed {seed}: those who are shown");
    }
}

#[test]
fn ranks_move_gradually() {
    let mut world = World::open(&DemoConfig { risk_per_second: 10, ..config(1) });
    let mut largest = 0;
    for _ in 0..100 {
        let before = world.ranking();
        let (rank, id) = (50, before[50]);
        world.step();
        let now = world.ranking().iter().position(|other| *other == id).unwrap();
        largest = largest.max(now.abs_diff(rank));
    }
    assert!((1..=20).contains(&largest), "{largest} of 100 at once");
}

#[test]
fn metrics_are_plausible_at_the_opening_and_for_ever() {
    let mut market = Market::new(&DemoConfig { risk_per_second: 1000, portfolios: 20, ..config(1) }, 1);
    let mut batches = market.opening();
    for second in 1..=100 {
        let now = Timestamp::from_millis(second * 1000).unwrap();
        batches.extend(market.step(Duration::from_secs(1), now));
    }
    let items = batches.iter().filter(|(kind, _)| *kind == Kind::Risk).flat_map(|(_, items)| items);
    let mut count = 0;
    for item in items {
        let Ok(Event::Risk(risk)) = read(Kind::Risk, item) else { panic!("{item}") };
        let within = |value: hub_core::Ratio, low: &str, high: &str| {
            (low.parse().unwrap()..=high.parse().unwrap()).contains(&value)
        };
        assert!(within(risk.avg_rate_of_return, "0.0005", "0.02"), "{item}");
        assert!(within(risk.sharpe_ratio, "0.2", "3"), "{item}");
        assert!(risk.sortino_ratio > risk.sharpe_ratio && within(risk.sortino_ratio, "0.2", "4.5"), "{item}");
        count += 1;
    }
    assert_eq!(count, 20 + 100 * 1000, "as many as are configured");
}

#[test]
fn without_a_rate_nobody_is_ranked() {
    let mut world = World::open(&DemoConfig { risk_per_second: 0, ..config(1) });
    world.pass(5);
    assert!(world.ranking().is_empty());
}
