//! A scene: contenders that are measured by turns, step by step.

use std::time::Duration;

use hub_bench::driver::{Drive, Outcome};
use hub_bench::pairs::{Pairs, Reading, Spread};

use super::contender::Contender;
use super::metric::Metric;

/// Contenders and what they are put through.
pub(super) struct Scene {
    pub(super) title: String,
    pub(super) contenders: Vec<Contender>,
    /// Contenders whose ratio is printed, and to which other.
    pub(super) ratios: Vec<(usize, usize)>,
    pub(super) steps: Vec<Step>,
    /// Measures memory per connection in the first block.
    pub(super) idle: bool,
}

/// A step of a scene.
pub(super) struct Step {
    pub(super) name: String,
    pub(super) drive: Drive,
    pub(super) time: Duration,
    /// Columns of its readings.
    pub(super) metrics: Vec<Metric>,
    /// Columns of its ratios.
    pub(super) compared: Vec<Metric>,
}

impl Step {
    /// True if latencies of it are printed.
    pub(super) fn has_latencies(&self) -> bool {
        self.metrics.iter().any(|metric| metric.is_latency())
    }
}

/// A reading of a step.
pub(super) struct Taken {
    pub(super) contender: usize,
    pub(super) step: usize,
    pub(super) block: usize,
    pub(super) outcome: Outcome,
}

/// All readings of a scene.
#[derive(Default)]
pub(super) struct Readings {
    pub(super) taken: Vec<Taken>,
    /// KiB of memory per connection.
    pub(super) idle: Vec<(usize, f64)>,
    /// Reasons not to believe the latencies.
    pub(super) hidden_stalls: Vec<String>,
}

impl Readings {
    fn of(&self, contender: usize, step: usize) -> impl Iterator<Item = &Taken> {
        self.taken.iter().filter(move |taken| taken.contender == contender && taken.step == step)
    }

    /// Median and range of a value over all blocks; `None` where one block can't tell it.
    pub(super) fn spread(&self, contender: usize, step: usize, metric: Metric) -> Option<Spread> {
        let values: Option<Vec<f64>> =
            self.of(contender, step).map(|taken| metric.of(&taken.outcome)).collect();
        Spread::of(&values?)
    }

    /// Ratios of two contenders within blocks in which others used no more than so much of a core.
    pub(super) fn pairs(
        &self,
        (one, other): (usize, usize),
        step: usize,
        metric: Metric,
        others_max: f64,
    ) -> Pairs {
        let readings = |contender| {
            let quiet = self.of(contender, step).filter(|taken| taken.outcome.others_percent <= others_max);
            let reading = |taken: &Taken| {
                let value = metric.of(&taken.outcome)?;
                Some(Reading { block: taken.block, value, client_percent: taken.outcome.client_percent })
            };
            quiet.filter_map(reading).collect::<Vec<_>>()
        };
        Pairs::of(&readings(one), &readings(other))
    }
}
