//! Alerts are looked at once a second for as long as something could come of
//! it, and not longer: a year in which nothing happened is not gone through
//! second by second.

mod support;

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use hub_core::event::Stage;
use hub_core::{Event, Offset, Record, Timestamp};
use hub_fanout::testing::Driver;
use hub_fanout::{Applied, FlushBuilder, Projection, Remembered, Step, WalkError, Walked, walk};
use support::{START, dlq_event};

/// Counts how often time stops.
struct Stops(Arc<AtomicUsize>);

impl Projection for Stops {
    fn advance(&mut self, _: Timestamp, _: Offset, _: &mut Step) {
        self.0.fetch_add(1, Ordering::Relaxed);
    }

    fn apply(&mut self, _: &Record, _: &mut Step) {}

    fn settle(&mut self, _: Applied) {}

    fn flush(&mut self, _: &mut FlushBuilder) {}

    fn remembered(&self) -> Remembered<'_> {
        Remembered::nothing("stops/1")
    }

    fn restore(&mut self, from: Walked<'_, '_>) -> Result<(), WalkError> {
        walk::read(from)
    }
}

#[test]
fn a_year_of_nothing_is_passed_in_a_few_steps() {
    let stops = Arc::new(AtomicUsize::new(0));
    let (rttm, reads) = hub_rttm::register();
    let mut hub = Driver::new(START, vec![Box::new(Stops(Arc::clone(&stops))), Box::new(rttm)]);
    let year = 365 * 24 * 3_600_000;
    hub.send(Event::Tick);
    hub.pass(year);
    assert_eq!(stops.swap(0, Ordering::Relaxed), 2, "nothing ever happened");
    for _ in 0..60 {
        hub.send(dlq_event(None, Stage::Enriched, "no such account", None));
    }
    hub.pass(year);
    let stops = stops.load(Ordering::Relaxed);
    assert!((60 + 360..60 + 600).contains(&stops), "until the alert has cleared, not longer: {stops}");
    hub.settle();
    let board = reads.settled().alerts().clone();
    assert_eq!((board.active.len(), board.cleared.len()), (0, 1));
}
