//! The auto-trader is walked and restored at whatever record, and goes on as if nothing had been.

mod support;

use std::path::Path;

use hub_core::event::trading::SessionId;
use hub_core::{Outcome, Record};
use hub_fanout::testing::walks::{Walkable, check_damage, check_goes_on_alike};
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

/// Histories, and where each is cut.
fn cut(histories: impl Strategy<Value = Vec<Record>>) -> impl Strategy<Value = (Vec<Record>, usize)> {
    (histories, any::<prop::sample::Index>()).prop_map(|(records, cut)| {
        let cut = cut.index(records.len() + 1);
        (records, cut)
    })
}

impl Walkable for Fixture {
    type Seen = Vec<String>;
    type Held = ();

    fn start() -> Fixture {
        Fixture::new()
    }

    fn show(&mut self) -> Self::Held {
        seen(self);
    }

    fn seen(&mut self) -> Self::Seen {
        seen(self)
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(96))]

    #[test]
    fn whoever_is_restored_goes_on_alike((records, cut) in cut(history(120)), looks in prop::collection::vec(any::<bool>(), 120)) {
        check_goes_on_alike::<Fixture>(&records, cut, &looks);
    }

    #[test]
    fn what_is_damaged_is_refused_or_gone_on_from((records, cut) in cut(history(120)), places: [usize; 2], bits in 1..=u8::MAX) {
        check_damage::<Fixture>(&records, cut, places, bits);
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
