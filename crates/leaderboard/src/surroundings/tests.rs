//! Nobody is left out who sees something new, and few are asked who do not.

use hub_core::event::RiskMetrics;
use hub_core::{Event, Ratio};
use hub_fanout::testing::Driver;
use proptest::prelude::*;

use super::*;
use crate::{LeaderboardConfig, LeaderboardReads, register};

struct Hub {
    driver: Driver,
    reads: LeaderboardReads,
    all: Surroundings,
}

fn id(n: u16) -> PortfolioId {
    PortfolioId::from_bytes(u128::from(n).to_be_bytes())
}

impl Hub {
    fn new() -> Hub {
        let (projection, reads) = register(&LeaderboardConfig::default(), None);
        let all = Surroundings::new(reads.clone());
        Hub { driver: Driver::new(1_770_460_200_000, vec![Box::new(projection)]), reads, all }
    }

    fn set(&mut self, n: u16, score: i64) {
        self.driver.send(Event::Risk(RiskMetrics {
            portfolio_id: id(n),
            avg_rate_of_return: Ratio::from_units(i128::from(score)),
            sharpe_ratio: Ratio::ZERO,
            sortino_ratio: Ratio::ZERO,
        }));
    }

    fn flush(&mut self) -> Offset {
        self.driver.flush();
        Offset(self.driver.offset)
    }

    /// What is to be seen of each window.
    fn shown(&self, windows: &[(u64, u16, usize)]) -> Vec<(u64, Option<crate::Around>)> {
        let state = self.reads.flushed();
        windows.iter().map(|(number, n, range)| (*number, state.board().around(id(*n), *range))).collect()
    }
}

#[derive(Clone, Debug)]
enum Step {
    Set(u16, i64),
    Enter(u16, usize),
    Leave(usize),
    /// A flush, and which of two workers ask after it.
    Flush([bool; 2]),
}

fn step() -> impl Strategy<Value = Step> {
    prop_oneof![
        8 => (0..40_u16, -30..30_i64).prop_map(|(n, score)| Step::Set(n, score)),
        1 => (0..45_u16, 0..4_usize).prop_map(|(n, range)| Step::Enter(n, range)),
        1 => any::<usize>().prop_map(Step::Leave),
        4 => any::<[bool; 2]>().prop_map(Step::Flush),
    ]
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(256))]

    #[test]
    fn who_sees_something_new_is_touched(
        ranked in 0..40_u16, first in prop::collection::vec((0..45_u16, 0..4_usize), 0..30),
        steps in prop::collection::vec(step(), 0..120),
    ) {
        let mut hub = Hub::new();
        (0..ranked).for_each(|n| hub.set(n, i64::from(n * 7 % 31)));
        hub.flush();
        let mut windows = vec![];
        let entered = |hub: &Hub, n, range| (hub.all.enter(id(n), range), n, range);
        windows.extend(first.into_iter().map(|(n, range)| entered(&hub, n, range)));
        // Each worker has the windows as they were when it last asked; what came since then it has
        // not seen.
        let mut workers = [(); 2].map(|()| (hub.all.touched(Offset(0)).upto, hub.shown(&windows)));
        for step in steps {
            match step {
                Step::Set(n, score) => hub.set(n, score),
                Step::Enter(n, range) => windows.push(entered(&hub, n, range)),
                Step::Leave(index) if !windows.is_empty() => {
                    let (number, n, _) = windows.swap_remove(index % windows.len());
                    hub.all.leave(id(n), number);
                }
                Step::Leave(_) => {}
                Step::Flush(asking) => {
                    let at = hub.flush();
                    for (worker, _) in workers.iter_mut().zip(asking).filter(|(_, asks)| *asks) {
                        let touched = hub.all.touched(worker.0);
                        prop_assert_eq!(touched.upto, at);
                        let now = hub.shown(&windows);
                        for (number, shown) in &now {
                            let before = worker.1.iter().find(|(other, _)| other == number);
                            let changed = before.is_some_and(|(_, before)| before != shown);
                            let is_touched =
                                touched.members.as_ref().is_none_or(|members| members.contains(number));
                            prop_assert!(is_touched || !changed, "{} from {:?} to {:?}", number, before, shown);
                        }
                        *worker = (touched.upto, now);
                    }
                }
            }
        }
        for (number, n, _) in windows {
            hub.all.leave(id(n), number);
        }
        let watched = hub.all.watched();
        prop_assert!(watched.portfolios.is_empty() && watched.places.is_empty() && watched.new.is_empty());
    }
}

/// A thousand portfolios in the order of their numbers, of which each tenth is watched with two neighbours.
fn thousand() -> (Hub, Offset) {
    let mut hub = Hub::new();
    (0..1000).for_each(|n| hub.set(n, -10 * i64::from(n)));
    for n in (5..1000).step_by(10) {
        hub.all.enter(id(n), 2);
    }
    hub.flush();
    let upto = hub.all.touched(Offset(0)).upto;
    (hub, upto)
}

/// Numbers of the portfolios whose windows are touched after `sets`.
fn touched(sets: &[(u16, i64)]) -> Option<Vec<u16>> {
    let (mut hub, upto) = thousand();
    for (n, score) in sets {
        hub.set(*n, *score);
    }
    hub.flush();
    let touched = hub.all.touched(upto);
    assert_eq!(hub.all.touched(touched.upto).members.as_deref(), Some(&[][..]), "nothing since");
    Some(touched.members?.iter().map(|number| *number as u16 * 10 + 5).collect())
}

#[test]
fn only_windows_that_a_change_reaches_are_touched() {
    assert_eq!(touched(&[]), Some(vec![]));
    assert_eq!(touched(&[(500, -5_001)]), Some(vec![]), "none within three of it is watched");
    assert_eq!(touched(&[(504, -5_041)]), Some(vec![505]), "it stays where it is, with another score");
    assert_eq!(touched(&[(505, -5_051)]), Some(vec![505]));
    let from_to = touched(&[(300, -3_401)]);
    assert_eq!(from_to, Some(vec![305, 315, 325, 335]), "those in between move up by one");
    let swapped = touched(&[(300, -7_001), (700, -2_999)]);
    assert_eq!(swapped, Some(vec![]), "two that change places move nobody");
    assert_eq!(touched(&[(999, 10)]).map(|all| all.len()), Some(100), "who passes all moves all");
    assert_eq!(touched(&[(2_000, -20_000)]), Some(vec![]), "one more at the end");
    let many: Vec<(u16, i64)> = (1..102).map(|n| (n, 0)).collect();
    assert_eq!(touched(&many), None, "more changes than windows");
}
