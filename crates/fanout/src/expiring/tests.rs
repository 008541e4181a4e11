//! Each promise by an example, and all of them at once beside a plain map.

use std::collections::{HashMap, VecDeque};

use proptest::collection::vec;
use proptest::prelude::*;

use super::*;

fn at(millis: i64) -> Timestamp {
    Timestamp::from_millis(millis).unwrap()
}

#[test]
fn a_key_is_remembered_for_the_horizon_and_not_longer() {
    let mut map = ExpiringMap::default();
    assert!(map.insert(1, "early", at(1000)) && map.insert(2, "late", at(1001)));
    map.expire(at(1099), Some(100));
    assert!(!map.insert(1, "again", at(1099)), "which does not renew it");
    assert_eq!((map.get(1), map.len()), (Some(&"early"), 2));
    map.expire(at(1100), Some(100));
    assert!(!map.contains(1) && map.contains(2));
    assert_eq!(map.len(), 1);
    assert!(map.insert(1, "new", at(1100)));
    map.expire(at(2000), None);
    assert_eq!(map.len(), 2);
}

#[test]
fn the_newest_are_remembered_however_many_come() {
    let mut map = ExpiringMap::newest(100);
    assert!((0..110).all(|n| map.insert(n, (), at(0))));
    assert_eq!(map.len(), 100);
    assert!(!map.insert(10, (), at(0)), "remembered, so nothing goes");
    assert!(map.contains(10) && map.insert(9, (), at(0)) && !map.contains(10));
}

#[test]
fn a_smaller_number_is_kept_from_then_on() {
    let mut map = ExpiringMap::newest(100);
    (0..100).for_each(|n| assert!(map.insert(n, (), at(0))));
    map.keep(2);
    assert_eq!(map.len(), 2);
    assert!(map.contains(98) && map.insert(100, (), at(0)) && !map.contains(98));
    map.keep(0);
    assert!(map.insert(100, (), at(0)) && map.is_empty(), "nothing is remembered");
}

#[test]
fn the_newest_are_shown_and_a_snapshot_does_not_change() {
    let mut map = NewestMap::newest(3);
    (1..=4).for_each(|n| map.insert(n, Arc::new(n * 10)));
    let before = map.clone();
    map.insert(5, Arc::new(50));
    assert_eq!((map.len(), map.get(2), map.get(3)), (3, None, Some(&Arc::new(30))));
    assert_eq!(map.before(5).map(|value| **value).collect::<Vec<_>>(), [40, 30]);
    assert_eq!(before.before(9).map(|value| **value).collect::<Vec<_>>(), [40, 30, 20]);
    map.keep(1);
    map.insert(6, Arc::new(60));
    assert_eq!(map.before(9).map(|value| **value).collect::<Vec<_>>(), [60]);
    map.keep(0);
    assert!(map.is_empty());
}

/// Bytes that are allocated for a map, and those of each entry without what it is found by.
fn bytes<K, V>(map: &ExpiringMap<K, V>) -> (usize, usize) {
    let allocated = map.entries.allocated_bytes() + map.index.allocated_bytes();
    (allocated, size_of::<Entry<K, V>>())
}

/// Bytes of entries that are no more, in the first block, and of those that are yet to come, in the last.
const SLACK_BYTES: usize = 2 * 1024 * 32;

#[test]
fn an_entry_takes_little_more_than_its_bytes() {
    let mut map: ExpiringMap<u128, [u8; 8]> = ExpiringMap::default();
    for n in 1..=100_000_u32 {
        map.insert(n.into(), [0; 8], at(0));
        if n % 1000 == 0 {
            let (allocated, of_one) = bytes(&map);
            assert!(allocated <= map.len() * (of_one + 13) + SLACK_BYTES, "{allocated} for {n}");
        }
    }
}

#[test]
fn ids_that_come_and_go_for_a_day_leave_no_memory_behind() {
    const PER_MINUTE: i64 = 100;
    const HOUR_MILLIS: i64 = 3_600_000;
    let mut map: ExpiringMap<i64> = ExpiringMap::default();
    for minute in 0..24 * 60 {
        let now = at(minute * 60_000);
        map.expire(now, Some(HOUR_MILLIS));
        (0..PER_MINUTE).for_each(|n| assert!(map.insert(minute * PER_MINUTE + n, (), now)));
        let (allocated, of_one) = bytes(&map);
        assert!(map.len() <= 6000 && allocated <= 6000 * (of_one + 26) + SLACK_BYTES, "{allocated}");
    }
    map.expire(at(25 * HOUR_MILLIS), Some(HOUR_MILLIS));
    assert!(map.is_empty() && bytes(&map).0 < SLACK_BYTES, "{:?}", bytes(&map));
}

#[derive(Clone, Debug)]
enum Step {
    /// So many keys from there on, some of which are remembered.
    Insert {
        from: u16,
        keys: u16,
    },
    /// Time passes.
    Wait {
        millis: i64,
    },
    Expire {
        horizon_millis: i64,
    },
    Keep {
        max: usize,
    },
}

fn step() -> impl Strategy<Value = Step> {
    prop_oneof![
        6 => (0_u16..10_000, 0_u16..3000).prop_map(|(from, keys)| Step::Insert { from, keys }),
        3 => (0_i64..10).prop_map(|millis| Step::Wait { millis }),
        3 => (0_i64..30).prop_map(|horizon_millis| Step::Expire { horizon_millis }),
        1 => prop_oneof![0_usize..8000, Just(usize::MAX)].prop_map(|max| Step::Keep { max }),
    ]
}

/// The same, said plainly.
#[derive(Default)]
struct Model {
    values: HashMap<u16, i64>,
    inserted: VecDeque<(i64, u16)>,
    max: usize,
}

