//! AN-IDEM: a transaction is applied once, however often it comes.

mod support;

use hub_core::event::Trade;
use hub_core::{Event, Outcome};
use support::{Fixture, all_changed, elements, field, text, trade};

#[test]
fn a_transaction_that_comes_twice_changes_nothing_the_second_time() {
    let mut hub = Fixture::watched();
    hub.price("AAPL", "16");
    assert_eq!(hub.buy(1, "AAPL", "100", "10"), Outcome::Accepted);
    let before = hub.publish();
    assert_eq!(hub.buy(1, "AAPL", "100", "10"), Outcome::Duplicate);
    assert_eq!(hub.buy(1, "MSFT", "7", "3"), Outcome::Duplicate, "the id decides, not the rest");
    let after = hub.publish();
    for (before, after) in before.iter().zip(&after) {
        assert_eq!(elements(&*before.view), elements(&*after.view));
        assert!(all_changed(&*after.view, hub.offset - 2).is_empty());
    }
}

#[test]
fn a_rejected_id_may_come_again() {
    let mut hub = Fixture::new();
    assert_eq!(field(&hub.sell(1, "AAPL", "5", "10", None)), Some("quantity"));
    hub.buy(2, "AAPL", "5", "10");
    assert_eq!(hub.sell(1, "AAPL", "5", "10", None), Outcome::Accepted);
    assert_eq!(hub.sell(1, "AAPL", "5", "10", None), Outcome::Duplicate);
}

#[test]
fn an_id_is_remembered_for_the_horizon_of_log_time() {
    let mut hub = Fixture::new();
    hub.configure(60_000, 600_000);
    hub.buy(1, "AAPL", "1", "10");
    hub.millis += 59_999;
    assert_eq!(hub.buy(1, "AAPL", "1", "10"), Outcome::Duplicate, "which does not renew it");
    hub.millis += 1;
    assert_eq!(hub.buy(1, "AAPL", "1", "10"), Outcome::Accepted);
}

#[test]
fn an_id_counts_once_however_long_ago_unless_told_otherwise() {
    let mut hub = Fixture::new();
    hub.buy(1, "AAPL", "1", "10");
    // Ten years.
    hub.millis += 3_652 * 86_400_000;
    assert_eq!(hub.buy(1, "AAPL", "1", "10"), Outcome::Duplicate);
}

#[test]
fn settings_take_effect_from_their_record_on() {
    let mut hub = Fixture::new();
    hub.buy(1, "AAPL", "1", "10");
    hub.millis += 1000;
    hub.configure(1000, 1000);
    assert_eq!(hub.buy(1, "AAPL", "1", "10"), Outcome::Accepted, "as old as the new horizon");
    hub.configure(0, 1000);
    hub.millis += 1_000_000_000;
    assert_eq!(hub.buy(1, "AAPL", "1", "10"), Outcome::Duplicate, "0 is for ever");
}

#[test]
fn a_rejected_first_transaction_leaves_no_trace_of_portfolio_or_symbol() {
    let mut hub = Fixture::watched();
    hub.sell(1, "AAPL", "5", "10", None);
    let [positions, marks] = hub.publish();
    assert!(elements(&*positions.view).is_empty() && elements(&*marks.view).is_empty());
    hub.send(trade(2, 2, "MSFT", "1", Trade::Buy { price: "1".parse().unwrap() }));
    hub.buy(3, "AAPL", "1", "1");
    assert!(hub.row(0).unwrap().contains("MSFT"), "keys go by first accepted mention");
}

#[test]
fn a_transaction_from_the_future_is_refused_and_one_a_little_ahead_is_not() {
    let mut hub = Fixture::new();
    let ahead = |hub: &Fixture, millis: i64| {
        let mut event = trade(1, 1, "AAPL", "1", Trade::Buy { price: "1".parse().unwrap() });
        if let Event::Transaction(transaction) = &mut event {
            transaction.timestamp = Some(hub.now().plus_millis(millis));
        }
        event
    };
    let event = ahead(&hub, 300_001);
    assert_eq!(field(&hub.send(event)), Some("timestamp"));
    let event = ahead(&hub, 300_000);
    assert_eq!(hub.send(event), Outcome::Accepted);
    let told = text(hub.items()[0].json.get());
    assert!(told.contains(&format!(r#""timestamp":"{}""#, hub.now())), "its record's time: {told}");
}
