//! The symbols that a connection follows.

use std::collections::BTreeSet;
use std::sync::Arc;

use hub_core::Symbol;

/// The most symbols of one part: their prices are a message each, and together
/// about what a socket is given at a time.
const PART_MAX: usize = 512;

/// Symbols in order, cut into parts, each of which is shown by a document of
/// its own. So what is composed at once is bounded however many symbols there
/// are, and one symbol more or less touches one part. Who follows the same
/// from the beginning has the same parts, and shares them.
#[derive(Default)]
pub(super) struct FollowedSymbols {
    /// None is empty, and each ends before the next begins.
    parts: Vec<Arc<[Symbol]>>,
    count: usize,
    bytes: usize,
}

impl FollowedSymbols {
    /// The symbols, part by part.
    pub(super) fn parts(&self) -> &[Arc<[Symbol]>] {
        &self.parts
    }

    pub(super) fn is_empty(&self) -> bool {
        self.parts.is_empty()
    }

    /// Adds symbols, if all of them together have at most `max` bytes then.
    /// Whether they were added.
    pub(super) fn add(&mut self, symbols: &BTreeSet<Symbol>, max: usize) -> bool {
        let new: Vec<&Symbol> = symbols.iter().filter(|symbol| !self.contains(symbol)).collect();
        let bytes = self.bytes + new.iter().map(|symbol| symbol.as_str().len()).sum::<usize>();
        if bytes > max {
            return false;
        }
        (self.bytes, self.count) = (bytes, self.count + new.len());
        let mut rest = new.as_slice();
        let mut parts = Vec::with_capacity(self.parts.len() + rest.len() / PART_MAX + 1);
        for (index, part) in self.parts.iter().enumerate() {
            // What comes before the first part belongs to it, too.
            let next = self.parts.get(index + 1).map(|next| &next[0]);
            let (own, others) =
                rest.split_at(next.map_or(rest.len(), |next| rest.partition_point(|symbol| *symbol < next)));
            rest = others;
            if own.is_empty() {
                parts.push(Arc::clone(part));
            } else {
                let mut merged: Vec<Symbol> = part.iter().chain(own.iter().copied()).cloned().collect();
                merged.sort_unstable();
                cut(&merged, &mut parts);
            }
        }
        if self.parts.is_empty() {
            cut(&new.into_iter().cloned().collect::<Vec<_>>(), &mut parts);
        }
        self.parts = parts;
        self.join_crumbs();
        true
    }

    /// Removes them. True if any was there.
    pub(super) fn remove(&mut self, symbols: &BTreeSet<Symbol>) -> bool {
        let before = self.count;
        for part in &mut self.parts {
            if is_about(part, symbols) {
                let left: Arc<[Symbol]> =
                    part.iter().filter(|symbol| !symbols.contains(*symbol)).cloned().collect();
                let gone = part.iter().filter(|symbol| symbols.contains(*symbol));
                self.bytes -= gone.map(|symbol| symbol.as_str().len()).sum::<usize>();
                self.count -= part.len() - left.len();
                *part = left;
            }
        }
        self.parts.retain(|part| !part.is_empty());
        self.join_crumbs();
        self.count < before
    }

    fn contains(&self, symbol: &Symbol) -> bool {
        let after = self.parts.partition_point(|part| part[0] <= *symbol);
        after > 0 && self.parts[after - 1].binary_search(symbol).is_ok()
    }

    /// Cuts anew where parts have become many and small: once for so many
    /// changes that it costs each of them little.
    fn join_crumbs(&mut self) {
        if self.parts.len() > 2 * self.count.div_ceil(PART_MAX) + 1 {
            let all: Vec<Symbol> = self.parts.iter().flat_map(|part| part.iter()).cloned().collect();
            self.parts.clear();
            cut(&all, &mut self.parts);
        }
    }
}

