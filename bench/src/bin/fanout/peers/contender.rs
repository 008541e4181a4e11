//! A server, its clients, and what they get.

use hub_bench::driver::{Driver, Pace};
use hub_bench::peers::{Options, Program};

use super::traffic::Traffic;

/// One of those that are measured by turns.
#[derive(Clone)]
pub(super) struct Contender {
    pub(super) name: String,
    pub(super) program: Program,
    pub(super) options: Options,
    pub(super) traffic: Traffic,
    pub(super) crowd: Crowd,
    pub(super) publishers: usize,
    /// The contender that shows what publications cost without viewers.
    pub(super) less: Option<usize>,
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

impl Crowd {
    /// Receivers that all read at once.
    pub(super) fn ready(ready: usize) -> Crowd {
        Crowd { ready, stalled: 0, slow: (0, 0) }
    }
}

impl Contender {
    /// Connects `count` of its receivers that read at once.
    pub(super) fn connect(&self, driver: &mut Driver, count: usize) -> anyhow::Result<()> {
        driver.connect(count, Pace::Ready, &self.traffic.opening())
    }

    /// Connects those that don't.
    pub(super) fn connect_others(&self, driver: &mut Driver) -> anyhow::Result<()> {
        let (slow, bytes_per_second) = self.crowd.slow;
        driver.connect(self.crowd.stalled, Pace::Stalled, &self.traffic.opening())?;
        driver.connect(slow, Pace::Slow(bytes_per_second), &self.traffic.opening())
    }
}
