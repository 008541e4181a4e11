//! All services over one log: the same records lead to the same, however they
//! are cut into batches and flushes, and whether ticks or a gap lie between.

use hub_analytics::AnalyticsReads;
use hub_autotrader::AutotraderReads;
use hub_core::event::trading::SessionId;
use hub_core::limits::Limits;
use hub_core::{Event, Offset, Outcome, Record, Timestamp};
use hub_demo::DemoConfig;
use hub_fanout::testing::{Driver, Handed};
use hub_fanout::{Catalog, FeedItem};
use hub_leaderboard::{LeaderboardConfig, LeaderboardReads};
use hub_rttm::RttmReads;
use rand::{RngExt as _, SeedableRng as _};
use rand_chacha::ChaCha8Rng;

use crate::world::{OPENING_MILLIS, World};

/// The services' projections in the hub's order, and what they show.
struct Services {
    driver: Driver,
    analytics: AnalyticsReads,
    leaderboard: LeaderboardReads,
    autotrader: AutotraderReads,
    rttm: RttmReads,
    led_to: Vec<(Outcome, Vec<FeedItem>)>,
}

impl Services {
    fn new() -> Services {
        let mut catalog = Catalog::default();
        let (positions, analytics) = hub_analytics::register(&mut catalog, &Limits::default());
        let (ranking, leaderboard) = hub_leaderboard::register(&LeaderboardConfig::default(), None);
        let (sessions, autotrader) = hub_autotrader::register(&mut catalog);
        let (pipeline, rttm) = hub_rttm::register();
        let driver = Driver::new(
            OPENING_MILLIS,
            vec![Box::new(positions), Box::new(ranking), Box::new(sessions), Box::new(pipeline)],
        );
        Services { driver, analytics, leaderboard, autotrader, rttm, led_to: Vec::new() }
    }

    fn apply(&mut self, record: &Record) {
        let outcome = self.driver.apply(record);
        self.led_to.push((outcome, self.driver.items().to_vec()));
    }

    /// What is shown in the end, but for offsets.
    fn shown(&mut self) -> Vec<String> {
        self.driver.flush();
        let mut shown = Vec::new();
        let state = self.analytics.settled();
        shown.extend(state.positions().map(|row| format!("{:?}", row.unwrap().json())));
        shown.extend(
            state
                .portfolios()
                .map(Result::unwrap)
                .map(|id| format!("{:?} {:?}", state.mark(id), state.pnl(id))),
        );
        for (rank, row) in self.leaderboard.flushed().board().rows(0, usize::MAX) {
            shown.push(format!("{rank} {} {:?} {:?} {}", row.id, row.name, row.metrics, row.updated_at));
        }
        let sessions = self.autotrader.settled();
        shown.extend(sessions.sessions_from(SessionId(0)).map(|session| format!("{session:?}")));
        let state = self.rttm.flushed();
        shown.push(format!("{:?} {:?}", state.numbers(), state.last_error()));
        shown.extend(state.dead_letter_classes(usize::MAX).into_iter().map(|class| format!("{class:?}")));
        shown.push(format!("{:?}", state.alerts().active));
        shown.extend(state.alerts().cleared.iter().map(|(_, alert)| format!("{alert:?}")));
        shown
    }
}

/// The demo with two gaps in it: one in which alerts clear, and a night.
fn log(seed: u64) -> Vec<Record> {
    let config = DemoConfig { portfolios: 20, seed, ..DemoConfig::default() };
    let mut world = World::open(&config);
    for gap_millis in [0, 700_000, 9 * 3_600_000] {
        world.now = world.now.plus_millis(gap_millis);
        world.pass(10);
    }
    world.log
}

#[test]
fn batches_and_flushes_leave_no_trace() {
    for seed in 1..=2 {
        let records = log(seed);
        let mut cuts = ChaCha8Rng::seed_from_u64(seed);
        let (mut whole, mut cut) = (Services::new(), Services::new());
        for record in &records {
            whole.apply(record);
            cut.apply(record);
            match cuts.random_range(0..40) {
                0 => drop(cut.driver.flush()),
                1..=4 => cut.driver.settle(),
                _ => {}
            }
        }
        assert!(
            whole.led_to.iter().filter(|(_, items)| !items.is_empty()).count() > 20,
            "{}",
            whole.led_to.len()
        );
        assert_eq!(whole.led_to, cut.led_to);
        let handed: Vec<Handed> = whole.driver.derived();
        assert_eq!(handed, cut.driver.derived());
        assert_eq!(whole.shown(), cut.shown());
    }
}

#[test]
fn ticks_or_a_gap_make_no_difference() {
    let records = log(3);
    let (mut gaps, mut ticks) = (Services::new(), Services::new());
    let mut second = records[0].at.second();
    for record in &records {
        gaps.apply(record);
        for missed in second + 1..record.at.second() {
            let at = Timestamp::from_millis(missed * 1000).unwrap();
            // What the ticks lead to is nothing, and their offset nobody's.
            let tick = Record { offset: Offset(record.offset.0 - 1), at, event: Event::Tick };
            assert_eq!(ticks.driver.apply(&tick), Outcome::Accepted);
            assert!(ticks.driver.items().is_empty());
        }
        second = record.at.second();
        ticks.apply(record);
    }
    assert_eq!(gaps.led_to, ticks.led_to);
    assert_eq!(gaps.shown(), ticks.shown());
}
