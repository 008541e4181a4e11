//! AN-POS: holdings, cost and realised profit, exact to the last digit (V1).

mod support;

use hub_core::event::Trade;
use hub_core::{Event, Outcome, Rejection, Timestamp};
use support::{Fixture, keys, trade};

#[test]
fn v1_exactly() {
    let mut hub = Fixture::watched();
    assert_eq!(hub.buy(1, "AAPL", "100", "10"), Outcome::Accepted);
    hub.millis += 1;
    assert_eq!(hub.buy(2, "AAPL", "50", "12"), Outcome::Accepted);
    assert_eq!(hub.sell(3, "AAPL", "100", "15", Some("10")), Outcome::Accepted);
    assert_eq!(hub.sell(4, "AAPL", "20", "15", Some("12")), Outcome::Accepted);
    let row = hub.row(0).unwrap();
    let shown = r#"{"id":{"portfolioId":"00000000-0000-0000-0000-000000000001","symbol":"AAPL"},"holdings":30,"totalInvested":360,"realizedPnl":560,"createdAt":"2026-02-07T10:30:00.000Z","updatedAt":"2026-02-07T10:30:00.001Z""#;
    assert!(row.starts_with(shown), "{row}");
    assert_eq!(hub.mark(), None, "no price, no value");

    assert_eq!(hub.price("AAPL", "16"), Outcome::Accepted);
    let open = r#"{"symbol":{"AAPL":120},"overallUnrealised_Pnl":120,"portfolio_id":"00000000-0000-0000-0000-000000000001"}"#;
    assert_eq!(hub.mark().unwrap(), open);

    let before = hub.row(0);
    assert_eq!(
        hub.sell(5, "AAPL", "31", "15", None),
        Outcome::Rejected(Rejection::of("quantity", "is more than the 30 held"))
    );
    let [positions, marks] = hub.publish();
    assert!(keys(&positions.changed).is_empty() && keys(&marks.changed).is_empty());
    assert_eq!((hub.row(0), hub.mark().unwrap()), (before, open.into()));

    hub.millis += 1;
    assert_eq!(hub.sell(6, "AAPL", "30", "11", Some("12")), Outcome::Accepted);
    let row = hub.row(0).unwrap();
    let shown = r#"{"id":{"portfolioId":"00000000-0000-0000-0000-000000000001","symbol":"AAPL"},"holdings":0,"totalInvested":0,"realizedPnl":530,"createdAt":"2026-02-07T10:30:00.000Z","updatedAt":"2026-02-07T10:30:00.002Z""#;
    assert!(row.starts_with(shown), "{row}");
    let closed = r#"{"symbol":{"AAPL":0},"overallUnrealised_Pnl":0,"portfolio_id":"00000000-0000-0000-0000-000000000001"}"#;
    assert_eq!(hub.mark().unwrap(), closed);
}

#[test]
fn a_sale_that_names_no_lot_takes_the_oldest() {
    let mut hub = Fixture::new();
    hub.buy(1, "AAPL", "1", "10");
    hub.buy(2, "AAPL", "1", "20");
    hub.sell(3, "AAPL", "1.5", "30", None);
    let row = hub.reads_row();
    // (30 - 10) * 1 + (30 - 20) * 0.5
    assert_eq!(row, ("0.5".into(), "10".into(), "25".into()));
}

#[test]
fn a_sale_that_names_a_lot_takes_no_other() {
    let mut hub = Fixture::new();
    hub.buy(1, "AAPL", "1", "10");
    hub.buy(2, "AAPL", "1", "20");
    hub.buy(3, "AAPL", "1", "20");
    hub.sell(4, "AAPL", "1.5", "30", Some("20"));
    assert_eq!(hub.reads_row(), ("1.5".into(), "20".into(), "15".into()));

    let refused = hub.sell(5, "AAPL", "0.500001", "30", Some("20"));
    let reason = "is more than the 0.5 held that were bought at 20";
    assert_eq!(refused, Outcome::Rejected(Rejection::of("quantity", reason)), "though 1.5 are held in all");
    let refused = hub.sell(6, "AAPL", "1", "30", Some("20.00000001"));
    let reason = "is more than the 0 held that were bought at 20.00000001";
    assert_eq!(refused, Outcome::Rejected(Rejection::of("quantity", reason)));
    assert_eq!(hub.reads_row(), ("1.5".into(), "20".into(), "15".into()));
}

