//! Time goes through all projections boundary by boundary, and what one of
//! them derives is seen by the later ones at the same boundary or record:
//! whatever lies between two records, and however they are cut into batches.

use std::collections::BTreeSet;
use std::sync::{Arc, Mutex};

use bytes::Bytes;
use hub_core::event::RiskMetrics;
use hub_core::{Derived, Event, Offset, PortfolioId, Ratio, Record, Settings, Timestamp};
use hub_fanout::testing::{Driver, Handed};
use hub_fanout::{
    Applied, EventKey, FeedId, FlushBuilder, Projection, Remembered, Step, WalkError, Walked, walk,
};
use proptest::prelude::*;

const START: i64 = 1_770_460_200_000;

/// What has happened in all projections, in order.
#[derive(Clone, Default)]
struct Trace(Arc<Mutex<Vec<String>>>);

impl Trace {
    fn note(&self, what: String) {
        self.0.lock().unwrap().push(what);
    }

    fn all(&self) -> Vec<String> {
        self.0.lock().unwrap().clone()
    }
}

/// A projection that does something at each multiple of its period (counted
/// from the first record), and passes on what it is told.
struct Clock {
    name: u8,
    period: i64,
    trace: Trace,
    /// What it has come to: a number that everything seen is worked into.
    state: u64,
    next: Option<i64>,
    now: i64,
    applied: Option<Applied>,
}

impl Clock {
    fn new(name: u8, period: i64, trace: &Trace) -> Clock {
        Clock { name, period, trace: trace.clone(), state: 0, next: None, now: 0, applied: None }
    }

    fn mix(&mut self, value: u64) {
        self.state = (self.state ^ value).wrapping_mul(0x0100_0000_01b3).rotate_left(17);
    }

    fn happens(&mut self, what: &str, offset: Offset, step: &mut Step) {
        self.mix(self.now as u64);
        let (name, state) = (self.name, self.state);
        self.trace.note(format!("{} {what} at {}", char::from(name), self.now - START));
        step.emit(FeedId(0), EventKey(name.into()), Bytes::from(format!("{state} {}", offset.0)));
        step.derive(fact(name, state));
    }

    fn take(&mut self, step: &Step) {
        for fact in step.derived() {
            let Derived::Risk(metrics) = fact;
            let from = metrics.portfolio_id.to_bytes()[15];
            self.trace.note(format!(
                "{} of {} at {}",
                char::from(self.name),
                char::from(from),
                self.now - START
            ));
            self.mix(metrics.sharpe_ratio.units() as u64 ^ u64::from(from));
        }
    }
}

fn fact(from: u8, state: u64) -> Derived {
    let mut id = [0; 16];
    id[15] = from;
    Derived::Risk(RiskMetrics {
        portfolio_id: PortfolioId::from_bytes(id),
        avg_rate_of_return: Ratio::ZERO,
        sharpe_ratio: Ratio::from_units(state.into()),
        sortino_ratio: Ratio::ZERO,
    })
}

impl Projection for Clock {
    fn next_boundary(&self) -> Option<Timestamp> {
        Timestamp::from_millis(self.next?)
    }

    fn advance(&mut self, now: Timestamp, offset: Offset, step: &mut Step) {
        assert!(self.now <= now.millis(), "time goes on");
        self.now = now.millis();
        self.take(step);
        match self.next {
            Some(next) if next <= self.now => {
                assert!(next == self.now || self.period == 0, "a boundary is not passed over");
                self.next = Some(next + self.period);
                self.happens("ticks", offset, step);
            }
            None if self.period > 0 => self.next = Some(self.now + self.period),
            _ => {}
        }
    }

    fn apply(&mut self, record: &Record, step: &mut Step) {
        self.take(step);
        if let Event::Settings(settings) = &record.event {
            self.mix(settings.resume_horizon_ms as u64);
            self.happens("is set", record.offset, step);
        }
    }

    fn settle(&mut self, applied: Applied) {
        self.applied = Some(applied);
    }

    fn flush(&mut self, _: &mut FlushBuilder) {
        self.trace.note(format!("{} {}", char::from(self.name), self.state));
    }

    fn remembered(&self) -> Remembered<'_> {
        Remembered::nothing("clock/1")
    }

    fn restore(&mut self, from: Walked<'_, '_>) -> Result<(), WalkError> {
        walk::read(from)
    }
}

