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
    pub(super) rhythm: Rhythm,
    pub(super) time: Duration,
    /// Columns of its readings.
    pub(super) metrics: Vec<Metric>,
    /// Columns of its ratios.
    pub(super) compared: Vec<Metric>,
}

/// Rhythm of a step.
#[derive(Clone, Copy)]
pub(super) enum Rhythm {
    /// Known before.
    Given(Drive),
    /// So many times as many publications per second as in the step before, in open loop.
    TimesBefore(f64),
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

    /// Value of a reading; `None`: there is too little to tell.
    fn value(&self, scene: &Scene, taken: &Taken, metric: Metric) -> Option<f64> {
        let contender = &scene.contenders[taken.contender];
        match metric {
            Metric::CpuNet => {
                let less = |less| self.of(less, taken.step).find(|less| less.block == taken.block);
                match contender.less {
                    Some(index) => Some(net(&taken.outcome, &less(index)?.outcome)),
                    None => Some(taken.outcome.cpu_us),
                }
            }
            Metric::CpuPerRow => Some(taken.outcome.cpu_us / contender.traffic.rows() as f64),
            _ => metric.of(&taken.outcome),
        }
    }

    /// Median and range of a value over all blocks; `None` where one block can't tell it.
    pub(super) fn spread(
        &self,
        scene: &Scene,
        contender: usize,
        step: usize,
        metric: Metric,
    ) -> Option<Spread> {
        let values: Option<Vec<f64>> =
            self.of(contender, step).map(|taken| self.value(scene, taken, metric)).collect();
        Spread::of(&values?)
    }

    /// Ratios of two contenders within blocks in which others used no more than so much of a core.
    pub(super) fn pairs(
        &self,
        scene: &Scene,
        (one, other): (usize, usize),
        step: usize,
        metric: Metric,
        others_max: f64,
    ) -> Pairs {
        let reading = |taken: &Taken| {
            Some(Reading {
                block: taken.block,
                value: self.value(scene, taken, metric)?,
                client_percent: taken.outcome.client_percent,
                others_percent: taken.outcome.others_percent,
            })
        };
        let readings = |contender| self.of(contender, step).filter_map(reading).collect::<Vec<_>>();
        Pairs::of(&readings(one), &readings(other), others_max)
    }
}

/// CPU per delivery, less what the same publications cost without its viewers.
fn net(outcome: &Outcome, less: &Outcome) -> f64 {
    let per_publication = less.cpu_us * less.messages as f64 / less.publications.max(1) as f64;
    outcome.cpu_us - per_publication * outcome.publications as f64 / outcome.messages.max(1) as f64
}
