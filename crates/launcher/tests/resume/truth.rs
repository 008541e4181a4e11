//! What was true at any position, to hold against what each subscriber knew when it was told to resume there.

use std::collections::{BTreeMap, BTreeSet};

use crate::cutter::Cutter;
use crate::element::{digest_of_held, digest_of_mark};
use crate::market::Past;
use crate::picture::Checkpoint;
use crate::support::ledger::{Ledger, Replay};
use crate::support::session::Topic;

/// Digests of what there is, by topic and portfolio.
type Truth = BTreeMap<(Topic, String), u64>;

fn truth(ledger: &Ledger) -> Truth {
    let mut truth = Truth::new();
    for (key, held) in &ledger.positions {
        *truth.entry((Topic::Positions, key.0.clone())).or_default() ^= digest_of_held(key, held);
    }
    let owners: BTreeSet<_> = ledger.positions.keys().map(|(owner, _)| owner).collect();
    for owner in owners {
        let mark = ledger.mark(owner).map_or(0, |mark| digest_of_mark(&mark));
        truth.insert((Topic::Marks, owner.clone()), mark);
    }
    truth
}

/// At each position where a subscriber was told to resume there, it knew exactly what was true there; gives
/// how many such positions could be looked at.
pub(crate) fn assert_true_at_every_resume(past: &Past, cutters: &[Cutter]) -> usize {
    let is_certain = |offset| !past.uncertain.iter().any(|range| range.contains(&offset));
    let mut all: Vec<(Checkpoint, &Cutter)> = Vec::new();
    for cutter in cutters {
        let of_one = cutter.picture.checkpoints.iter().filter(|checkpoint| is_certain(checkpoint.offset));
        all.extend(of_one.map(|checkpoint| (*checkpoint, cutter)));
    }
    all.sort_unstable_by_key(|(checkpoint, _)| *checkpoint);
    let mut replay = Replay::of(&past.book.history);
    let mut known = (0, Truth::new());
    for (checkpoint, cutter) in &all {
        let Checkpoint { offset, topic, digest } = *checkpoint;
        if known.0 != offset {
            known = (offset, truth(replay.at(offset)));
        }
        let of_its = known.1.iter().filter(|((of, owner), _)| *of == topic && cutter.wants(owner));
        let wanted = of_its.fold(0, |sum, (_, digest)| sum ^ digest);
        assert_eq!(digest, wanted, "{cutter}: {topic:?} at {offset} is not what it was");
    }
    all.len()
}
