//! One model of both services: whatever happens, in whatever order, each subscriber has at each flush what a slow and
//! obviously correct model says, in positions, P&L, marks and ranks.
//!
//! `ONE_MODEL_CASES=100000 cargo test --release -p pms-hub --test one_model` goes on for longer.

mod digits;
mod follower;
mod hub;
mod model;
mod script;
mod watcher;
mod world;

use std::collections::BTreeSet;

use hub_core::limits::Limits;
use proptest::prelude::*;
use proptest::strategy::ValueTree as _;
use proptest::test_runner::TestRunner;

use script::steps;
use world::World;

/// Steps of a case, at most.
const STEPS: usize = 400;

/// Cases without `ONE_MODEL_CASES`.
const CASES: u32 = 256;

fn cases() -> u32 {
    std::env::var("ONE_MODEL_CASES").map_or(CASES, |cases| cases.parse().unwrap())
}

/// Memory for views: what is usual, or so little that what anybody holds expires.
fn view_bytes() -> impl Strategy<Value = usize> {
    prop_oneof![Just(Limits::default().view_bytes), Just(0)]
}

proptest! {
    #![proptest_config(ProptestConfig { max_shrink_iters: 20_000, ..ProptestConfig::with_cases(cases()) })]

    #[test]
    fn everybody_has_what_the_model_says(
        steps in steps(STEPS), view_bytes in view_bytes(), from_the_start: bool,
    ) {
        World::new(view_bytes).run(from_the_start, &steps);
    }
}

/// The random steps reach what they are meant to reach.
#[test]
fn the_steps_are_worth_their_while() {
    let mut runner = TestRunner::deterministic();
    let mut seen = BTreeSet::new();
    for _ in 0..24 {
        let case = (steps(STEPS), view_bytes(), any::<bool>());
        let (steps, view_bytes, from_the_start) = case.new_tree(&mut runner).unwrap().current();
        seen.extend(World::new(view_bytes).run(from_the_start, &steps));
    }
    let wanted = [
        "accepted",
        "duplicate",
        "stale",
        "rejected",
        "relayed",
        "computed already",
        "snapshot",
        "resumed",
        "unknown-epoch",
        "beyond-horizon",
        "at once",
        "in part",
        "expired",
        "update",
        "period",
        "window changed",
        "not touched",
        "snapshot on change",
        "P&L alone",
    ];
    let missing: Vec<_> = wanted.into_iter().filter(|what| !seen.contains(what)).collect();
    assert!(missing.is_empty(), "never seen: {missing:?}");
}
