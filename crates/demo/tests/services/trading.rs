//! Sessions of the auto-trader always hold an open trade.

use std::collections::BTreeMap;

use hub_autotrader::ExitReason;
use hub_core::Event;
use hub_core::event::trading::{SessionId, StopSession, TradingCommand, TradingRequest};
use hub_demo::DemoConfig;

use crate::world::World;

/// Nothing but prices and traders.
fn config(seed: u64) -> DemoConfig {
    DemoConfig {
        seed,
        portfolios: 1,
        transactions_per_second: 0,
        risk_per_second: 0,
        trades_per_second: 0,
        ..DemoConfig::default()
    }
}

fn stop(world: &mut World, session_id: SessionId) {
    let command = TradingCommand::StopSession(StopSession { session_id });
    world.apply(Event::Trading(TradingRequest { request_id: None, command }));
    world.settle();
}

#[test]
fn at_any_time_a_trade_is_open_and_trades_end_in_every_way() {
    for seed in 1..=3 {
        let mut world = World::open(&config(seed));
        let mut ended = BTreeMap::new();
        for _ in 0..3000 {
            let open = world.open_trades();
            assert_eq!(open.len(), 2, "sessions");
            assert!(open.iter().all(|open| (1..=4).contains(&open.len())), "{open:?}");
            world.step();
        }
        assert_eq!(world.refused, []);
        let state = world.trading.settled();
        for session in state.sessions_from(SessionId(0)) {
            for trade in session.trades() {
                if let Some(exit) = trade.exit {
                    let held_millis = exit.at.millis() - trade.opened_at.millis();
                    assert!(held_millis < 120_000, "{trade:?}");
                    *ended.entry(exit.reason).or_insert(0) += 1;
                }
            }
        }
        // 4 trades near the market for 300 s, each over within seconds.
        assert!(ended[&ExitReason::StopLoss] > 50 && ended[&ExitReason::Target] > 50, "{ended:?}");
        assert!((6..=10).contains(&ended[&ExitReason::Manual]), "{ended:?}");
    }
}

#[test]
fn a_restart_goes_on_with_the_same_sessions() {
    let mut world = World::open(&config(1));
    world.pass(20);
    let open = world.open_trades();
    world.restart(&config(1), 2);
    assert_eq!(world.open_trades().len(), 2);
    for (before, after) in open.iter().zip(world.open_trades()) {
        assert!(after.iter().any(|trade| before[0].id == trade.id), "what was held is held");
    }
    world.pass(20);
    assert!(world.open_trades().iter().all(|open| !open.is_empty()));
    assert_eq!(world.refused, []);
}

#[test]
fn a_session_that_somebody_stops_is_followed_by_another_one() {
    let mut world = World::open(&config(1));
    stop(&mut world, SessionId(1));
    assert!(world.open_trades()[0].is_empty());
    world.step();
    let open = world.open_trades();
    assert!(open.len() == 3 && !open[2].is_empty());
    // Also for who begins anew and does not know that the first one is over.
    world.restart(&config(1), 2);
    world.pass(1);
    assert_eq!(world.open_trades().len(), 3);
}

#[test]
fn sessions_are_as_many_as_are_configured() {
    for trading_sessions in [0, 1, 9] {
        let world = World::open(&DemoConfig { trading_sessions, ..config(1) });
        assert_eq!(world.open_trades().len(), trading_sessions as usize);
    }
}
