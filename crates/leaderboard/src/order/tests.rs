//! Against a plain sorted map, and by how much work an edit takes.

use std::cell::{Cell, RefCell};
use std::collections::BTreeMap;
use std::sync::Arc;

use proptest::prelude::*;

use super::part::Part;
use super::*;
use crate::pages::{Views, Visible};

/// Members' keys: what they are ordered by.
#[derive(Default)]
struct Keys(RefCell<Vec<u16>>);

/// A key's upper byte is its head, so that many have the same.
struct PlaceOf<'a> {
    key: u16,
    keys: &'a Keys,
}

impl Place for PlaceOf<'_> {
    fn head(&self) -> u64 {
        u64::from(self.key >> 8)
    }

    fn seen(&self, member: u32) -> Ordering {
        VISITS.set(VISITS.get() + 1);
        self.keys.0.borrow()[member as usize].cmp(&self.key)
    }
}

thread_local! {
    static VISITS: Cell<usize> = const { Cell::new(0) };
}

/// An order, its nodes, and the views that were taken of it.
struct Edited {
    order: Order,
    nodes: Nodes,
    views: Views,
    keys: Keys,
}

/// An order that was put aside, and what keeps it.
struct Aside(Order, BTreeMap<u16, u32>, #[allow(dead_code, reason = "it is held")] Arc<Visible>);

impl Edited {
    fn new() -> Edited {
        let mut nodes = Nodes::default();
        Edited { order: nodes.order(), nodes, views: Views::default(), keys: Keys::default() }
    }

    fn insert(&mut self, key: u16) -> u32 {
        let member = self.keys.0.borrow().len() as u32;
        self.keys.0.borrow_mut().push(key);
        self.order.insert(&mut self.nodes, &PlaceOf { key, keys: &self.keys }, member);
        member
    }

    fn replace(&mut self, key: u16) -> u32 {
        let member = self.keys.0.borrow().len() as u32;
        self.keys.0.borrow_mut().push(key);
        self.order.replace(&mut self.nodes, &PlaceOf { key, keys: &self.keys }, member);
        member
    }

    fn remove(&mut self, key: u16) {
        self.order.remove(&mut self.nodes, &PlaceOf { key, keys: &self.keys });
    }

    fn put_aside(&mut self) -> (Order, Arc<Visible>) {
        let visible = self.views.take();
        self.nodes.begin(self.views.age(), self.views.oldest());
        (self.order, visible)
    }

    fn check(&self, order: &Order, model: &BTreeMap<u16, u32>) {
        let view = self.nodes.view();
        let child = check_shape(&self.nodes, order.root, order.levels, true);
        assert_eq!((order.len(), child.count as usize), (model.len(), model.len()));
        for skip in
            [0, 1, 31, 32, model.len() / 2, model.len().saturating_sub(1), model.len(), model.len() + 1]
        {
            assert!(order.iter_from(&view, skip).eq(model.values().copied().skip(skip)), "from {skip}");
        }
        let mut before = 0;
        for key in 0..=u16::MAX {
            let is_there = model.contains_key(&key);
            if is_there || key % 97 == 0 {
                assert_eq!(order.rank(&view, &PlaceOf { key, keys: &self.keys }), before, "rank of {key}");
            }
            before += usize::from(is_there);
        }
    }
}

/// All leaves are equally deep, every node is full enough, and what is known of
/// each child is true.
fn check_shape(nodes: &Nodes, node: u32, levels: u32, is_root: bool) -> inner::Child {
    let child = if levels == 0 {
        nodes.leaves.read(node).as_child(node)
    } else {
        let inner = *nodes.inners.read(node);
        for (index, child) in inner.children().iter().enumerate() {
            let below = check_shape(nodes, *child, levels - 1, false);
            assert_eq!(inner.count_before(index + 1) - inner.count_before(index), below.count as usize);
            assert_eq!(inner.first_of(index), below.first);
        }
        assert!(!is_root || inner.len() > 1);
        inner.as_child(node)
    };
    assert!(is_root || !child.is_sparse, "{} members below a node of level {levels}", child.count);
    child
}

#[derive(Clone, Debug)]
enum Step {
    Set(u16),
    Remove(u16),
    PutAside,
    /// Lets go one of those that were put aside.
    LetGo(usize),
}

fn step() -> impl Strategy<Value = Step> {
    // Keys in clusters, so that leaves are split and joined, and heads are equal.
    let key = prop_oneof![0..600_u16, any::<u16>(), Just(7)];
    prop_oneof![
        12 => key.clone().prop_map(Step::Set),
        8 => key.prop_map(Step::Remove),
        1 => Just(Step::PutAside),
        1 => any::<usize>().prop_map(Step::LetGo),
    ]
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn what_was_put_aside_never_changes_and_every_question_is_answered_as_by_a_plain_map(
        first in 0..2000_u16, steps in prop::collection::vec(step(), 0..1000),
    ) {
        let (mut edited, mut model) = (Edited::new(), BTreeMap::new());
        let mut aside: Vec<Aside> = vec![];
        for key in (0..first).map(|n| n.wrapping_mul(31)) {
            model.entry(key).or_insert_with(|| edited.insert(key));
        }
        for step in steps {
            match step {
                Step::Set(key) if model.contains_key(&key) => {
                    model.insert(key, edited.replace(key));
                }
                Step::Set(key) => {
                    model.insert(key, edited.insert(key));
                }
                Step::Remove(key) => {
                    if model.remove(&key).is_some() {
                        edited.remove(key);
                    }
                }
                Step::PutAside => {
                    let (order, visible) = edited.put_aside();
                    aside.push(Aside(order, model.clone(), visible));
                }
                Step::LetGo(index) if !aside.is_empty() => drop(aside.swap_remove(index % aside.len())),
                Step::LetGo(_) => {}
            }
        }
        edited.check(&edited.order, &model);
        for Aside(order, model, _) in &aside {
            edited.check(order, model);
        }
        for key in std::mem::take(&mut model).into_keys() {
            edited.remove(key);
        }
        edited.check(&edited.order, &model);
    }
}

/// Comparisons of members, and pages in use, of `updates` members of `n` that get
/// another place, with an order put aside before each.
fn work(n: u16, updates: u16) -> (usize, usize) {
    let key = |i: u16| i.wrapping_mul(40_503);
    let mut edited = Edited::new();
    for i in 0..n {
        edited.insert(key(i));
    }
    VISITS.set(0);
    let before = edited.nodes.pages();
    let mut held = vec![];
    for i in 0..updates {
        held.push(edited.put_aside());
        edited.remove(key(i));
        edited.insert(key(n + i));
    }
    (VISITS.get(), edited.nodes.pages() - before)
}

#[test]
fn an_edit_copies_a_path_and_what_is_let_go_is_used_again() {
    let (_, few_copies) = work(1_000, 500);
    let (visits, copies) = work(30_000, 500);
    // Two paths each: of 30,000 members four levels, of 1,000 two or three.
    assert!(copies <= 500 * 2 * 5, "{copies} copies, each with an order put aside before it");
    assert!(copies < few_copies * 3, "{copies} copies, {few_copies} of a thirtieth");
    // Of 30,000 keys some 117 have the same head; those are searched by halves.
    assert!(visits < 500 * 2 * 5 * 8, "{visits} members looked at");

    let mut edited = Edited::new();
    for key in 0..10_000 {
        edited.insert(key);
    }
    let mut last = edited.put_aside();
    for round in 0..20_000_u16 {
        edited.remove(round % 10_000);
        edited.insert(round % 10_000);
        last = edited.put_aside();
    }
    assert!(last.0.len() == 10_000 && edited.nodes.pages() < 10_000 / 8 + 200, "{}", edited.nodes.pages());
}
