//! The same while the hub is killed and started again.

use hub_testkit::process::HubProcess;
use hub_testkit::wait;

use crate::bell::Bell;
use crate::crowd::{Crowd, assert_all_know, newcomer, seed, shown};
use crate::market::Market;
use crate::support::{PATIENCE, address, hub};
use crate::truth::assert_true_at_every_resume;
use crate::whereabouts::Whereabouts;

const CUTTERS: usize = 8;
const RESTARTS: usize = 4;
/// Before the first restart, between two of them, and after the last one.
const CUTS_BETWEEN: usize = 60;

fn await_cuts(crowd: &Crowd, wanted: usize) {
    let enough = || (crowd.cuts() >= wanted || crowd.is_any_finished()).then_some(());
    wait::until(PATIENCE, "enough cuts", enough).unwrap();
}

/// SIGKILL, and what the disk has of it.
fn restart(hub: &mut HubProcess, whereabouts: &Whereabouts) {
    hub.restart().unwrap();
    whereabouts.moved(address(hub));
}

#[test]
fn a_hub_that_is_killed_and_started_again_goes_on_with_every_subscriber_where_it_was() {
    let seed = seed();
    let _shown = shown(seed);
    let mut hub = hub(&[("LIMITS__OUTBOX_BYTES", "16384"), ("SERVER__FLUSH_MS", "20")]);
    let whereabouts = Whereabouts::new(address(&hub));
    let market = Market::open(&whereabouts, seed);
    let crowd = Crowd::start(&whereabouts, CUTTERS, usize::MAX, seed);
    for round in 1..=RESTARTS {
        await_cuts(&crowd, round * CUTS_BETWEEN);
        restart(&mut hub, &whereabouts);
    }
    let before = crowd.cuts();
    await_cuts(&crowd, before + CUTS_BETWEEN);

    let cutters = crowd.stop();
    let mut past = market.close();
    let bell = Bell::ring(&whereabouts, &mut past.book);
    let reference = newcomer(address(&hub), &bell);
    let looked_at = assert_true_at_every_resume(&past, &cutters);
    assert!(looked_at >= 100, "{looked_at} of the cutters' positions");
    assert_all_know(address(&hub), cutters, &reference, &bell);
}
