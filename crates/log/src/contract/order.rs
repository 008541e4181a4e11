//! Order, atomicity, visibility, and what survives reopening.

use std::collections::{HashMap, VecDeque};
use std::sync::Arc;
use std::thread;

use hub_core::{Offset, Record};

use super::Open;
use super::fixture::{Fixture, history, note, notes, text_of, texts};
use super::random::Random;
use crate::{Append, Appended, EventLog};

/// Offsets are above [`Offset::START`], strictly increasing, one per entry,
/// and the same when acknowledged and when read.
pub fn offsets_increase_and_are_those_that_were_acknowledged(open: Open<'_>) {
    let fixture = Fixture::new(open);
    let log = fixture.open();
    assert_eq!(log.head(), Offset::START);
    let mut acknowledged = Vec::new();
    for size in [1, 3, 100] {
        let appended = log.append(notes(0, size)).wait().expect("an append");
        assert_eq!(appended.offsets.len(), size);
        acknowledged.extend(appended.offsets);
    }
    assert!(acknowledged[0] > Offset::START);
    assert!(acknowledged.is_sorted_by(|a, b| a < b), "{acknowledged:?}");
    let read: Vec<Offset> = history(&*log).iter().map(|record| record.offset).collect();
    assert_eq!(read, acknowledged);
}

/// Once an append is acknowledged, `head`, `read` and a tail show it.
pub fn an_acknowledged_append_is_visible(open: Open<'_>) {
    let fixture = Fixture::new(open);
    let log = fixture.open();
    let mut before = Offset::START;
    for round in 0..50 {
        let appended = log.append(notes(round * 2, 2)).wait().expect("an append");
        assert!(log.head() >= appended.offsets[1]);
        let read = log.read(before, 10).expect("a read");
        assert_eq!(texts(&read), [(round * 2).to_string(), (round * 2 + 1).to_string()]);
        let followed = log.tail(before).next(10, std::time::Duration::ZERO).expect("a tail");
        assert_eq!(followed, read);
        before = appended.offsets[1];
    }
}

/// No entries: no offsets, no records.
pub fn an_append_of_nothing_writes_nothing(open: Open<'_>) {
    let fixture = Fixture::new(open);
    let log = fixture.open();
    assert_eq!(log.append(Vec::new()).wait().expect("an append").offsets, []);
    let one = log.append(vec![note("one")]).wait().expect("an append");
    let nothing = log.append(Vec::new()).wait().expect("an append");
    assert_eq!(nothing, Appended { offsets: Vec::new(), at: one.at });
    assert_eq!(texts(&history(&*log)), ["one"]);
}

/// Eight callers at once, half of them without waiting for answers.
pub fn appends_stay_whole_adjacent_and_in_their_callers_order(open: Open<'_>) {
    const CALLERS: usize = 8;
    const APPENDS: usize = 60;
    let fixture = Fixture::new(open);
    let log = fixture.open();
    let answers: HashMap<String, Offset> = thread::scope(|scope| {
        let callers: Vec<_> = (0..CALLERS)
            .map(|caller| {
                scope.spawn({
                    let log = &*log;
                    move || call(log, caller, APPENDS)
                })
            })
            .collect();
        callers.into_iter().flat_map(|caller| caller.join().expect("a caller")).collect()
    });
    let records = history(&*log);
    assert_eq!(records.len(), answers.len());
    let mut next_append = [0; CALLERS];
    let mut rest = records.as_slice();
    while let Some(first) = rest.first() {
        let (caller, append, size) = labels_of(first);
        assert_eq!(append, next_append[caller], "caller {caller} is out of order");
        next_append[caller] += 1;
        assert!(rest.len() >= size, "the last append is torn");
        let (whole, others) = rest.split_at(size);
        let expected: Vec<String> = (0..size).map(|n| label(caller, append, n, size)).collect();
        assert_eq!(texts(whole), expected);
        rest = others;
    }
    assert_eq!(next_append, [APPENDS; CALLERS]);
    for record in &records {
        assert_eq!(answers[text_of(record)], record.offset);
    }
}

/// Everything acknowledged is there again, under the same epoch, and new
/// records follow it.
pub fn a_reopened_log_keeps_its_history_and_its_epoch(open: Open<'_>) {
    let fixture = Fixture::new(open);
    let log = fixture.open();
    let epoch = log.epoch();
    log.append(notes(0, 500)).wait().expect("an append");
    let before = history(&*log);
    log.close().expect("a close");
    drop(log);

    let log = fixture.open();
    assert_eq!(log.epoch(), epoch);
    assert_eq!(history(&*log), before);
    assert_eq!(log.head(), before[499].offset);
    let appended = log.append(notes(500, 1)).wait().expect("an append");
    assert!(appended.offsets[0] > before[499].offset);
    // Dropping the log is enough to close it.
    drop(log);
    assert_eq!(history(&*fixture.open()).len(), 501);
}

/// Two logs never share an epoch.
pub fn a_new_log_has_a_new_epoch(open: Open<'_>) {
    let fixtures: Vec<Fixture<'_>> = (0..5).map(|_| Fixture::new(open)).collect();
    let mut epochs: Vec<u64> = fixtures.iter().map(|fixture| fixture.open().epoch().0).collect();
    epochs.sort_unstable();
    assert!(epochs.is_sorted_by(|a, b| a < b), "{epochs:x?}");
}

/// Appends as one caller; returns the offset of every entry by its label.
fn call(log: &dyn EventLog, caller: usize, appends: usize) -> Vec<(String, Offset)> {
    let unanswered_max = if caller.is_multiple_of(2) { 0 } else { 8 };
    let mut random = Random::new(caller as u64);
    let mut unanswered: VecDeque<Append> = VecDeque::new();
    let (mut labels, mut offsets) = (Vec::new(), Vec::new());
    for append in 0..appends {
        let size = 1 + random.below(20);
        let batch: Vec<String> = (0..size).map(|n| label(caller, append, n, size)).collect();
        unanswered.push_back(log.append(batch.iter().map(note).collect()));
        labels.extend(batch);
        let left = if append + 1 == appends { 0 } else { unanswered_max };
        while unanswered.len() > left {
            offsets.extend(unanswered.pop_front().expect("one").wait().expect("an append").offsets);
        }
    }
    assert_eq!(labels.len(), offsets.len());
    labels.into_iter().zip(offsets).collect()
}

fn label(caller: usize, append: usize, index: usize, size: usize) -> String {
    format!("{caller} {append} {size} {index}")
}

/// Caller, append and size of an append's first record.
fn labels_of(record: &Arc<Record>) -> (usize, usize, usize) {
    let fields: Vec<usize> =
        text_of(record).split(' ').map(|field| field.parse().expect("a label")).collect();
    assert_eq!(fields[3], 0, "an append begins in its middle: {record:?}");
    (fields[0], fields[1], fields[2])
}
