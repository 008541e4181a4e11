//! A day of opening and closing the same positions takes no more memory than its first hours, but for where its
//! transactions are in the log.

mod support;

use std::fs;

use hub_core::event::{Trade, Transaction};
use hub_core::{Event, Outcome, Settings, TransactionId};
use hub_fanout::testing::Driver;
use support::{Fixture, portfolio};

const HOUR_MILLIS: i64 = 3_600_000;

/// Positions, each of which is bought in two lots and sold in two parts every half an hour.
const POSITIONS: u32 = 600;

/// Rounds of the day, and transactions of all of them.
const ROUNDS: usize = 48;
const TRANSACTIONS: usize = ROUNDS * 4 * POSITIONS as usize;

/// Bytes that the process has in memory, by its own account.
fn resident_bytes() -> usize {
    let status = fs::read_to_string("/proc/self/status").unwrap();
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:")).unwrap();
    line.trim().trim_end_matches(" kB").parse::<usize>().unwrap() * 1024
}

fn send(hub: &mut Driver, of: u32, trade: Trade, quantity: &str) {
    let id = TransactionId::from_bytes(u128::from(hub.offset + 1).to_be_bytes());
    let symbol = format!("S{}", of % 100).parse().unwrap();
    let transaction =
        Transaction::new(id, portfolio((of / 100) as u8), symbol, trade, quantity.parse().unwrap());
    assert_eq!(hub.send(Event::Transaction(transaction.into())), Outcome::Accepted);
}

/// Opens all positions and closes them, as readers look on.
fn go_round(hub: &mut Fixture) {
    let buy = |price: &str| Trade::Buy { price: price.parse().unwrap() };
    let sell = Trade::Sell { price: "12".parse().unwrap(), lot_price: None };
    for of in 0..POSITIONS {
        send(hub, of, buy("10"), "1");
        send(hub, of, buy("11"), "2");
        hub.millis += 1;
        if of.is_multiple_of(50) {
            hub.price(&format!("S{}", of % 100), &(of + 1).to_string());
            hub.publish();
        }
    }
    for of in 0..POSITIONS {
        send(hub, of, sell, "2");
        send(hub, of, sell, "1");
        hub.millis += 1;
        if of.is_multiple_of(50) {
            hub.settle();
        }
    }
    let [positions, _] = hub.publish();
    assert!(positions.view.element(0).unwrap().is_some());
}

#[test]
fn a_day_of_opening_and_closing_the_same_positions_does_not_grow_the_process() {
    let mut hub = Fixture::watched();
    hub.send(Event::Settings(Settings {
        // Ids expire, which is where most memory goes.
        idempotency_horizon_ms: HOUR_MILLIS,
        resume_horizon_ms: 60_000,
        ..Settings::default()
    }));
    let half_hour = |hub: &mut Fixture| {
        go_round(hub);
        hub.millis += HOUR_MILLIS / 2;
    };
    (0..12).for_each(|_| half_hour(&mut hub));
    let before = resident_bytes();
    (0..ROUNDS).for_each(|_| half_hour(&mut hub));
    let grown = resident_bytes().saturating_sub(before);
    // Of ids that stayed it would be six times as much.
    let found_again = TRANSACTIONS * 16;
    assert!(grown < found_again + (1 << 20), "{grown} bytes more than {before}");
}