impl Model {
    fn insert(&mut self, key: u16, now: i64) -> bool {
        if self.values.contains_key(&key) {
            return false;
        }
        self.values.insert(key, now);
        self.inserted.push_back((now, key));
        self.keep(self.max);
        true
    }

    fn keep(&mut self, max: usize) {
        self.max = max;
        self.forget_while(|model| model.inserted.len() > max);
    }

    fn forget_while(&mut self, is_over: impl Fn(&Model) -> bool) {
        while is_over(self)
            && let Some((_, key)) = self.inserted.pop_front()
        {
            self.values.remove(&key);
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(48))]

    #[test]
    fn any_course_of_keys_is_remembered_as_in_a_plain_map(
        start in any::<u32>(),
        steps in vec(step(), 1..24),
    ) {
        // Ordinals begin again at 0 within most of the courses.
        let entries = Queue::starting_at(start | 0xffff_f000);
        let mut map = ExpiringMap { entries, ..ExpiringMap::default() };
        let mut model = Model { max: usize::MAX, ..Model::default() };
        let mut now = 0;
        for step in steps {
            match step {
                Step::Insert { from, keys } => (from..from + keys).for_each(|key| {
                    assert_eq!(map.insert(key, now, at(now)), model.insert(key, now));
                }),
                Step::Wait { millis } => now += millis,
                Step::Expire { horizon_millis } => {
                    map.expire(at(now), Some(horizon_millis));
                    model.forget_while(|model| {
                        model.inserted.front().is_some_and(|(at, _)| at + horizon_millis <= now)
                    });
                }
                Step::Keep { max } => {
                    map.keep(max);
                    model.keep(max);
                }
            }
            prop_assert_eq!(map.len(), model.values.len());
            for key in (0_u16..13_000).step_by(7).chain(model.inserted.iter().map(|(_, key)| *key)) {
                prop_assert_eq!(map.get(key), model.values.get(&key));
            }
        }
    }
}

#[test]
fn whoever_has_a_view_sees_what_was_there_and_nobody_waits_for_him() {
    let mut map = SharedMap::default();
    let fill = |map: &mut SharedMap<u32, u32>, key, value, millis| {
        let vacancy = map.look(key).unwrap_err();
        map.fill(vacancy, value, at(millis));
    };
    fill(&mut map, 1, 10, 1000);
    let first = map.view();
    fill(&mut map, 2, 20, 1001);
    let lock = Arc::clone(&map.map);
    {
        let _looking = lock.read().unwrap();
        fill(&mut map, 3, 30, 1002);
        assert_eq!((map.look(2).ok(), map.look(3).ok()), (Some(20), Some(30)), "beside it");
        let second = map.view();
        assert_eq!(
            [1, 2, 3].map(|key| second.get(key).map(|(value, _)| value)),
            [Some(10), Some(20), Some(30)]
        );
        map.expire(at(1101), Some(100));
        assert_eq!([1, 2, 3].map(|key| map.look(key).ok()), [None, None, Some(30)]);
        fill(&mut map, 1, 11, 1102);
        assert_eq!(map.look(1).ok(), Some(11));
    }
    assert_eq!([1, 2, 3].map(|key| map.look(key).ok()), [Some(11), None, Some(30)]);
    fill(&mut map, 4, 40, 1103);
    assert_eq!([1, 2, 3, 4].map(|key| map.look(key).ok()), [Some(11), None, Some(30), Some(40)]);
    assert_eq!([1, 2, 3, 4].map(|key| first.get(key)), [Some((10, at(1000))), None, None, None]);
    assert_eq!(lock.read().unwrap().len(), 5, "what has expired stays for the view");
    drop(first);
    fill(&mut map, 5, 50, 1104);
    assert_eq!(lock.read().unwrap().len(), 4, "and goes with it");
}

#[derive(Clone, Debug)]
enum SharedStep {
    Fill(u8),
    Pass(i64),
    View,
    /// Somebody looks, until the next such step.
    Look,
}

fn shared_step() -> impl Strategy<Value = SharedStep> {
    prop_oneof![
        6 => (0..12_u8).prop_map(SharedStep::Fill),
        3 => (0..40_i64).prop_map(SharedStep::Pass),
        2 => Just(SharedStep::View),
        2 => Just(SharedStep::Look),
    ]
}

proptest! {
    #[test]
    fn a_shared_map_is_a_plain_one_whoever_looks(steps in vec(shared_step(), 1..120)) {
        let (mut map, mut plain) = (SharedMap::default(), ExpiringMap::default());
        let lock = Arc::clone(&map.map);
        let (mut now, mut looking, mut views) = (1000, None, Vec::new());
        for (value, step) in steps.into_iter().enumerate() {
            match step {
                SharedStep::Fill(key) => {
                    let vacancy = map.look(key);
                    prop_assert_eq!(vacancy.as_ref().ok(), plain.get(key));
                    if let Err(vacancy) = vacancy {
                        map.fill(vacancy, value, at(now));
                        plain.insert(key, value, at(now));
                    }
                }
                SharedStep::Pass(millis) => {
                    now += millis;
                    map.expire(at(now), Some(100));
                    plain.expire(at(now), Some(100));
                }
                SharedStep::View => views.push((map.view(), plain.clone())),
                SharedStep::Look => looking = if looking.is_none() { Some(lock.read().unwrap()) } else { None },
            }
            for key in 0..12 {
                prop_assert_eq!(map.look(key).ok(), plain.get(key).copied());
                for (view, then) in &views {
                    let wanted = then.look_up(key, |_, _| true).ok().map(|entry| (entry.value, entry.at));
                    prop_assert_eq!(view.get(key), wanted);
                }
            }
        }
    }
}
