//! A server, its clients, and what they get.

use hub_bench::driver::{Doors, Driver, Pace, Publications};
use hub_bench::opening::Opening;
use hub_bench::peers::{Carrier, Ids, Options, Program};
use hub_bench::stamp::{Stamp, Stamped};

/// One of those that are measured by turns.
#[derive(Clone)]
pub(super) struct Contender {
    pub(super) name: String,
    pub(super) program: Program,
    pub(super) options: Options,
    pub(super) traffic: Traffic,
    pub(super) crowd: Crowd,
    pub(super) publishers: usize,
}

/// Receivers, by how they read.
#[derive(Clone, Copy)]
pub(super) struct Crowd {
    /// At once.
    pub(super) ready: usize,
    /// Never.
    pub(super) stalled: usize,
    /// So many, at so many bytes per second.
    pub(super) slow: (usize, usize),
}

/// Messages.
#[derive(Clone)]
pub(super) enum Traffic {
    /// Relayed as they are.
    Relay { carrier: Carrier, ids: Ids, topics: usize, body: usize },
}

impl Contender {
    /// A client of it, without receivers yet.
    pub(super) fn driver(&self, doors: Doors) -> anyhow::Result<Driver> {
        match &self.traffic {
            Traffic::Relay { carrier, topics, body, .. } => {
                let names = topic_names(*topics);
                let paths = names.iter().flat_map(|name| vec![carrier.path(name); self.publishers]).collect();
                let relayed = Relayed { paths, bodies: Stamped::new(*body) };
                Driver::new(doors, *topics, self.publishers, carrier.mark(), Box::new(relayed))
            }
        }
    }

    /// Connects `count` of its receivers that read at once.
    pub(super) fn connect(&self, driver: &mut Driver, count: usize) -> anyhow::Result<()> {
        driver.connect(count, Pace::Ready, &self.opening())
    }

    /// Connects those that don't.
    pub(super) fn connect_others(&self, driver: &mut Driver) -> anyhow::Result<()> {
        driver.connect(self.crowd.stalled, Pace::Stalled, &self.opening())?;
        let (slow, bytes_per_second) = self.crowd.slow;
        driver.connect(slow, Pace::Slow(bytes_per_second), &self.opening())
    }

    fn opening(&self) -> Box<dyn Fn(usize) -> Opening> {
        match &self.traffic {
            Traffic::Relay { carrier, ids, topics, .. } => {
                let (carrier, ids, topics) = (*carrier, *ids, topic_names(*topics));
                Box::new(move |index| carrier.opening(index, &topics, ids))
            }
        }
    }
}

fn topic_names(count: usize) -> Vec<String> {
    (0..count).map(|index| format!("bench{index}")).collect()
}

/// Publications for a relay, a path for each lane.
struct Relayed {
    paths: Vec<String>,
    bodies: Stamped,
}

impl Publications for Relayed {
    fn next(&mut self, stamp: Stamp) -> (&str, &[u8]) {
        (&self.paths[stamp.lane], self.bodies.next(stamp))
    }
}
