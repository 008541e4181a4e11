//! The latest records, in memory.

use std::collections::VecDeque;
use std::sync::Arc;

use hub_core::{Offset, Record};

/// A committed record and its encoded size.
pub(super) struct Committed {
    pub(super) record: Arc<Record>,
    pub(super) bytes: usize,
}

/// A bounded run of the latest records, without holes.
pub(super) struct Ring {
    records: VecDeque<Committed>,
    bytes: usize,
    max_records: usize,
    max_bytes: usize,
}

impl Ring {
    pub(super) fn new(max_records: usize, max_bytes: usize) -> Ring {
        Ring { records: VecDeque::new(), bytes: 0, max_records, max_bytes }
    }

    /// Adds the next record and forgets the oldest beyond the bounds.
    pub(super) fn push(&mut self, committed: Committed) {
        self.bytes += committed.bytes;
        self.records.push_back(committed);
        while self.records.len() > self.max_records || self.bytes > self.max_bytes {
            let Some(oldest) = self.records.pop_front() else { break };
            self.bytes -= oldest.bytes;
        }
    }

    /// Up to `max_records` after `after`; `None` if the ring begins later.
    pub(super) fn after(&self, after: Offset, max_records: usize) -> Option<Vec<Arc<Record>>> {
        let first = self.records.front()?.record.offset;
        let skipped = usize::try_from(after.next().0.checked_sub(first.0)?).unwrap_or(usize::MAX);
        let found = self.records.iter().skip(skipped).take(max_records);
        Some(found.map(|committed| Arc::clone(&committed.record)).collect())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use hub_core::{Event, Timestamp};

    fn ring_of(offsets: std::ops::RangeInclusive<u64>, max_records: usize, max_bytes: usize) -> Ring {
        let mut ring = Ring::new(max_records, max_bytes);
        for offset in offsets {
            let record = Record { offset: Offset(offset), at: Timestamp::default(), event: Event::Tick };
            ring.push(Committed { record: Arc::new(record), bytes: 10 });
        }
        ring
    }

    fn offsets_after(ring: &Ring, after: u64, max: usize) -> Option<Vec<u64>> {
        Some(ring.after(Offset(after), max)?.iter().map(|record| record.offset.0).collect())
    }

    #[allow(clippy::reversed_empty_ranges, reason = "an empty ring is meant")]
    #[test]
    fn a_cursor_before_the_ring_is_told_so_and_one_within_gets_the_rest() {
        let ring = ring_of(1..=10, 4, usize::MAX);
        assert_eq!(offsets_after(&ring, 5, 100), None);
        assert_eq!(offsets_after(&ring, 6, 100), Some(vec![7, 8, 9, 10]));
        assert_eq!(offsets_after(&ring, 8, 1), Some(vec![9]));
        assert_eq!(offsets_after(&ring, 10, 100), Some(vec![]));
        assert_eq!(offsets_after(&ring, u64::MAX, 100), Some(vec![]));
        assert_eq!(offsets_after(&ring_of(1..=0, 4, 100), 0, 1), None, "an empty ring knows nothing");
    }

    #[test]
    fn bytes_bound_the_ring_as_well() {
        let ring = ring_of(1..=10, 100, 25);
        assert_eq!(offsets_after(&ring, 8, 100), Some(vec![9, 10]));
        assert_eq!(offsets_after(&ring, 7, 100), None);
    }
}
