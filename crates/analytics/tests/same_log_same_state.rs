//! However the log is cut into batches and flushes, and whoever looks, the
//! same elements have the same versions at the same offset.

mod support;

use std::collections::BTreeSet;

use hub_core::Record;
use hub_fanout::{Changed, RowKey, StateFlush};
use proptest::prelude::*;
use support::script::history;
use support::{Fixture, all_changed, elements};

/// What happens between two flushes.
#[derive(Clone, Debug)]
struct Stretch {
    records: usize,
    settle: bool,
    /// Whether anybody subscribes to marks when the flush comes.
    watched: bool,
    /// Whether somebody reads the flush right away.
    read: bool,
}

fn stretches() -> impl Strategy<Value = Vec<Stretch>> {
    let stretch = (0..20_usize, any::<bool>(), any::<bool>(), any::<bool>())
        .prop_map(|(records, settle, watched, read)| Stretch { records, settle, watched, read });
    prop::collection::vec(stretch, 1..12)
}

/// A flush after each record, with somebody always looking; read by nobody.
fn one_by_one(records: &[Record]) -> Vec<[StateFlush; 2]> {
    let mut hub = Fixture::watched();
    let flush = |record| {
        hub.apply(record);
        hub.publish()
    };
    records.iter().map(flush).collect()
}

/// A flush after each stretch, with the offset it covers.
fn in_stretches(records: &[Record], stretches: &[Stretch]) -> Vec<(u64, [StateFlush; 2])> {
    let mut hub = Fixture::new();
    let mut rest = records.iter();
    let mut flushes = vec![];
    for stretch in stretches {
        for record in rest.by_ref().take(stretch.records) {
            hub.apply(record);
            if stretch.settle {
                hub.settle();
                let state = hub.reads.settled();
                state.portfolios().for_each(|id| drop(state.mark(id.unwrap())));
            }
        }
        if stretch.watched {
            hub.catalog.states()[1].interest().enter();
        }
        let flush = hub.publish();
        if stretch.watched {
            hub.catalog.states()[1].interest().leave();
        }
        if stretch.read {
            for topic in &flush {
                elements(&*topic.view);
            }
        }
        flushes.push((hub.offset, flush));
    }
    flushes
}

fn assert_same(a: &StateFlush, b: &StateFlush, offset: u64) {
    assert_eq!(elements(&*a.view), elements(&*b.view), "at {offset}");
    for after in 0..=offset {
        assert_eq!(all_changed(&*a.view, after), all_changed(&*b.view, after), "at {offset} after {after}");
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(128))]

    #[test]
    fn batches_flushes_and_interest_leave_no_trace(records in history(300), stretches in stretches()) {
        let reference = one_by_one(&records);
        // All of them are compared once all has been applied: a flush never changes.
        for (offset, flush) in in_stretches(&records, &stretches) {
            let Some(same) = reference.get((offset as usize).wrapping_sub(1)) else { continue };
            for (a, b) in flush.iter().zip(same) {
                assert_same(a, b, offset);
            }
        }
    }

    #[test]
    fn what_flushes_list_is_what_the_view_says_changed(records in history(300), stretches in stretches()) {
        let flushes = in_stretches(&records, &stretches);
        for topic in 0..2 {
            for (first, (since, _)) in flushes.iter().enumerate() {
                let mut listed = BTreeSet::new();
                for (offset, flush) in &flushes[first + 1..] {
                    match &flush[topic].changed {
                        Changed::Keys(keys) => {
                            prop_assert!(keys.windows(2).all(|pair| pair[0] < pair[1]), "{:?}", keys);
                            listed.extend(keys.iter().copied());
                        }
                        Changed::Unlisted | Changed::Apart => break,
                    }
                    let changed = all_changed(&*flush[topic].view, *since);
                    let expected: Vec<RowKey> = listed.iter().copied().collect();
prop_assert_eq!(changed, expected, "{}..{}", since, offset);
                }
            }
        }
    }

    #[test]
    fn no_element_differs_without_having_changed(records in history(300), stretches in stretches()) {
        let flushes = in_stretches(&records, &stretches);
        for pair in flushes.windows(2) {
            let [(since, before), (_, after)] = pair else { unreachable!() };
            for (before, after) in before.iter().zip(after) {
                let changed = all_changed(&*after.view, *since);
                let old = elements(&*before.view);
                for (key, new) in (0..).zip(elements(&*after.view)) {
                    let known: Option<RowKey> = changed.iter().copied().find(|changed| *changed == key);
                    prop_assert!(known.is_some() || old.get(key as usize) == Some(&new), "{} after {}", key, since);
                }
            }
        }
    }
}

#[test]
fn interest_decides_whether_marks_are_listed_and_positions_always_are() {
    let mut hub = Fixture::new();
    hub.buy(1, "AAPL", "1", "10");
    let [positions, marks] = hub.publish();
    assert_eq!(positions.changed, Changed::Keys([0].into()));
    assert_eq!(marks.changed, Changed::Unlisted);
    hub.catalog.states()[1].interest().enter();
    hub.price("AAPL", "11");
    assert_eq!(hub.publish()[1].changed, Changed::Keys([0].into()), "from the first look on");
}
