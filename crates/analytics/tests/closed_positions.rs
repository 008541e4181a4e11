//! BUG-A7: what closes says so, long enough for everybody to hear it.

mod support;

use support::{Fixture, all_changed, keys};

const HORIZON_MILLIS: i64 = 10_000;

fn closed() -> Fixture {
    let mut hub = Fixture::watched();
    hub.configure(600_000, HORIZON_MILLIS);
    hub.buy(1, "AAPL", "1", "10");
    hub.buy(2, "MSFT", "1", "10");
    hub.price("AAPL", "11");
    hub.price("MSFT", "11");
    hub.sell(3, "AAPL", "1", "11", None);
    hub.publish();
    hub
}

fn symbols(hub: &mut Fixture) -> String {
    let mark = hub.mark().unwrap();
    mark.split_once(",\"overall").unwrap().0.into()
}

#[test]
fn a_closed_symbol_stays_with_0_for_the_resume_horizon_and_then_leaves() {
    let mut hub = closed();
    assert_eq!(symbols(&mut hub), r#"{"symbol":{"AAPL":0,"MSFT":1}"#);
    hub.pass(HORIZON_MILLIS - 1);
    assert!(keys(&hub.publish()[1].changed).is_empty());
    assert_eq!(symbols(&mut hub), r#"{"symbol":{"AAPL":0,"MSFT":1}"#);

    let before = hub.offset;
    hub.pass(1);
    let [positions, marks] = hub.publish();
    assert_eq!(keys(&marks.changed), [0]);
    assert_eq!(all_changed(&*marks.view, before), [0], "whoever resumes hears of it too");
    assert!(keys(&positions.changed).is_empty(), "the position itself did not change");
    assert_eq!(symbols(&mut hub), r#"{"symbol":{"MSFT":1}"#);
}

#[test]
fn a_price_of_what_is_closed_changes_nothing() {
    let mut hub = closed();
    hub.price("AAPL", "500");
    assert!(keys(&hub.publish()[1].changed).is_empty());
}

#[test]
fn a_portfolio_whose_last_position_closed_stays_with_0_for_ever() {
    let mut hub = closed();
    hub.sell(4, "MSFT", "1", "11", None);
    assert_eq!(symbols(&mut hub), r#"{"symbol":{"AAPL":0,"MSFT":0}"#);
    hub.pass(HORIZON_MILLIS);
    let empty =
        r#"{"symbol":{},"overallUnrealised_Pnl":0,"portfolio_id":"00000000-0000-0000-0000-000000000001"}"#;
    assert_eq!(hub.mark().unwrap(), empty);
    hub.publish();
    hub.pass(1_000_000_000);
    assert_eq!(hub.mark().unwrap(), empty);
    assert!(keys(&hub.publish()[1].changed).is_empty());
    let row = hub.row(0).unwrap();
    assert!(row.contains(r#""holdings":0,"totalInvested":0,"realizedPnl":1,"#), "{row}");
}

#[test]
fn what_is_bought_again_in_time_does_not_leave() {
    let mut hub = closed();
    hub.millis += HORIZON_MILLIS - 1;
    hub.buy(4, "AAPL", "1", "10");
    hub.publish();
    hub.pass(1);
    assert!(keys(&hub.publish()[1].changed).is_empty());
    assert_eq!(symbols(&mut hub), r#"{"symbol":{"AAPL":1,"MSFT":1}"#);
}

#[test]
fn what_closes_again_stays_for_the_horizon_of_its_last_closing() {
    let mut hub = closed();
    hub.millis += HORIZON_MILLIS / 2;
    hub.buy(4, "AAPL", "1", "10");
    hub.sell(5, "AAPL", "1", "10", None);
    hub.pass(HORIZON_MILLIS / 2);
    assert_eq!(symbols(&mut hub), r#"{"symbol":{"AAPL":0,"MSFT":1}"#);
    hub.pass(HORIZON_MILLIS / 2);
    assert_eq!(symbols(&mut hub), r#"{"symbol":{"MSFT":1}"#);
}

#[test]
fn beside_what_is_unpriced_the_0_is_sent_while_it_is_listed() {
    let mut hub = Fixture::new();
    hub.configure(600_000, HORIZON_MILLIS);
    hub.buy(1, "AAPL", "1", "10");
    hub.buy(2, "MSFT", "1", "10");
    hub.sell(3, "AAPL", "1", "11", None);
    assert_eq!(
        hub.mark().unwrap(),
        r#"{"symbol":{"AAPL":0},"overallUnrealised_Pnl":0,"portfolio_id":"00000000-0000-0000-0000-000000000001","unpriced":["MSFT"]}"#
    );
    hub.pass(HORIZON_MILLIS);
    assert_eq!(hub.mark(), None);
}

/// The record that buys it again is the one at whose time it leaves: its row is written twice, and a flush from before
/// has it as it was.
#[test]
fn what_leaves_and_is_bought_again_by_one_record_is_as_it_was_in_flushes_from_before() {
    let mut hub = closed();
    let [positions, marks] = hub.publish();
    let (row, mark) = (positions.view.element(0).unwrap().unwrap(), marks.view.element(0).unwrap().unwrap());
    hub.millis += HORIZON_MILLIS;
    hub.buy(5, "AAPL", "2", "10");
    assert_eq!(symbols(&mut hub), r#"{"symbol":{"AAPL":2,"MSFT":1}"#);
    assert!(hub.row(0).unwrap().contains(r#""holdings":2,"#));
    assert_eq!(
        (positions.view.element(0).unwrap().unwrap(), marks.view.element(0).unwrap().unwrap()),
        (row, mark)
    );
}
