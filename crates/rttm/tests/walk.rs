//! The pipeline is walked and restored at whatever record, and goes on as if nothing had been.

mod support;

use std::path::Path;

use hub_core::event::Stage;
use hub_core::{Offset, Record};
use hub_fanout::testing::walks::{Walkable, check_damage, check_goes_on_alike};
use proptest::prelude::*;
use support::script::{bounded_history, history};
use support::{Fixture, dlq_event, error_event, invalid_trade, queue_metric, trade_event, trade_id};

/// Everything that people see, and what REST asks for.
fn seen(hub: &mut Fixture) -> Vec<String> {
    let state = hub.state();
    let documents = hub.told();
    let trades = (0..20).map(|n| format!("{:?}", state.trade(trade_id(n))));
    let letters = state.letters_before(Offset(u64::MAX)).map(|letter| format!("{letter:?}"));
    let others = format!("{:?} {:?} {:?}", state.alerts(), state.queues(9), state.applied());
    documents.into_iter().chain(trades).chain(letters).chain([others]).collect()
}

/// Histories, of some of which little is kept, and where each is cut.
fn cut_history() -> impl Strategy<Value = (Vec<Record>, usize)> {
    let histories = prop_oneof![history(120), bounded_history(120)];
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
        self.flush();
    }

    fn seen(&mut self) -> Self::Seen {
        seen(self)
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(48))]

    #[test]
    fn whoever_is_restored_goes_on_alike((records, cut) in cut_history(), looks in prop::collection::vec(any::<bool>(), 120)) {
        check_goes_on_alike::<Fixture>(&records, cut, &looks);
    }

    #[test]
    fn what_is_damaged_is_refused_or_gone_on_from((records, cut) in cut_history(), places: [usize; 2], bits in 1..=u8::MAX) {
        check_damage::<Fixture>(&records, cut, places, bits);
    }
}

#[test]
fn what_is_walked_in_another_way_has_another_form() {
    let mut hub = Fixture::new();
    for stage in [Stage::Received, Stage::Validated, Stage::Committed] {
        hub.send(trade_event(1, stage, None));
    }
    hub.send(error_event(Some(1), Stage::Enriched, None));
    hub.send(dlq_event(Some(1), Stage::Enriched, "out of 7 tries", None));
    hub.send(invalid_trade(2, None));
    hub.send(queue_metric(0, 5, None));
    hub.pass(2000);
    hub.check_form("rttm", Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/forms")));
}
