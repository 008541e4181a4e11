//! Reading and following.

use std::sync::{Arc, mpsc};
use std::thread;
use std::time::Duration;

use hub_core::{Offset, Record};

use super::fixture::{Fixture, follow, history, next, notes, text_of};
use super::random::Random;
use super::{LAG_RECORDS, Open};
use crate::EventLog;

/// Checked against a slice of the whole history, from memory and from disk.
pub fn a_read_returns_exactly_what_follows(open: Open<'_>) {
    let fixture = Fixture::new(open);
    let log = fixture.open();
    for first in (0..LAG_RECORDS * 2).step_by(100) {
        log.append(notes(first, 100)).wait().expect("an append");
    }
    let all = history(&*log);
    let numbers = all.iter().map(|record| text_of(record).parse::<usize>().expect("a number"));
    assert!(numbers.eq(0..LAG_RECORDS * 2));
    let mut random = Random::new(1);
    for _ in 0..200 {
        let begin = random.below(all.len() + 1);
        let bound = if random.below(4) == 0 { all.len() } else { 20 };
        let max = random.below(bound);
        let after = begin.checked_sub(1).map_or(Offset::START, |last| all[last].offset);
        let end = all.len().min(begin + max);
        assert_eq!(log.read(after, max).expect("a read"), all[begin..end], "{max} after {after}");
    }
    assert_eq!(log.read(Offset(u64::MAX), 10), Ok(vec![]), "beyond the head");
}

/// Tails begin anywhere, take what they like, while the log grows; each is
/// told now and then how far to read, so that some lag.
pub fn a_tail_sees_what_a_read_sees_while_appends_go_on(open: Open<'_>) {
    let fixture = Fixture::new(open);
    let log = &*fixture.open();
    let mut random = Random::new(2);
    log.append(notes(0, 50)).wait().expect("an append");
    thread::scope(|scope| {
        let (tails, goals): (Vec<_>, Vec<_>) = (0..4)
            .map(|seed| {
                let after = Offset(random.below(log.head().0 as usize + 1) as u64);
                let (sender, goals) = mpsc::channel();
                (scope.spawn(move || (after, follow_to(log, after, goals, Random::new(seed)))), sender)
            })
            .unzip();
        for _ in 0..150 {
            let size = 1 + random.below(60);
            let appended = log.append(notes(0, size)).wait().expect("an append");
            let told = random.below(goals.len());
            goals[told].send(appended.offsets[size - 1]).expect("a tail");
        }
        for goal in goals {
            goal.send(log.head()).expect("a tail");
        }
        let all = history(log);
        for tail in tails {
            let (after, seen) = tail.join().expect("a tail");
            let expected: Vec<_> = all.iter().filter(|record| record.offset > after).cloned().collect();
            assert!(seen == expected, "a tail after {after} saw something else");
        }
    });
}

/// Records that a tail sees when it reads on to each goal in turn.
fn follow_to(
    log: &dyn EventLog,
    after: Offset,
    goals: mpsc::Receiver<Offset>,
    mut random: Random,
) -> Vec<Arc<Record>> {
    let (mut tail, mut seen) = (log.tail(after), Vec::new());
    for goal in goals {
        follow(&mut *tail, &mut seen, goal, || 1 + random.below(100));
    }
    seen
}

/// Falling far behind loses nothing, and is not for ever.
pub fn a_tail_that_lags_catches_up_and_keeps_up_again(open: Open<'_>) {
    let fixture = Fixture::new(open);
    let log = fixture.open();
    let mut tail = log.tail(Offset::START);
    let mut seen = Vec::new();
    for _ in 0..3 {
        for first in (0..LAG_RECORDS).step_by(100) {
            log.append(notes(first, 100)).wait().expect("an append");
        }
        follow(&mut *tail, &mut seen, log.head(), || 700);
        for n in 0..20 {
            log.append(notes(n, 1)).wait().expect("an append");
            seen.extend(next(&mut *tail, 700).expect("a tail"));
        }
    }
    assert!(seen == history(&*log));
}

/// A tail at the head, and one beyond it.
pub fn a_tail_without_news_returns_empty(open: Open<'_>) {
    let fixture = Fixture::new(open);
    let log = fixture.open();
    let head = log.append(notes(0, 3)).wait().expect("an append").offsets[2];
    for after in [head, Offset(head.0 + 10)] {
        let mut tail = log.tail(after);
        assert_eq!(tail.next(10, Duration::ZERO), Ok(vec![]));
        assert_eq!(tail.next(10, Duration::from_millis(5)), Ok(vec![]));
    }
    let mut tail = log.tail(Offset::START);
    assert_eq!(tail.next(0, Duration::ZERO).expect("a tail").len(), 1, "0 is taken as 1");
}

/// Two threads that answer each other through the log, each waiting for the
/// other: one lost wake-up and this takes a minute and fails.
pub fn a_tail_that_waits_is_woken(open: Open<'_>) {
    const ROUNDS: usize = 100;
    let fixture = Fixture::new(open);
    let log = &*fixture.open();
    let player = |parity: usize| {
        let mut tail = log.tail(Offset::START);
        for turn in 0..ROUNDS {
            if turn % 2 == parity {
                log.append(notes(turn, 1)).wait().expect("an append");
            }
            let records = next(&mut *tail, 1).expect("a tail");
            let seen: Vec<&str> = records.iter().map(|record| text_of(record)).collect();
            assert_eq!(seen, [turn.to_string()]);
        }
    };
    thread::scope(|scope| {
        scope.spawn(|| player(0));
        scope.spawn(|| player(1));
    });
}
