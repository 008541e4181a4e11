//! Ratios of neighbours: what a machine does meanwhile meets both alike.

use crate::stats::median;

/// Points of client CPU by which two measurements may differ: a client that sleeps has to be woken by each write, so
/// that the same server costs more beside it.
pub const CLIENT_POINTS: f64 = 10.0;

/// A measurement in a block.
#[derive(Clone, Copy, Debug)]
pub struct Reading {
    /// Block that it belongs to.
    pub block: usize,
    /// Value.
    pub value: f64,
    /// Per cent of a core that the client used.
    pub client_percent: f64,
    /// Per cent of a core that neither server nor client used.
    pub others_percent: f64,
}

/// Median and range.
#[derive(Clone, Copy, PartialEq, Debug)]
pub struct Spread {
    /// The middle.
    pub median: f64,
    /// The least.
    pub least: f64,
    /// The most.
    pub most: f64,
}

impl Spread {
    /// `None` of nothing.
    pub fn of(values: &[f64]) -> Option<Spread> {
        let least = values.iter().copied().reduce(f64::min)?;
        let most = values.iter().copied().reduce(f64::max)?;
        Some(Spread { median: median(values), least, most })
    }
}

/// Ratios of one contender to another, a pair per block.
#[derive(Clone, PartialEq, Debug)]
pub struct Pairs {
    /// Ratios of the pairs that were kept.
    pub ratios: Vec<f64>,
    /// Number of pairs that were dropped because their clients differ, or because others used too much.
    pub dropped: usize,
}

impl Pairs {
    /// Pairs the readings of the same blocks; others may have used so much of a core.
    pub fn of(values: &[Reading], by: &[Reading], others_max: f64) -> Pairs {
        let mut pairs = Pairs { ratios: Vec::new(), dropped: 0 };
        for value in values {
            let Some(by) = by.iter().find(|by| by.block == value.block && by.value > 0.0) else { continue };
            let is_disturbed = value.others_percent.max(by.others_percent) > others_max;
            if is_disturbed || (value.client_percent - by.client_percent).abs() > CLIENT_POINTS {
                pairs.dropped += 1;
            } else {
                pairs.ratios.push(value.value / by.value);
            }
        }
        pairs
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn readings(values: &[(usize, f64, f64)]) -> Vec<Reading> {
        values
            .iter()
            .map(|&(block, value, client_percent)| Reading {
                block,
                value,
                client_percent,
                others_percent: 5.0,
            })
            .collect()
    }

    #[test]
    fn ratios_are_of_the_same_block() {
        let hub = readings(&[(0, 2.0, 90.0), (1, 9.0, 90.0), (3, 3.0, 90.0)]);
        let uws = readings(&[(3, 2.0, 90.0), (0, 1.0, 90.0), (2, 5.0, 90.0), (1, 3.0, 90.0)]);
        assert_eq!(Pairs::of(&hub, &uws, 20.0), Pairs { ratios: vec![2.0, 3.0, 1.5], dropped: 0 });
    }

    #[test]
    fn a_pair_whose_clients_differ_is_dropped_and_counted() {
        let hub = readings(&[(0, 2.0, 90.0), (1, 4.0, 50.0), (2, 3.0, 80.0)]);
        let uws = readings(&[(0, 1.0, 79.0), (1, 1.0, 60.0), (2, 1.0, 90.5)]);
        assert_eq!(Pairs::of(&hub, &uws, 20.0), Pairs { ratios: vec![4.0], dropped: 2 });
    }

    #[test]
    fn a_pair_that_others_disturbed_is_dropped_and_counted() {
        let hub = readings(&[(0, 2.0, 90.0), (1, 4.0, 90.0)]);
        let mut uws = readings(&[(0, 1.0, 90.0), (1, 1.0, 90.0)]);
        uws[0].others_percent = 20.5;
        assert_eq!(Pairs::of(&hub, &uws, 20.0), Pairs { ratios: vec![4.0], dropped: 1 });
    }

    #[test]
    fn a_spread_is_the_median_and_its_range() {
        assert_eq!(Spread::of(&[3.0, 1.0, 2.0]), Some(Spread { median: 2.0, least: 1.0, most: 3.0 }));
        assert_eq!(Spread::of(&[]), None);
    }
}