/// Three of them, A in front; the driver that takes them through records, and
/// what they did.
fn clocks(periods: [i64; 3]) -> (Driver, Trace) {
    let trace = Trace::default();
    let clock = |(name, period)| Box::new(Clock::new(name, period, &trace)) as Box<dyn Projection>;
    let clocks = b"ABC".iter().copied().zip(periods).map(clock).collect();
    (Driver::new(START, clocks), trace)
}

fn record(offset: u64, at: i64, event: Event) -> Record {
    Record { offset: Offset(offset), at: Timestamp::from_millis(START + at).unwrap(), event }
}

#[test]
fn a_boundary_is_everywhere_before_the_next_one_begins() {
    let (mut hub, trace) = clocks([1000, 700, 0]);
    hub.apply(&record(1, 0, Event::Tick));
    hub.apply(&record(2, 1500, Event::Tick));
    assert_eq!(
        trace.all(),
        [
            "B ticks at 700",
            "C of B at 700",
            "A ticks at 1000",
            "B of A at 1000",
            "C of A at 1000",
            "B ticks at 1400",
            "C of B at 1400",
        ],
        "A's fact of 1000 is known to B before its own boundary of 1400"
    );
    assert!(hub.derived().iter().all(|(offset, ..)| offset.0 == 2), "they belong to the record");
    assert_eq!(hub.items().len(), 3);
}

#[test]
fn at_one_time_and_from_one_record_facts_go_to_later_projections_in_order_and_once() {
    let (mut hub, trace) = clocks([500, 500, 500]);
    hub.apply(&record(1, 0, Event::Tick));
    hub.apply(&record(2, 500, Event::Settings(Settings::default())));
    let ticks = ["A ticks", "B of A", "B ticks", "C of A", "C of B", "C ticks"];
    let sets = ["A is set", "B of A", "B is set", "C of A", "C of B", "C is set"];
    let expected: Vec<String> = ticks.iter().chain(&sets).map(|what| format!("{what} at 500")).collect();
    assert_eq!(trace.all(), expected);
}

#[test]
fn a_boundary_that_has_passed_is_due_at_once_and_time_does_not_go_back() {
    /// Finds at each record that something was due long ago.
    struct Late(Option<Timestamp>, Trace);
    impl Projection for Late {
        fn next_boundary(&self) -> Option<Timestamp> {
            self.0
        }
        fn advance(&mut self, now: Timestamp, _: Offset, _: &mut Step) {
            self.1.note(format!("{}", now.millis() - START));
            self.0 = self.0.filter(|due| *due > now);
        }
        fn apply(&mut self, record: &Record, _: &mut Step) {
            self.0 = Some(record.at.plus_millis(-5000));
        }
        fn settle(&mut self, _: Applied) {}
        fn flush(&mut self, _: &mut FlushBuilder) {}
        fn remembered(&self) -> Remembered<'_> {
            Remembered::nothing("late/1")
        }
        fn restore(&mut self, from: Walked<'_, '_>) -> Result<(), WalkError> {
            walk::read(from)
        }
    }
    let trace = Trace::default();
    let mut hub = Driver::new(START, vec![Box::new(Late(None, trace.clone()))]);
    hub.apply(&record(1, 1000, Event::Tick));
    hub.apply(&record(2, 1500, Event::Tick));
    hub.apply(&record(3, 1200, Event::Tick));
    assert_eq!(trace.all(), ["1000", "1000", "1500", "1500"]);
}

#[test]
fn one_who_never_moves_his_boundary_stops_nobody() {
    struct Stuck;
    impl Projection for Stuck {
        fn next_boundary(&self) -> Option<Timestamp> {
            Timestamp::from_millis(START + 100)
        }
        fn advance(&mut self, _: Timestamp, _: Offset, _: &mut Step) {}
        fn apply(&mut self, _: &Record, _: &mut Step) {}
        fn settle(&mut self, _: Applied) {}
        fn flush(&mut self, _: &mut FlushBuilder) {}
        fn remembered(&self) -> Remembered<'_> {
            Remembered::nothing("stuck/1")
        }
        fn restore(&mut self, from: Walked<'_, '_>) -> Result<(), WalkError> {
            walk::read(from)
        }
    }
    let trace = Trace::default();
    let mut hub = Driver::new(START, vec![Box::new(Stuck), Box::new(Clock::new(b'B', 300, &trace))]);
    hub.apply(&record(1, 0, Event::Tick));
    hub.apply(&record(2, 1000, Event::Tick));
    assert_eq!(trace.all(), ["B ticks at 300", "B ticks at 600", "B ticks at 900"]);
}

