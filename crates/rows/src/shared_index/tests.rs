//! A reader and the writer of an index: on real threads, and in all orders in which one may see what the other does.

use std::hash::Hasher;
use std::sync::atomic::AtomicUsize;
use std::thread;

use loom::sync::atomic as model;
use loom::thread as model_thread;

use super::*;

#[test]
fn each_key_leads_to_its_number_and_no_other_key_does() {
    let mut index = SharedIndex::default();
    let key = |number: u32| u64::from(number) * 3;
    for number in 0..50_000 {
        assert_eq!(index.find(&key(number), |found| key(found) == key(number)), None);
        index.insert(&key(number), number, |other| Some(key(other)));
    }
    for number in 0..50_000 {
        assert_eq!(index.find(&key(number), |found| key(found) == key(number)), Some(number));
        assert_eq!(index.find(&(key(number) + 1), |found| key(found) == key(number) + 1), None);
    }
    assert!(index.nodes < 20_000, "{} nodes", index.nodes);
}

#[test]
fn a_key_that_is_there_keeps_its_number() {
    let mut index = SharedIndex::default();
    index.insert(&5, 0, |_| None);
    index.insert(&5, 1, |_| Some(5));
    assert_eq!(index.find(&5, |_| true), Some(0));
}

/// Keys that share a whole hash part in one of the next.
#[test]
fn keys_part_however_much_of_their_hashes_is_the_same() {
    /// The first hash of all is the same.
    #[derive(PartialEq, Eq)]
    struct Late(u32);
    impl Hash for Late {
        fn hash<H: Hasher>(&self, state: &mut H) {
            // Whatever was hashed before it is the round.
            let round = state.finish();
            if ROUND_ZERO.with(|zero| *zero.get_or_init(|| round) != round) {
                self.0.hash(state);
            }
        }
    }
    thread_local!(static ROUND_ZERO: std::cell::OnceCell<u64> = const { std::cell::OnceCell::new() });
    let mut index = SharedIndex::default();
    for number in 0..100 {
        index.insert(&Late(number), number, |other| Some(Late(other)));
    }
    assert!((0..100).all(|number| index.find(&Late(number), |found| found == number) == Some(number)));
    assert!(index.nodes > 13, "the first hash was gone through: {} nodes", index.nodes);
}

/// Others find whatever was added before they were told of it, and never a wrong number.
#[test]
fn readers_find_all_that_they_were_told_of() {
    const MANY: usize = 20_000;
    let key = |number: u32| u64::from(number).wrapping_mul(0x9e37_79b9_7f4a_7c15);
    let mut index = SharedIndex::default();
    let (reader, told) = (index.reader(), AtomicUsize::new(0));
    thread::scope(|scope| {
        scope.spawn(|| {
            let mut looked = 0_usize;
            while looked < MANY {
                let known = told.load(Ordering::Acquire);
                for number in (looked..known).chain((0..known).step_by(97)) {
                    let number = number as u32;
                    assert_eq!(reader.find(&key(number), |found| found == number), Some(number));
                }
                looked = known;
            }
        });
        for number in 0..MANY {
            index.insert(&key(number as u32), number as u32, |other| Some(key(other)));
            told.store(number + 1, Ordering::Release);
        }
    });
}

/// A tree of few nodes in words of the model, and what its numbers are those of.
struct Modelled {
    tree: Tree<FewNodes, OfItself>,
    /// By number, the keys of things: 0 before it is made.
    things: [model::AtomicU64; 3],
    /// Things that the reader was told of.
    told: model::AtomicU64,
}

/// The node at which all searches of the test begin, and those that are made.
struct FewNodes([Vec<model::AtomicU64>; 3]);

impl Nodes for FewNodes {
    type Word = model::AtomicU64;

    fn get(&self, node: u32) -> Option<&[model::AtomicU64]> {
        Some(self.make(node))
    }

    fn make(&self, node: u32) -> &[model::AtomicU64] {
        let made = (node + 1).saturating_sub(1 << ROOT_BITS);
        assert!(node == 0 || made > 0, "another search than those of the test");
        &self.0[made as usize]
    }
}

