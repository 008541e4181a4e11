//! Keys: what makes the retry of an append harmless.

use super::Open;
use super::fixture::{Fixture, HandClock, history, note, notes, texts};
use crate::{Appended, Entry};

/// Within one append, across appends, and with the first attempt's answer.
pub fn a_key_is_appended_once(open: Open<'_>) {
    let fixture = Fixture::new(open);
    let clock = HandClock::new();
    let log = fixture.open_at(&clock);
    let attempt = || vec![keyed("a", "first"), keyed("b", "second"), keyed("a", "third")];
    let first = log.append(attempt()).wait().expect("an append");
    assert_eq!(first.offsets[2], first.offsets[0], "the same key twice in one append");
    clock.set(5000);
    assert_eq!(log.append(attempt()).wait(), Ok(first.clone()), "a retry gets the first answer");
    let mixed =
        log.append(vec![keyed("b", "again"), note("new"), keyed("c", "newer")]).wait().expect("an append");
    assert_eq!(mixed.offsets[0], first.offsets[1]);
    assert!(mixed.at > first.at, "a new record's time decides");
    assert_eq!(texts(&history(&*log)), ["first", "second", "new", "newer"]);
}

/// A retry may come after a crash.
pub fn a_key_is_remembered_after_reopening(open: Open<'_>) {
    let fixture = Fixture::new(open);
    let attempt = || vec![keyed("a", "first"), keyed("b", "second")];
    let first: Appended = fixture.open().append(attempt()).wait().expect("an append");
    let log = fixture.open();
    assert_eq!(log.append(attempt()).wait(), Ok(first));
    assert_eq!(history(&*log).len(), 2);
}

/// The domain's idempotency is not the log's business.
pub fn records_without_a_key_are_never_taken_for_duplicates(open: Open<'_>) {
    let fixture = Fixture::new(open);
    let log = fixture.open();
    for _ in 0..2 {
        log.append(notes(0, 2)).wait().expect("an append");
    }
    assert_eq!(texts(&history(&*log)), ["0", "1", "0", "1"]);
}

fn keyed(key: &str, text: &str) -> Entry {
    Entry { key: Some(key.to_owned()), ..note(text) }
}