#[test]
fn a_purchase_that_is_dated_back_is_the_older_lot_from_then_on() {
    let mut hub = Fixture::new();
    let dated = |hub: &mut Fixture, id, price: &str, days: i64| {
        let mut event = trade(id, 1, "AAPL", "1", Trade::Buy { price: price.parse().unwrap() });
        let Event::Transaction(transaction) = &mut event else { unreachable!() };
        let now = Timestamp::from_millis(hub.millis).unwrap();
        transaction.timestamp = Some(now.plus_millis(days * 86_400_000));
        assert_eq!(hub.send(event), Outcome::Accepted);
    };
    dated(&mut hub, 1, "10", -1);
    dated(&mut hub, 2, "20", -1);
    hub.sell(3, "AAPL", "1", "30", None);
    assert_eq!(hub.reads_row(), ("1".into(), "20".into(), "20".into()), "of one time, the first in the log");
    // Last year's comes after: the sale above, though made since, is not changed.
    dated(&mut hub, 4, "1", -365);
    assert_eq!(hub.reads_row(), ("2".into(), "21".into(), "20".into()));
    hub.sell(5, "AAPL", "1", "30", None);
    assert_eq!(hub.reads_row(), ("1".into(), "20".into(), "49".into()));
}

#[test]
fn a_sale_takes_what_is_held_when_it_is_applied_whatever_its_own_time() {
    let mut hub = Fixture::new();
    hub.buy(1, "AAPL", "1", "10");
    let price = "30".parse().unwrap();
    let mut event = trade(2, 1, "AAPL", "1", Trade::Sell { price, lot_price: None });
    let Event::Transaction(transaction) = &mut event else { unreachable!() };
    // Before anything was bought.
    transaction.timestamp = Timestamp::from_millis(hub.millis - 86_400_000);
    assert_eq!(hub.send(event), Outcome::Accepted);
    assert_eq!(hub.reads_row(), ("0".into(), "0".into(), "20".into()));
}

