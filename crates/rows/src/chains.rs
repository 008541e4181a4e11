//! Chains of things that are only added.

use std::sync::Arc;
use std::sync::atomic::{AtomicU32, AtomicU64, Ordering};

use hub_core::Offset;
use serde::ser::SerializeSeq as _;
use serde::{Deserialize, Deserializer, Serialize, Serializer};

use crate::blocks::Blocks;
use crate::walk::{Elements, read_elements};

/// Records, by dense numbers from 0 in the order of the log, each of which is of a chain and leads to the one before it of
/// the same chain. One thread adds, others read meanwhile.
///
/// 16 bytes a record and 4 a chain. Nothing that was added changes or goes, so a reader needs no more than to know how
/// much there was when its view was taken; what came later it passes over.
pub struct Chains {
    links: Arc<Links>,
    len: u32,
    last: Offset,
}

/// [`Chains`] as they were at one time. Cheap to clone.
#[derive(Clone)]
pub struct ChainsView {
    links: Arc<Links>,
    len: u32,
}

/// A record of a chain.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Link {
    /// Its offset.
    pub at: Offset,
    /// The chain that it is of.
    pub chain: u32,
    /// The number of the one before it in its chain.
    pub before: Option<u32>,
}

/// Memory that writer and readers share.
struct Links {
    /// Of each record its offset, and its chain with the one before it.
    cells: Blocks,
    /// Of each chain the newest of its records.
    newest: Blocks<AtomicU32>,
}

impl Default for Chains {
    fn default() -> Chains {
        let links = Links { cells: Blocks::of(2), newest: Blocks::of(1) };
        Chains { links: Arc::new(links), len: 0, last: Offset::START }
    }
}

impl Chains {
    /// The number of records.
    pub fn len(&self) -> u32 {
        self.len
    }

    /// True if there are none.
    pub fn is_empty(&self) -> bool {
        self.len == 0
    }

    /// The offset of the last record.
    pub fn last(&self) -> Offset {
        self.last
    }

    /// Adds the record at an offset to a chain; the record is not older than those before it.
    ///
    /// # Panics
    ///
    /// If there are 2^32 - 1 records.
    pub fn push(&mut self, chain: u32, at: Offset) {
        debug_assert!(at >= self.last, "records come in their order");
        let number = self.len;
        let newest = &self.links.newest.make(chain)[0];
        let before = newest.load(Ordering::Relaxed);
        let cells = self.links.cells.make(number);
        cells[0].store(at.0, Ordering::Relaxed);
        cells[1].store(u64::from(chain) << 32 | u64::from(before), Ordering::Relaxed);
        (self.len, self.last) = (number.checked_add(1).expect("fewer records than numbers"), at);
        // Whoever sees that it is the newest sees all of it.
        newest.store(self.len, Ordering::Release);
    }

    /// All of it as it is now.
    pub fn view(&self) -> ChainsView {
        ChainsView { links: Arc::clone(&self.links), len: self.len }
    }
}

impl ChainsView {
    /// The number of records.
    pub fn len(&self) -> u32 {
        self.len
    }

    /// True if there are none.
    pub fn is_empty(&self) -> bool {
        self.len == 0
    }

    /// The record with this number.
    pub fn get(&self, number: u32) -> Option<Link> {
        if number < self.len { self.links.link(number) } else { None }
    }

    /// The number of the newest record of a chain. O(records of the chain that came after the view).
    pub fn newest(&self, chain: u32) -> Option<u32> {
        let mut newest = ordinal(self.links.newest.get(chain)?[0].load(Ordering::Acquire))?;
        while newest >= self.len {
            newest = self.links.link(newest)?.before?;
        }
        Some(newest)
    }

    /// The number of records up to an offset. O(log n).
    pub fn until(&self, at: Offset) -> u32 {
        let (mut from, mut to) = (0, self.len);
        while from < to {
            let middle = from + (to - from) / 2;
            if self.get(middle).is_some_and(|link| link.at <= at) {
                from = middle + 1;
            } else {
                to = middle;
            }
        }
        from
    }
}

