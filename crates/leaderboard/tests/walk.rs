//! The ranking is walked and restored at whatever record, and goes on as if nothing had been; tops of the past included,
//! which any node answers.

mod support;

use std::path::Path;

use hub_core::{Event, Offset, Record, Settings};
use hub_fanout::testing::walks::{Walkable, check_damage, check_goes_on_alike};
use hub_leaderboard::Row;
use proptest::prelude::*;
use support::script::{PORTFOLIOS, history};
use support::{Hub, portfolio};

/// Histories in whose ticks the horizon changes, so that the past is forgotten, too.
fn forgetful(records: usize) -> impl Strategy<Value = Vec<Record>> {
    let horizons = prop::collection::vec(prop_oneof![Just(1), 300..20_000_i64], records);
    (history(records), horizons).prop_map(|(mut records, horizons)| {
        for (record, resume_horizon_ms) in records.iter_mut().zip(horizons) {
            if record.event == Event::Tick {
                record.event = Event::Settings(Settings { resume_horizon_ms, ..Settings::default() });
            }
        }
        records
    })
}

fn shown(row: &Row) -> String {
    // As it is now: its JSON, whoever asked for it first, is of one process.
    format!("{:?} {:?} {} {:?} {}", row.id, row.name, row.score, row.metrics, row.updated_at)
}

/// The ranking, and its top as of every offset from which it is known.
fn seen(hub: &mut Hub) -> Vec<String> {
    hub.flush();
    let state = hub.reads.flushed();
    let mut seen = vec![format!("{} {}", state.position(), state.board().len())];
    seen.extend(state.board().rows(0, usize::MAX).map(|(rank, row)| format!("{rank} {}", shown(&row))));
    seen.extend((0..=PORTFOLIOS).map(|of| format!("{:?}", state.board().rank(portfolio(of)))));
    for after in (0..=hub.offset).map(Offset) {
        let top = state.top_at(after, 5).map(|top| top.iter().map(|row| shown(row)).collect::<Vec<_>>());
        seen.push(format!("{after} {} {} {top:?}", state.reaches(after), state.changed(after)));
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

impl Walkable for Hub {
    type Seen = Vec<String>;
    type Held = ();

    fn start() -> Hub {
        Hub::new()
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
    fn whoever_is_restored_goes_on_alike((records, cut) in cut(forgetful(150)), looks in prop::collection::vec(any::<bool>(), 150)) {
        check_goes_on_alike::<Hub>(&records, cut, &looks);
    }

    #[test]
    fn what_is_damaged_is_refused_or_gone_on_from((records, cut) in cut(forgetful(100)), places: [usize; 2], bits in 1..=u8::MAX) {
        check_damage::<Hub>(&records, cut, places, bits);
    }
}

/// So many changes that whole tops are kept in their place.
#[test]
fn a_long_past_comes_back() {
    let (mut first, mut unseen) = (Hub::new(), Hub::new());
    for n in 0..3000_u32 {
        let sharpe = (n * 7919 % 1000).to_string();
        for hub in [&mut first, &mut unseen] {
            hub.millis += 40;
            hub.sharpe((n % 50) as u8, &sharpe);
        }
        if n % 9 == 0 {
            first.flush();
        }
    }
    let mut second = Hub::new();
    second.restore(&unseen.walk()).unwrap();
    assert_eq!(second.walk(), first.walk());
    assert!(seen(&mut second) == seen(&mut first));
    let (now, then) = (second.reads.flushed(), first.reads.flushed());
    assert!(now.reaches(Offset(1)) && then.board_at(Offset(2998)).is_some());
    assert!(now.board_at(Offset(2998)).is_none(), "what was flushed is of one node");
}

/// Documents of windows follow the flushes of their own node: nobody is told too little after a restore.
#[test]
fn who_watches_his_surroundings_is_told_of_what_changes_from_there_on() {
    let mut first = Hub::new();
    for of in 1..=9 {
        first.sharpe(of, &of.to_string());
    }
    let mut second = Hub::new();
    second.restore(&first.walk()).unwrap();
    let id = portfolio(5);
    second.flush();
    let document = second.follow(&format!("/ws/around?portfolioId={id}&range=1")).unwrap();
    second.connect(&format!("/ws/around?portfolioId={id}&range=1"));
    let before = second.offset;
    second.sharpe(1, "5.5");
    second.flush();
    let told = second.changed(&*document, before).unwrap();
    assert!(told.contains(&portfolio(1).to_string()), "{told}");
}

#[test]
fn what_is_walked_in_another_way_has_another_form() {
    let mut hub = Hub::new();
    hub.name(1, "Growth");
    hub.name(9, "Unranked");
    for (of, sharpe) in [(1, "2"), (2, "1.5"), (3, "7"), (2, "9")] {
        hub.sharpe(of, sharpe);
    }
    hub.configure(60_000);
    hub.check_form("leaderboard", Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/forms")));
}