/// Everything that can be seen from outside, without offsets.
#[derive(PartialEq, Debug)]
struct Seen {
    trace: Vec<String>,
    derived: Vec<(Timestamp, Derived)>,
}

fn seen(hub: &mut Driver, trace: &Trace) -> Seen {
    hub.flush();
    let derived = hub.derived().into_iter().map(|(_, at, fact)| (at, fact)).collect();
    Seen { trace: trace.all(), derived }
}

fn history() -> impl Strategy<Value = Vec<Record>> {
    let pause = prop_oneof![4 => Just(0), 8 => 1..500_i64, 2 => 500..5000_i64, 1 => 5000..60_000_i64];
    let event = prop_oneof![
        3 => Just(Event::Tick),
        1 => (0..9_i64).prop_map(|n| Event::Settings(Settings { resume_horizon_ms: n, ..Settings::default() })),
    ];
    prop::collection::vec((pause, event), 1..40).prop_map(|steps| {
        let mut at = 0;
        let next = |(index, (pause, event)): (usize, (i64, Event))| {
            at += pause;
            record(index as u64 + 1, at, event)
        };
        steps.into_iter().enumerate().map(next).collect()
    })
}

fn periods() -> impl Strategy<Value = [i64; 3]> {
    [0..2000_i64, 0..2000_i64, 0..2000_i64].prop_map(|periods| periods.map(|period| period / 50 * 50))
}

/// The boundaries in the order in which they have to be crossed, worked out
/// plainly: by time, then by projection.
fn expected_ticks(periods: [i64; 3], records: &[Record]) -> Vec<(i64, char)> {
    let (first, last) = (records[0].at.millis(), records[records.len() - 1].at.millis());
    let mut ticks = BTreeSet::new();
    for (name, period) in ['A', 'B', 'C'].into_iter().zip(periods).filter(|(_, period)| *period > 0) {
        ticks.extend((1..=(last - first) / period).map(|n| (first + n * period - START, name)));
    }
    ticks.into_iter().collect()
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn every_boundary_is_crossed_once_and_in_the_order_of_time(periods in periods(), records in history()) {
        let (mut hub, trace) = clocks(periods);
        for record in &records {
            hub.apply(record);
        }
        let ticks: Vec<String> = trace.all().into_iter().filter(|line| line.contains("ticks")).collect();
        let expected = expected_ticks(periods, &records);
        prop_assert_eq!(ticks, expected.iter().map(|(at, name)| format!("{name} ticks at {at}")).collect::<Vec<_>>());
    }

    #[test]
    fn batches_leave_no_trace(periods in periods(), records in history(), cuts in prop::collection::vec(any::<bool>(), 40)) {
        let ((mut whole, trace), (mut cut, trace_cut)) = (clocks(periods), clocks(periods));
        let (mut items, mut items_cut) = (Vec::new(), Vec::new());
        for (record, settles) in records.iter().zip(cuts) {
            prop_assert_eq!(whole.apply(record), cut.apply(record));
            items.extend_from_slice(whole.items());
            items_cut.extend_from_slice(cut.items());
            if settles {
                cut.settle();
            }
        }
        prop_assert_eq!(items, items_cut);
        let derived: Vec<Handed> = whole.derived();
        prop_assert_eq!(derived, cut.derived());
        prop_assert_eq!(seen(&mut whole, &trace), seen(&mut cut, &trace_cut));
    }

    #[test]
    fn ticks_or_a_gap_make_no_difference(periods in periods(), records in history()) {
        let ((mut gaps, trace), (mut ticks, trace_ticks)) = (clocks(periods), clocks(periods));
        let first = records[0].offset;
        let matters = |record: &&Record| record.offset == first || record.event != Event::Tick;
        let mut at = records[0].at.millis();
        for record in records.iter().filter(matters) {
            gaps.apply(record);
            while (at + 250) < record.at.millis() {
                at += 250;
                ticks.apply(&Record { offset: Offset(0), at: Timestamp::from_millis(at).unwrap(), event: Event::Tick });
            }
            ticks.apply(record);
        }
        prop_assert_eq!(seen(&mut gaps, &trace), seen(&mut ticks, &trace_ticks));
    }
}
