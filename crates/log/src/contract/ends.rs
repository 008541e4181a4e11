//! Overload and closing.

use std::pin::Pin;
use std::sync::{Arc, Condvar, Mutex};
use std::task::{Context, Poll, Waker};
use std::thread;

use hub_core::Offset;

use super::fixture::{Fixture, HandClock, follow, history, next, note, notes, texts};
use super::{LAG_RECORDS, OVERLOAD_RECORDS, Open};
use crate::{Append, Appended, Clock, LogError};

/// The writer is held up by its clock, so that what is appended waits.
pub fn a_full_queue_answers_busy_and_appends_nothing(open: Open<'_>) {
    const BATCH: usize = 100;
    let fixture = Fixture::new(open);
    let gate = Gate::default();
    let log = fixture.open_with(gate.clock());
    log.append(vec![note("before")]).wait().expect("an append");
    gate.shut();
    let mut waiting = Vec::new();
    let refused = (0..OVERLOAD_RECORDS / BATCH).find_map(|n| {
        let mut append = log.append(notes(n * BATCH, BATCH));
        let refusal = answer_now(&mut append);
        if refusal.is_none() {
            waiting.push(append);
        }
        refusal
    });
    gate.open();
    assert_eq!(refused, Some(Err(LogError::Busy)));
    let taken = waiting.len() * BATCH;
    for append in waiting {
        append.wait().expect("what was taken in is written");
    }
    log.append(vec![note("after")]).wait().expect("a log that is no longer busy");
    let mut expected = vec!["before".to_owned()];
    expected.extend((0..taken).map(|n| n.to_string()));
    expected.push("after".to_owned());
    assert!(texts(&history(&*log)) == expected, "something else than what was taken in was written");
}

/// Appends and ticks fail, reading goes on.
pub fn a_closed_log_refuses_appends(open: Open<'_>) {
    let fixture = Fixture::new(open);
    let log = fixture.open();
    log.append(notes(0, 3)).wait().expect("an append");
    log.close().expect("a close");
    assert_eq!(log.append(notes(3, 1)).wait(), Err(LogError::Closed));
    assert_eq!(log.tick().wait(), Err(LogError::Closed));
    assert_eq!(texts(&history(&*log)), ["0", "1", "2"]);
    drop(log);
    assert_eq!(history(&*fixture.open()).len(), 3, "after reopening");
}

/// Nobody waits for the answers, and yet.
pub fn closing_commits_what_was_queued(open: Open<'_>) {
    let fixture = Fixture::new(open);
    let log = fixture.open();
    let answers: Vec<Append> = (0..200).map(|n| log.append(notes(n, 1))).collect();
    log.close().expect("a close");
    for answer in answers {
        assert_eq!(answer.wait().expect("an append").offsets.len(), 1);
    }
    drop(log);
    let log = fixture.open();
    let expected: Vec<String> = (0..200).map(|n| n.to_string()).collect();
    assert_eq!(texts(&history(&*log)), expected);
}

/// From several threads as well.
pub fn closing_twice_is_closing_once(open: Open<'_>) {
    let fixture = Fixture::new(open);
    let log = fixture.open();
    log.append(notes(0, 1)).wait().expect("an append");
    thread::scope(|scope| {
        for _ in 0..4 {
            scope.spawn(|| assert_eq!(log.close(), Ok(())));
        }
    });
    assert_eq!(log.close(), Ok(()));
}

/// One that lags far behind, even if the log's value is gone.
pub fn a_tail_delivers_everything_and_then_ends(open: Open<'_>) {
    let fixture = Fixture::new(open);
    let log = fixture.open();
    let mut tail = log.tail(Offset::START);
    for first in (0..LAG_RECORDS).step_by(100) {
        log.append(notes(first, 100)).wait().expect("an append");
    }
    let all = history(&*log);
    drop(log);
    let mut seen = Vec::new();
    follow(&mut *tail, &mut seen, all[all.len() - 1].offset, || 300);
    assert!(seen == all);
    for _ in 0..2 {
        assert_eq!(next(&mut *tail, 10), Err(LogError::Closed));
    }
}

/// It doesn't sit out its timeout.
pub fn a_tail_that_waits_is_ended_by_closing(open: Open<'_>) {
    let fixture = Fixture::new(open);
    let log = fixture.open();
    let mut tail = log.tail(Offset::START);
    thread::scope(|scope| {
        let waiting = scope.spawn(move || next(&mut *tail, 10));
        log.close().expect("a close");
        assert_eq!(waiting.join().expect("a tail"), Err(LogError::Closed));
    });
}

/// The answer, if it is there without waiting.
fn answer_now(append: &mut Append) -> Option<Result<Appended, LogError>> {
    match Pin::new(append).poll(&mut Context::from_waker(Waker::noop())) {
        Poll::Ready(answer) => Some(answer),
        Poll::Pending => None,
    }
}

/// A clock that can be kept from answering.
#[derive(Clone, Default)]
struct Gate(Arc<(Mutex<bool>, Condvar)>);

impl Gate {
    fn shut(&self) {
        *self.0.0.lock().expect("a gate") = true;
    }

    fn open(&self) {
        *self.0.0.lock().expect("a gate") = false;
        self.0.1.notify_all();
    }

    fn clock(&self) -> Clock {
        let (gate, time) = (self.clone(), HandClock::new().clock());
        Arc::new(move || {
            let shut = gate.0.0.lock().expect("a gate");
            drop(gate.0.1.wait_while(shut, |shut| *shut).expect("a gate"));
            time()
        })
    }
}