impl Links {
    fn link(&self, number: u32) -> Option<Link> {
        let cells: &[AtomicU64] = self.cells.get(number)?;
        let (at, places) = (cells[0].load(Ordering::Relaxed), cells[1].load(Ordering::Relaxed));
        Some(Link { at: Offset(at), chain: (places >> 32) as u32, before: ordinal(places as u32) })
    }
}

/// A number, which is kept as one more: 0 is none.
fn ordinal(kept: u32) -> Option<u32> {
    kept.checked_sub(1)
}

/// Offset and chain of each: what it leads to follows.
impl Serialize for Chains {
    fn serialize<S: Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        let mut sequence = to.serialize_seq(Some(self.len as usize))?;
        for link in (0..self.len).filter_map(|number| self.links.link(number)) {
            sequence.serialize_element(&(link.at, link.chain))?;
        }
        sequence.end()
    }
}

impl Elements for Chains {
    type Element = (Offset, u32);

    fn add(&mut self, (at, chain): (Offset, u32)) -> Result<(), &'static str> {
        if at < self.last || chain == u32::MAX || self.len == u32::MAX {
            return Err("records are not in their order");
        }
        self.push(chain, at);
        Ok(())
    }
}

impl<'de> Deserialize<'de> for Chains {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Chains, D::Error> {
        read_elements(from)
    }
}

#[cfg(test)]
mod tests {
    use std::iter;
    use std::thread;

    use proptest::prelude::*;

    use super::*;

    /// The numbers of a chain, the newest first.
    fn chain(view: &ChainsView, chain: u32) -> Vec<u32> {
        iter::successors(view.newest(chain), |number| view.get(*number)?.before).collect()
    }

    proptest! {
        #[test]
        fn each_view_has_its_chains_whatever_came_later(steps in prop::collection::vec((0..5_u32, 0..3_u64), 0..200), takes in 1..20_usize) {
            let (mut chains, mut model, mut views) = (Chains::default(), Vec::new(), Vec::new());
            let mut at = Offset(1);
            for (place, (of, further)) in steps.into_iter().enumerate() {
                if place % takes == 0 {
                    views.push((chains.view(), model.len()));
                }
                at = Offset(at.0 + further);
                chains.push(of, at);
                model.push((of, at));
            }
            views.push((chains.view(), model.len()));
            for (view, len) in views {
                prop_assert_eq!(view.len() as usize, len);
                prop_assert_eq!(view.get(view.len()), None);
                for of in 0..6 {
                    let expected: Vec<u32> = (0..len as u32).rev().filter(|number| model[*number as usize].0 == of).collect();
                    prop_assert_eq!(chain(&view, of), expected);
                }
                for at in 0..=at.0 + 1 {
                    let until = model[..len].iter().filter(|(_, other)| other.0 <= at).count();
                    prop_assert_eq!(view.until(Offset(at)) as usize, until);
                }
            }
            let walk = rmp_serde::to_vec(&chains).unwrap();
            let restored: Chains = rmp_serde::from_slice(&walk).unwrap();
            prop_assert_eq!(rmp_serde::to_vec(&restored).unwrap(), walk);
            prop_assert_eq!(restored.last(), chains.last());
            let [one, other] = [&chains, &restored].map(Chains::view);
            prop_assert!((0..=one.len()).all(|number| one.get(number) == other.get(number)));
            prop_assert!((0..6).all(|of| chain(&one, of) == chain(&other, of)));
        }
    }

    #[test]
    fn a_reader_finds_whole_chains_while_they_grow() {
        let mut chains = Chains::default();
        chains.push(0, Offset(1));
        let view = chains.view();
        thread::scope(|scope| {
            let reading =
                scope.spawn(|| (0..2000).all(|_| chain(&view, 0) == [0] && view.newest(1).is_none()));
            (2..20_000).for_each(|at| chains.push(at as u32 % 2, Offset(at)));
            assert!(reading.join().unwrap());
        });
        assert_eq!(chain(&chains.view(), 0).len(), 10_000);
    }

    #[test]
    fn records_that_nobody_could_have_added_are_refused() {
        for damaged in [vec![(2, 0), (1, 0)], vec![(1, u32::MAX)]] {
            let bytes = rmp_serde::to_vec(&damaged).unwrap();
            assert!(rmp_serde::from_slice::<Chains>(&bytes).is_err());
        }
    }
}