/// True if any of `symbols` is in `part`.
pub(super) fn is_about(part: &[Symbol], symbols: &BTreeSet<Symbol>) -> bool {
    let (Some(first), Some(last)) = (part.first(), part.last()) else { return false };
    symbols.range(first..=last).any(|symbol| part.binary_search(symbol).is_ok())
}

/// Appends `symbols`, in order, as parts of about the same size.
fn cut(symbols: &[Symbol], parts: &mut Vec<Arc<[Symbol]>>) {
    if !symbols.is_empty() {
        let count = symbols.len().div_ceil(PART_MAX);
        parts.extend(symbols.chunks(symbols.len().div_ceil(count)).map(Arc::from));
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const UNBOUNDED: usize = usize::MAX;

    fn symbols(numbers: impl IntoIterator<Item = u32>) -> BTreeSet<Symbol> {
        numbers.into_iter().map(|n| format!("S{n}").parse().unwrap()).collect()
    }

    fn all(followed: &FollowedSymbols) -> Vec<Symbol> {
        followed.parts.iter().flat_map(|part| part.iter()).cloned().collect()
    }

    fn check(followed: &FollowedSymbols, model: &BTreeSet<Symbol>) {
        assert_eq!(all(followed), model.iter().cloned().collect::<Vec<_>>());
        assert_eq!(followed.bytes, model.iter().map(|symbol| symbol.as_str().len()).sum::<usize>());
        assert!(followed.parts.iter().all(|part| (1..=PART_MAX).contains(&part.len())));
        assert!(followed.parts.len() <= 2 * model.len().div_ceil(PART_MAX) + 1);
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(64))]

        #[test]
        fn it_is_a_set(steps in prop::collection::vec((any::<bool>(), 0..4000_u32, 0..1500_u32), 1..12)) {
            let (mut followed, mut model) = (FollowedSymbols::default(), BTreeSet::new());
            for (adds, from, count) in steps {
                let some = symbols(from..from + count);
                if adds {
                    prop_assert!(followed.add(&some, UNBOUNDED));
                    model.extend(some);
                } else {
                    let some_were = model.iter().any(|symbol| some.contains(symbol));
                    prop_assert_eq!(followed.remove(&some), some_were);
                    model.retain(|symbol| !some.contains(symbol));
                }
                check(&followed, &model);
            }
        }
    }

    #[test]
    fn one_more_or_less_touches_one_part() {
        let mut followed = FollowedSymbols::default();
        followed.add(&symbols(0..50_000), UNBOUNDED);
        for step in 0..100 {
            let before = followed.parts.clone();
            let one = symbols([step * 499]);
            if step % 2 == 0 {
                followed.remove(&one)
            } else {
                followed.add(&symbols([100_000 + step]), UNBOUNDED)
            };
            let kept = |part: &&Arc<[Symbol]>| before.iter().any(|old| Arc::ptr_eq(old, part));
            assert!(followed.parts.iter().filter(kept).count() + 1 >= before.len());
        }
    }

    #[test]
    fn one_by_one_costs_each_of_them_the_same() {
        let mut followed = FollowedSymbols::default();
        let mut model = BTreeSet::new();
        for n in 0..5_000 {
            let one = symbols([n]);
            followed.add(&one, UNBOUNDED);
            model.extend(one);
        }
        check(&followed, &model);
        for n in (0..5_000).filter(|n| n % 100 != 0) {
            let one = symbols([n]);
            followed.remove(&one);
            model.retain(|symbol| !one.contains(symbol));
        }
        check(&followed, &model);
    }

    #[test]
    fn they_are_bounded_by_their_bytes_and_those_that_are_followed_count_once() {
        let mut followed = FollowedSymbols::default();
        assert!(followed.add(&symbols(10..14), 12));
        assert!(followed.add(&symbols(11..13), 12));
        assert!(!followed.add(&symbols(13..15), 12));
        assert_eq!(followed.count, 4, "nothing was added");
        assert!(followed.remove(&symbols([10])) && followed.add(&symbols([14]), 12));
    }
}
