//! The auto-trader is walked and restored at whatever record, and goes on as if nothing had been.

mod support;

use std::path::Path;

use hub_core::Outcome;
use hub_core::event::trading::SessionId;
use proptest::prelude::*;
use support::script::{SYMBOLS, history};
use support::{Fixture, close, open, stop};

/// Everything that people see; not the answers that somebody waits for, who is of one process.
fn seen(hub: &mut Fixture) -> Vec<String> {
    hub.settle();
    let state = hub.reads.settled();
    let prices = SYMBOLS.iter().map(|symbol| format!("{:?}", state.quote(&symbol.parse().unwrap())));
    let mut seen: Vec<String> = prices.collect();
    seen.push(format!("{:?} {:?}", state.applied(), state.priced()));
    for session in state.sessions_from(SessionId(0)) {
        // Not how a tree of trades grew.
        let (name, times) = (&session.name, (session.created_at, session.stopped_at));
        seen.push(format!("{name:?} {times:?} {:?} {:?}", session.available_capital(), session.trades()));
        seen.extend(hub.numbers(session.id.0));
    }
    seen
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(96))]

    #[test]
    fn whoever_is_restored_goes_on_alike(
        records in history(120), cut: prop::sample::Index, settled in prop::collection::vec(any::<bool>(), 120),
    ) {
        let cut = cut.index(records.len() + 1);
        let (mut first, mut unseen) = (Fixture::new(), Fixture::new());
        for (record, settle) in records[..cut].iter().zip(&settled) {
            first.apply(record);
            unseen.apply(record);
            if *settle {
                seen(&mut first);
            }
        }
        let walk = first.walk();
        prop_assert_eq!(&unseen.walk(), &walk, "readers leave no trace");
        let mut second = Fixture::new();
        second.restore(&walk).unwrap();
        prop_assert_eq!(&second.walk(), &walk);
        prop_assert_eq!(seen(&mut second), seen(&mut first));
        for record in &records[cut..] {
            prop_assert_eq!(second.tell(record), first.tell(record));
        }
        prop_assert_eq!(second.walk(), first.walk());
        prop_assert_eq!(seen(&mut second), seen(&mut first));
    }

    #[test]
    fn what_is_damaged_is_refused_or_gone_on_from(
        records in history(120), cut: prop::sample::Index, len: prop::sample::Index, at: prop::sample::Index,
        bits in 1..=u8::MAX,
    ) {
        let cut = cut.index(records.len() + 1);
        let mut first = Fixture::new();
        records[..cut].iter().for_each(|record| _ = first.apply(record));
        let mut walk = first.walk();
        prop_assert!(Fixture::new().restore(&walk[..len.index(walk.len())]).is_err());
        walk[at.index(first.walk().len())] ^= bits;
        let mut second = Fixture::new();
        if second.restore(&walk).is_ok() {
            seen(&mut second);
            records[cut..].iter().for_each(|record| _ = second.apply(record));
            seen(&mut second);
        }
    }
}

#[test]
fn what_is_walked_in_another_way_has_another_form() {
    let mut hub = Fixture::new();
    hub.create("1000");
    hub.create("500");
    hub.price("AAPL", "10");
    for text in ["BUY AAPL 2", "SELL AAPL 3 @10 sl 12 target 8"] {
        assert_eq!(hub.send(open(1, text)), Outcome::Accepted);
    }
    for command in [close(1, None), stop(2)] {
        assert_eq!(hub.send(command), Outcome::Accepted);
    }
    hub.check_form("autotrader", Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/forms")));
}
