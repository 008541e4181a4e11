//! The services that watch the demo, fed by hand, in the demo's own time.

use std::time::Duration;

use hub_core::normalize::{self, BodyForm, Kind};
use hub_core::{Epoch, Event, Offset, Outcome, Position, Record, Rejection, Timestamp};
use hub_fanout::{Applied, Projection, Step};
use hub_leaderboard::{LeaderboardProjection, LeaderboardReads};
use hub_rttm::{RttmProjection, RttmReads};
use pms_hub::config::DemoConfig;
use pms_hub::demo::{Batch, Market};

/// From one step to the next.
pub(crate) const STEP_MILLIS: i64 = 100;

pub(crate) struct World {
    market: Market,
    leaderboard: LeaderboardProjection,
    rttm: RttmProjection,
    pub(crate) ranks: LeaderboardReads,
    pub(crate) pipeline: RttmReads,
    offset: u64,
    pub(crate) now: Timestamp,
}

impl World {
    /// After the opening, at 2026-02-07T10:30:00.000Z.
    pub(crate) fn open(config: &DemoConfig) -> World {
        let (leaderboard, ranks) = hub_leaderboard::register(None);
        let (rttm, pipeline) = hub_rttm::register();
        let mut world = World {
            market: Market::new(config, 1),
            leaderboard,
            rttm,
            ranks,
            pipeline,
            offset: 0,
            now: Timestamp::from_millis(1_770_460_200_000).unwrap(),
        };
        world.take(&world.market.opening());
        world
    }

    pub(crate) fn step(&mut self) -> Vec<Batch> {
        self.now = self.now.plus_millis(STEP_MILLIS);
        let batches = self.market.step(Duration::from_millis(STEP_MILLIS.unsigned_abs()), self.now);
        self.take(&batches);
        batches
    }

    pub(crate) fn pass(&mut self, seconds: i64) {
        (0..seconds * 1000 / STEP_MILLIS).for_each(|_| drop(self.step()));
    }

    fn take(&mut self, batches: &[Batch]) {
        for (kind, items) in batches {
            for item in items {
                let event = read(*kind, item);
                let is_wrong_on_purpose = *kind == Kind::Transactions;
                match event.map(|event| self.apply(event)) {
                    Ok(Outcome::Accepted) => {}
                    _ if is_wrong_on_purpose => {}
                    other => panic!("{kind:?} {item} is {other:?}"),
                }
            }
        }
        self.settle();
    }

    pub(crate) fn apply(&mut self, event: Event) -> Outcome {
        self.offset += 1;
        let record = Record { offset: Offset(self.offset), at: self.now, event };
        let mut step = Step::default();
        let projections: [&mut dyn Projection; 2] = [&mut self.leaderboard, &mut self.rttm];
        for projection in projections {
            projection.advance(record.at, record.offset);
            projection.apply(&record, &mut step);
        }
        step.outcome().cloned().unwrap_or(Outcome::Accepted)
    }

    pub(crate) fn settle(&mut self) {
        let position = Position { epoch: Epoch(1), offset: Offset(self.offset) };
        let applied = Applied { position, at: self.now };
        self.leaderboard.settle(applied);
        self.rttm.settle(applied);
    }

    /// Portfolios by rank.
    pub(crate) fn ranking(&self) -> Vec<hub_core::PortfolioId> {
        self.ranks.current().board().rows(0, usize::MAX).map(|(_, entry)| entry.id).collect()
    }
}

/// What the hub makes of an item.
pub(crate) fn read(kind: Kind, item: &str) -> Result<Event, Rejection> {
    let items = normalize::items(item.as_bytes(), BodyForm::Json, 1).unwrap();
    normalize::item(kind, &items[0])
}