/// A hasher by which a key is its hash.
#[derive(Clone, Default)]
struct OfItself(u64);

impl BuildHasher for OfItself {
    type Hasher = OfItself;

    fn build_hasher(&self) -> OfItself {
        OfItself::default()
    }
}

impl Hasher for OfItself {
    fn finish(&self) -> u64 {
        self.0
    }

    fn write(&mut self, _: &[u8]) {
        unreachable!("keys are of one word")
    }

    fn write_u64(&mut self, key: u64) {
        self.0 = key;
    }
}

/// A key that leads from the node at which all searches begin to the first of these slots, and in the nodes below it, if
/// it gets there, to the others.
fn key_of(slots: [u64; 3]) -> u64 {
    // The last bit is reached by no search, and makes every key another than that of a thing that is not made.
    let bits = (0..).map(|level| ROOT_BITS + level * SLOT_BITS);
    slots.into_iter().zip(bits).fold(1 << (u64::BITS - 1), |key, (slot, bits)| key | slot << bits)
}

impl Modelled {
    fn new() -> Modelled {
        let words = || (0..NODE_WORDS).map(|_| model::AtomicU64::new(0)).collect();
        Modelled {
            tree: Tree { nodes: FewNodes([words(), words(), words()]), hasher: OfItself(0) },
            things: [0; 3].map(model::AtomicU64::new),
            told: model::AtomicU64::new(0),
        }
    }

    /// Makes a thing, adds its number and tells of it.
    fn add(&self, made: &mut u32, number: u32, key: u64) {
        let thing = |number: u32| &self.things[number as usize];
        thing(number).store(key, Ordering::Relaxed);
        self.tree.insert(made, &key, number, |other| Some(thing(other).load(Ordering::Relaxed)));
        self.told.store(u64::from(number) + 1, Ordering::Release);
    }

    /// The number of a key, whose thing is seen by whoever finds it.
    fn find(&self, key: u64) -> Option<u32> {
        self.tree.find(&key, |number| {
            let thing = self.things[number as usize].load(Ordering::Relaxed);
            assert_ne!(thing, 0, "number {number} was found before its thing");
            thing == key
        })
    }
}

/// One thread adds things with these keys, all but so many of them while another looks for each and for one that is
/// never added.
fn added_while_looked_for(keys: [u64; 3], before: usize, never: u64) {
    loom::model(move || {
        let (shared, mut made) = (loom::sync::Arc::new(Modelled::new()), 0);
        let things = (0..).zip(keys).collect::<Vec<(u32, u64)>>();
        let (first, then) = things.split_at(before);
        for (number, key) in first {
            shared.add(&mut made, *number, *key);
        }
        let writer = {
            let (shared, then) = (loom::sync::Arc::clone(&shared), then.to_vec());
            model_thread::spawn(move || {
                for (number, key) in then {
                    shared.add(&mut made, number, key);
                }
            })
        };
        let told = shared.told.load(Ordering::Acquire);
        for (number, key) in things {
            let found = shared.find(key);
            assert!(
                found == Some(number) || found.is_none() && u64::from(number) >= told,
                "{found:?} for {number}"
            );
        }
        assert_eq!(shared.find(never), None);
        writer.join().unwrap();
    });
}

/// In slots of one word, which the writer writes as a whole.
#[test]
fn a_key_is_found_or_not_while_it_is_added_and_its_neighbours_always() {
    let keys = [1, 0, 3].map(|slot| key_of([slot, 0, 0]));
    added_while_looked_for(keys, 1, key_of([2, 0, 0]));
}

#[test]
fn no_key_is_lost_while_two_others_split_the_node_that_has_it() {
    // The second parts from the first in a node that is made for them, the third from it in another below that.
    let keys = [[5, 8, 0], [5, 9, 0], [5, 8, 1]].map(key_of);
    added_while_looked_for(keys, 1, key_of([5, 8, 2]));
}

#[test]
fn no_key_is_lost_while_another_parts_from_it_two_nodes_below() {
    let keys = [[5, 8, 0], [5, 8, 1], [5, 9, 0]].map(key_of);
    added_while_looked_for(keys, 1, key_of([5, 8, 2]));
}
