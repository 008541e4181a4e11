//! Against a plain sorted map, and by how much work an edit takes.

use std::cell::Cell;
use std::collections::BTreeMap;

use proptest::prelude::*;

use super::*;

#[derive(Clone, Debug)]
enum Edit {
    Insert(u8, u32),
    Remove(u8),
    Snapshot,
}

fn edit() -> impl Strategy<Value = Edit> {
    prop_oneof![
        6 => any::<(u8, u32)>().prop_map(|(key, value)| Edit::Insert(key, value)),
        4 => any::<u8>().prop_map(Edit::Remove),
        1 => Just(Edit::Snapshot),
    ]
}

/// Every node counts right and neither of its sides is too heavy.
fn check_shape<K, V>(link: &Link<K, V>) -> usize {
    let Some(node) = link else { return 0 };
    let (left, right) = (check_shape(&node.left), check_shape(&node.right));
    assert_eq!(node.len, left + right + 1);
    assert!(left < DELTA * (right + 1) && right < DELTA * (left + 1), "{left} and {right}");
    node.len
}

fn check(order: &Order<u8, u32>, model: &BTreeMap<u8, u32>) {
    check_shape(&order.root);
    assert_eq!(order.len(), model.len());
    for skip in [0, 1, model.len() / 2, model.len().saturating_sub(1), model.len(), model.len() + 1] {
        assert!(order.iter_from(skip).eq(model.values().skip(skip)), "from {skip}");
    }
    for key in 0..=u8::MAX {
        assert_eq!(order.rank(&key), model.range(..key).count(), "rank of {key}");
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn a_snapshot_never_changes_and_every_question_is_answered_as_by_a_plain_map(
        edits in prop::collection::vec(edit(), 0..600),
    ) {
        let (mut order, mut model) = (Order::default(), BTreeMap::new());
        let mut snapshots = vec![];
        for edit in edits {
            match edit {
                Edit::Insert(key, value) => {
                    order.insert(key, value);
                    model.insert(key, value);
                }
                Edit::Remove(key) => {
                    order.remove(&key);
                    model.remove(&key);
                }
                Edit::Snapshot => snapshots.push((order.clone(), model.clone())),
            }
            check_shape(&order.root);
        }
        snapshots.push((order, model));
        for (order, model) in &snapshots {
            check(order, model);
        }
    }
}

thread_local! {
    static COMPARISONS: Cell<usize> = const { Cell::new(0) };
    static COPIES: Cell<usize> = const { Cell::new(0) };
}

/// Counts each node that is visited by its comparison, each that is copied
/// by its clone.
#[derive(PartialEq, Eq, Debug)]
struct Counted(u64);

impl Ord for Counted {
    fn cmp(&self, other: &Counted) -> Ordering {
        COMPARISONS.set(COMPARISONS.get() + 1);
        self.0.cmp(&other.0)
    }
}

impl PartialOrd for Counted {
    fn partial_cmp(&self, other: &Counted) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl Clone for Counted {
    fn clone(&self) -> Counted {
        COPIES.set(COPIES.get() + 1);
        Counted(self.0)
    }
}

/// Visits and copies of `updates` portfolios that get another score while `n`
/// are ranked, each with a snapshot and two questions.
fn work(n: u64, updates: u64) -> (usize, usize) {
    // Odd, so that multiplying permutes the 64-bit numbers: all scores differ.
    let score = |i: u64| Counted(i.wrapping_mul(0x9e37_79b9_7f4a_7c15));
    let mut order = Order::default();
    (0..n).for_each(|i| order.insert(score(i), i));
    COMPARISONS.set(0);
    COPIES.set(0);
    let mut snapshot = order.clone();
    for i in 0..updates {
        order.remove(&score(i));
        order.insert(score(n + i), i);
        let rank = order.rank(&score(n + i));
        assert_eq!(order.iter_from(rank).next(), Some(&i));
        snapshot = order.clone();
    }
    assert_eq!(snapshot.len(), n as usize);
    (COMPARISONS.get(), COPIES.get())
}

#[test]
fn ten_thousand_updates_of_a_hundred_thousand_visit_a_path_each() {
    let (few_visits, few_copies) = work(1_000, 10_000);
    let (visits, copies) = work(100_000, 10_000);
    // Three walks of at most log(n) / log(4/3) nodes; 17 is log2(100,000).
    assert!(visits < 10_000 * 3 * 17 * 2, "{visits} visits");
    assert!(copies < 10_000 * 3 * 17 * 2, "{copies} copies, each with a snapshot before it");
    // A hundred times as many portfolios: 17 levels instead of 10, not 100 times.
    assert!(visits < few_visits * 5 / 2, "{visits} visits, {few_visits} of a hundredth");
    assert!(copies < few_copies * 5 / 2, "{copies} copies, {few_copies} of a hundredth");
}
