//! Time is in the log, and only goes forward.

use std::sync::atomic::{AtomicI64, Ordering};
use std::sync::{Arc, Mutex};

use hub_core::{Event, Record, Timestamp};

use super::Open;
use super::fixture::{Fixture, HandClock, history, note, notes, timestamp};
use super::random::Random;
use crate::EventLog;

/// With a clock that jumps to and fro, and across reopening.
pub fn time_never_goes_back(open: Open<'_>) {
    let fixture = Fixture::new(open);
    let mut highest = Timestamp::default();
    for life in 0..4 {
        let shown = Arc::new(Mutex::new((Random::new(life), Vec::new())));
        let log = fixture.open_with({
            let shown = Arc::clone(&shown);
            Arc::new(move || {
                let (random, times) = &mut *shown.lock().expect("a clock");
                times.push(timestamp(random.below(1_000_000_000).cast_signed() as i64));
                times[times.len() - 1]
            })
        });
        for _ in 0..100 {
            let appended = log.append(notes(0, 3)).wait().expect("an append");
            let limit =
                shown.lock().expect("a clock").1.iter().copied().max().unwrap_or_default().max(highest);
            assert!(appended.at >= highest, "{} after {highest}", appended.at);
            assert!(appended.at <= limit, "{} was never on the clock", appended.at);
            highest = appended.at;
            let added = log.read(hub_core::Offset(appended.offsets[0].0 - 1), 3).expect("a read");
            assert!(added.iter().all(|record| record.at == appended.at), "one append, one time");
        }
        let records = history(&*log);
        assert!(records.is_sorted_by_key(|record| record.at));
    }
}

/// In memory and across reopening.
pub fn times_are_kept_to_the_microsecond(open: Open<'_>) {
    let fixture = Fixture::new(open);
    let shown = Arc::new(AtomicI64::new(1_770_000_000_123_456));
    let clock = Arc::clone(&shown);
    let log = fixture.open_with(Arc::new(move || {
        Timestamp::from_micros(clock.fetch_add(1, Ordering::SeqCst)).expect("a time")
    }));
    let acknowledged: Vec<_> =
        (0..3).map(|_| log.append(notes(0, 1)).wait().expect("an append").at).collect();
    assert!(acknowledged.is_sorted_by(|one, next| one < next), "one millisecond, one after another");
    let kept = |log: &dyn EventLog| history(log).iter().map(|record| record.at).collect::<Vec<_>>();
    assert_eq!(kept(&*log), acknowledged);
    drop(log);
    assert_eq!(kept(&*fixture.open()), acknowledged, "after reopening");
}

/// However often it is asked for, and whatever the clock does.
pub fn a_tick_marks_each_second_once(open: Open<'_>) {
    let fixture = Fixture::new(open);
    let clock = HandClock::new();
    let log = fixture.open_at(&clock);
    for (millis, expected) in [(0, 1), (0, 0), (999, 0), (1000, 1), (1500, 0), (500, 0), (5000, 1), (5999, 0)]
    {
        clock.set(millis);
        let ticked = log.tick().wait().expect("a tick");
        assert_eq!(ticked.offsets.len(), expected, "at {millis} ms");
    }
    drop(log);
    let log = fixture.open_at(&clock);
    assert_eq!(log.tick().wait().expect("a tick").offsets, [], "after reopening");
    let records = history(&*log);
    assert!(records.iter().all(|record| record.event == Event::Tick));
    let seconds: Vec<i64> = records.iter().map(|record| record.at.second()).collect();
    let first = HandClock::START_MILLIS / 1000;
    assert_eq!(seconds, [first, first + 1, first + 5]);
}

/// Load marks time as well as ticks do.
pub fn a_second_with_a_record_needs_no_tick(open: Open<'_>) {
    let fixture = Fixture::new(open);
    let clock = HandClock::new();
    let log = fixture.open_at(&clock);
    let written = log.append(vec![note("one")]).wait().expect("an append");
    clock.set(900);
    let ticked = log.tick().wait().expect("a tick");
    assert_eq!((ticked.offsets, ticked.at), (vec![], written.at), "the time is the last record's");
    clock.set(1000);
    let ticked = log.tick().wait().expect("a tick");
    assert_eq!(ticked.offsets.len(), 1);
    let events: Vec<Event> = history(&*log).iter().map(|record: &Arc<Record>| record.event.clone()).collect();
    assert_eq!(events, [note("one").event, Event::Tick]);
}
