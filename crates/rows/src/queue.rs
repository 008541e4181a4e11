//! A queue in blocks.

use std::collections::VecDeque;

/// Items of a block; 2^32 is a multiple of it.
const BLOCK: usize = 1024;

/// A queue of items that are found by their ordinals, each of which is one more than that of the item before, modulo
/// 2^32: as many items it holds at most.
///
/// A buffer that doubles copies all there is for the sake of one item (of ten million that are 32 bytes each 320 MB),
/// and keeps the room of its longest time. This one grows by a block and gives each back as it empties.
#[derive(Clone, Debug)]
pub struct Queue<T> {
    /// Each but the last ends before an ordinal that is a multiple of [`BLOCK`].
    parts: VecDeque<VecDeque<T>>,
    /// Ordinal of the first item, or of the next one while there is none.
    front: u32,
    len: usize,
}

impl<T> Default for Queue<T> {
    fn default() -> Queue<T> {
        Queue::starting_at(0)
    }
}

impl<T> Queue<T> {
    /// An empty queue whose first item has this ordinal.
    pub fn starting_at(ordinal: u32) -> Queue<T> {
        Queue { parts: VecDeque::new(), front: ordinal, len: 0 }
    }

    /// The number of items.
    pub fn len(&self) -> usize {
        self.len
    }

    /// True if there are none.
    pub fn is_empty(&self) -> bool {
        self.len == 0
    }

    /// The ordinal of the next item.
    pub fn end(&self) -> u32 {
        self.front.wrapping_add(self.len as u32)
    }

    /// The first item, and its ordinal.
    pub fn front(&self) -> Option<(u32, &T)> {
        Some((self.front, self.parts.front()?.front()?))
    }

    /// The item with this ordinal, as long as it is there.
    pub fn get(&self, ordinal: u32) -> Option<&T> {
        let first = self.parts.front()?;
        let place = ordinal.wrapping_sub(self.front) as usize;
        let Some(beyond) = place.checked_sub(first.len()) else { return first.get(place) };
        self.parts.get(1 + beyond / BLOCK)?.get(beyond % BLOCK)
    }

    /// The last item.
    pub fn back(&self) -> Option<&T> {
        self.parts.back()?.back()
    }

    /// The items, the first one first.
    pub fn iter(&self) -> impl Iterator<Item = &T> + Clone {
        self.parts.iter().flatten()
    }

    /// The number of items, all at the front, of which `is_before` is true, where it is of none behind one of which it
    /// is not. O(log n).
    pub fn partition_point(&self, mut is_before: impl FnMut(&T) -> bool) -> usize {
        // A part of which the last is, is in whole.
        let whole = self.parts.partition_point(|part| part.back().is_some_and(&mut is_before));
        let items: usize = match whole {
            0 => 0,
            _ => self.parts[0].len() + (whole - 1) * BLOCK,
        };
        let Some(part) = self.parts.get(whole) else { return self.len };
        items + part.partition_point(is_before)
    }

    /// Adds an item; returns its ordinal.
    pub fn push_back(&mut self, item: T) -> u32 {
        let ordinal = self.end();
        match self.parts.back_mut() {
            Some(last) if !(ordinal as usize).is_multiple_of(BLOCK) => last.push_back(item),
            last => {
                // A short queue takes no more than it needs.
                let room = if last.is_some() { BLOCK } else { 1 };
                let mut block = VecDeque::with_capacity(room);
                block.push_back(item);
                self.parts.push_back(block);
            }
        }
        self.len += 1;
        ordinal
    }

    /// Takes the first item.
    pub fn pop_front(&mut self) -> Option<T> {
        let item = self.parts.front_mut()?.pop_front()?;
        self.len -= 1;
        self.front = self.front.wrapping_add(1);
        if (self.front as usize).is_multiple_of(BLOCK) {
            self.parts.pop_front();
        }
        Some(item)
    }

    /// Bytes that are allocated for it, beside those that items own.
    pub fn allocated_bytes(&self) -> usize {
        let items: usize = self.parts.iter().map(VecDeque::capacity).sum();
        items * size_of::<T>() + self.parts.capacity() * size_of::<VecDeque<T>>()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn items_are_found_by_ordinals_that_begin_again_at_zero() {
        for start in [0, 5, u32::MAX - 1500, u32::MAX] {
            let mut queue = Queue::starting_at(start);
            let ordinals: Vec<u32> = (0..5000_usize).map(|n| queue.push_back(n)).collect();
            assert_eq!((ordinals[0], ordinals[4999]), (start, start.wrapping_add(4999)));
            for gone in 0..5000_usize {
                assert_eq!((queue.front(), queue.len()), (Some((ordinals[gone], &gone)), 5000 - gone));
                for n in [gone, gone + 1, gone + 1023, gone + 1024, 4999].map(|n| n.min(4999)) {
                    assert_eq!(queue.get(ordinals[n]), Some(&n));
                }
                assert_eq!(queue.back(), Some(&4999));
                for n in [0, gone, gone + 1, gone + 1024, 4999, 5000] {
                    assert_eq!(queue.partition_point(|item| *item < n), n.min(5000).saturating_sub(gone));
                }
                assert_eq!(queue.get(start.wrapping_add(5000)), None, "is yet to come");
                assert_eq!(queue.pop_front(), Some(gone));
                assert_eq!(queue.get(ordinals[gone]), None, "has gone");
            }
            assert_eq!((queue.pop_front(), queue.front(), queue.len()), (None, None, 0));
            assert_eq!(queue.push_back(1), start.wrapping_add(5000));
        }
    }

    #[test]
    fn blocks_are_given_back_as_they_empty() {
        let block_bytes = BLOCK * size_of::<u64>();
        let mut queue = Queue::starting_at(0);
        (0..10).for_each(|n: u64| assert_eq!(u64::from(queue.push_back(n)), n));
        assert!(queue.allocated_bytes() < block_bytes, "a few take no block");
        for n in 10..20_000 {
            queue.push_back(n);
        }
        for left in (0..20_000).rev() {
            queue.pop_front();
            assert!(queue.parts.iter().map(VecDeque::capacity).sum::<usize>() <= left + 2 * BLOCK);
        }
        assert!(queue.allocated_bytes() < 2 * block_bytes);
    }
}
