//! The lag of the pipeline's services.

use std::time::Duration;

use hub_core::Timestamp;
use hub_core::event::Stage;
use rand::RngExt;
use rand_chacha::ChaCha8Rng;

use super::route::{PARTITIONS, STATIONS, Station};
use crate::market::object::Object;
use crate::market::spelling::Spelling;

/// From one snapshot to the next.
const SNAPSHOT: Duration = Duration::from_secs(5);

/// The rise and fall of a jam, snapshot by snapshot, as shares of its peak.
const JAM: [f64; 6] = [0.35, 0.8, 1.0, 0.7, 0.4, 0.15];

/// The first jam is at its height when the demo begins, and just high enough
/// to raise an alert.
const FIRST_JAM: Jam = Jam { place: 0, age: 2, peak: 1800.0 };

/// The lag that doubles the time a trade takes.
const DOUBLING_LAG: f64 = 1500.0;

/// As if the topics were not new.
const FIRST_OFFSET: u64 = 1_000_000;

/// Some partition is read too slowly for a while.
struct Jam {
    place: usize,
    age: usize,
    peak: f64,
}

struct Queue {
    station: &'static Station,
    partition: u32,
    produced: u64,
    consumed: u64,
}

impl Queue {
    /// Since the last snapshot at least `flow` messages were written; `lag` of
    /// all wait. Neither offset ever goes back.
    fn advance(&mut self, flow: u64, lag: u64) {
        self.produced = (self.produced + flow).max(self.consumed + lag);
        self.consumed = self.produced - lag;
    }

    fn item(&self, now: Timestamp, spelling: Spelling) -> String {
        let mut object = Object::spelled(spelling);
        object.text("serviceName", self.station.service);
        object.text("topicName", self.station.topic);
        object.value("partitionId", &self.partition.to_string());
        object.value("producedOffset", &self.produced.to_string());
        object.value("consumedOffset", &self.consumed.to_string());
        object.text("consumerGroup", self.station.group);
        object.time("snapshotTime", now);
        object.end()
    }
}

/// All partitions of all topics.
pub(super) struct Queues {
    all: Vec<Queue>,
    /// Messages between two snapshots, in each partition.
    flow: f64,
    jam: Jam,
    /// Snapshots until the next jam, once this one is over.
    rest: u32,
    wait: Duration,
    rng: ChaCha8Rng,
}

impl Queues {
    pub(super) fn new(trades_per_second: u32, rng: ChaCha8Rng) -> Queues {
        let of_station = |station: &'static Station| {
            let (produced, consumed) = (FIRST_OFFSET, FIRST_OFFSET);
            (0..PARTITIONS).map(move |partition| Queue { station, partition, produced, consumed })
        };
        Queues {
            all: STATIONS.iter().flat_map(of_station).collect(),
            flow: f64::from(trades_per_second) * SNAPSHOT.as_secs_f64() / f64::from(PARTITIONS),
            jam: FIRST_JAM,
            rest: 0,
            wait: Duration::ZERO,
            rng,
        }
    }

    /// A snapshot of each, if one is due after `elapsed`: the first is at once.
    pub(super) fn step(&mut self, elapsed: Duration, now: Timestamp) -> Vec<String> {
        self.wait = self.wait.saturating_sub(elapsed);
        if !self.wait.is_zero() {
            return Vec::new();
        }
        self.wait = SNAPSHOT;
        self.pass();
        let (rng, queues) = (&mut self.rng, &self.all);
        queues.iter().map(|queue| queue.item(now, Spelling::pick(rng))).collect()
    }

    /// The time to a stage now, as a multiple of the usual one.
    pub(super) fn slowness(&self, stage: Stage) -> f64 {
        let of_stage = self.all.iter().filter(|queue| queue.station.stage == stage);
        let lag = of_stage.map(|queue| queue.produced - queue.consumed).max().unwrap_or(0);
        1.0 + lag as f64 / DOUBLING_LAG
    }

    fn pass(&mut self) {
        let jammed = JAM.get(self.jam.age).map(|share| share * self.jam.peak);
        for (place, queue) in self.all.iter_mut().enumerate() {
            let flow = self.flow * self.rng.random_range(0.8..1.2);
            let usual = self.rng.random_range(0.0..40.0);
            let lag = usual + jammed.filter(|_| place == self.jam.place).unwrap_or(0.0);
            queue.advance(flow as u64 + 1, lag as u64);
        }
        self.next_jam(jammed.is_some());
    }

    /// Between two jams lies the time that an alert takes to be cleared, and
    /// some more.
    fn next_jam(&mut self, is_jammed: bool) {
        if is_jammed {
            self.jam.age += 1;
            self.rest = self.rng.random_range(20..32);
        } else if self.rest > 0 {
            self.rest -= 1;
        } else {
            let place = self.rng.random_range(0..self.all.len());
            self.jam = Jam { place, age: 0, peak: self.rng.random_range(1100.0..7000.0) };
        }
    }
}