#[test]
fn digits_are_neither_rounded_nor_lost() {
    let mut hub = Fixture::new();
    hub.buy(1, "AAPL", "0.00000001", "0.00000001");
    hub.buy(2, "AAPL", "3", "0.1");
    hub.price("AAPL", "0.3");
    assert_eq!(hub.reads_row(), ("3.00000001".into(), "0.3000000000000001".into(), "0".into()));
    assert!(
        hub.mark().unwrap().contains(r#""overallUnrealised_Pnl":0.6000000029999999,"#),
        "{:?}",
        hub.mark()
    );
}

/// As many as there are at the dearest price; money holds that once, and not twice.
const MANY: &str = "100000000000.00000001";
const DEAREST: &str = "92233720368.54775807";

#[test]
fn a_million_million_with_eight_places_is_held_exactly() {
    let mut hub = Fixture::new();
    assert_eq!(hub.buy(1, "AAPL", "1000000000000.00000001", "123456.00000001"), Outcome::Accepted);
    let invested = "123456000000010000.0012345600000001";
    assert_eq!(hub.reads_row(), ("1000000000000.00000001".into(), invested.into(), "0".into()));
    assert_eq!(hub.sell(2, "AAPL", "1000000000000.00000001", "123456.00000002", None), Outcome::Accepted);
    assert_eq!(hub.reads_row(), ("0".into(), "0".into(), "10000.0000000000000001".into()));
}

#[test]
fn what_can_not_be_represented_is_refused_by_field_and_changes_nothing() {
    let mut hub = Fixture::new();
    assert_eq!(hub.buy(1, "AAPL", "999999999999999.99999999", "0.00000001"), Outcome::Accepted);
    let before = hub.reads_row();
    let refused = hub.buy(2, "AAPL", "0.00000002", "1");
    assert_eq!(support::field(&refused), Some("quantity"), "{refused:?}");
    let refused = hub.sell(3, "AAPL", "1000000000000", DEAREST, None);
    assert_eq!(support::field(&refused), Some("quantity"), "{refused:?}");
    let refused = hub.buy(4, "MSFT", "1000000000000", DEAREST);
    assert_eq!(support::field(&refused), Some("quantity"), "{refused:?}");
    assert_eq!((hub.reads_row(), hub.row(1)), (before, None));

    // A round trip earns more than half of what money holds; so does what is bought dearly.
    let mut hub = Fixture::new();
    hub.buy(1, "AAPL", MANY, "0.00000001");
    assert_eq!(hub.sell(2, "AAPL", MANY, DEAREST, None), Outcome::Accepted);
    hub.buy(3, "AAPL", MANY, "0.00000001");
    let before = hub.reads_row();
    let refused = hub.sell(4, "AAPL", MANY, DEAREST, None);
    assert_eq!(support::field(&refused), Some("realizedPnl"), "{refused:?}");
    assert_eq!(hub.reads_row(), before);
    assert_eq!(hub.sell(4, "AAPL", MANY, "0.00000001", None), Outcome::Accepted, "its lots are all there");
    assert_eq!(hub.buy(5, "AAPL", MANY, DEAREST), Outcome::Accepted);
    let refused = hub.buy(6, "AAPL", MANY, DEAREST);
    assert_eq!(support::field(&refused), Some("totalInvested"), "{refused:?}");
}

#[test]
fn free_shares_cost_nothing_and_worthless_ones_earn_nothing() {
    let mut hub = Fixture::new();
    assert_eq!(hub.buy(1, "AAPL", "2", "0"), Outcome::Accepted);
    assert_eq!(hub.buy(2, "AAPL", "1", "10"), Outcome::Accepted);
    assert_eq!(hub.reads_row(), ("3".into(), "10".into(), "0".into()));
    assert_eq!(hub.sell(3, "AAPL", "1", "4", None), Outcome::Accepted);
    assert_eq!(hub.sell(4, "AAPL", "2", "0", None), Outcome::Accepted);
    // 4 earned with a free share; a free one and one of 10 given away.
    assert_eq!(hub.reads_row(), ("0".into(), "0".into(), "-6".into()));
}

#[test]
fn a_log_that_says_less_than_zero_is_refused_by_field() {
    let mut hub = Fixture::new();
    for (quantity, price, wrong) in [("0", "1", "quantity"), ("-1", "1", "quantity"), ("1", "-0.01", "price")]
    {
        let refused = hub.buy(1, "AAPL", quantity, price);
        assert_eq!(support::field(&refused), Some(wrong), "{refused:?}");
    }
    assert_eq!(hub.row(0), None);
}

#[test]
fn a_sum_too_large_to_be_represented_says_which_symbol_it_leaves_out() {
    let mut hub = Fixture::new();
    for (id, symbol) in [(1, "A"), (2, "B"), (3, "C")] {
        hub.buy(id, symbol, if symbol == "C" { "1000000000000" } else { MANY }, "0.00000001");
        hub.price(symbol, DEAREST);
    }
    let mark = hub.mark().unwrap();
    let alone = mark.contains(r#""unpriced":["B","C"]"#) && mark.contains(r#"{"A":9223372036"#);
    assert!(alone && !mark.contains(r#""B":"#) && !mark.contains(r#""C":"#), "{mark}");
}

impl Fixture {
    /// Holdings, invested and realised of the only position, as REST reads it.
    fn reads_row(&mut self) -> (String, String, String) {
        self.settle();
        let row = self.reads.settled().position(0).unwrap().unwrap();
        let row = row.position();
        (row.holdings.to_string(), row.total_invested.to_string(), row.realized_pnl.to_string())
    }
}
