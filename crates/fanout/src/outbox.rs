//! Bytes on their way to one socket.

use std::collections::VecDeque;
use std::io::IoSlice;

use bytes::{Buf, Bytes};

/// Buffers that one write gathers, at most.
const GATHER_MAX: usize = 64;

/// Bytes that an entry takes beside its own: small frames are not free.
const ENTRY_BYTES: usize = 64;

/// Frames that wait for one socket, in order: for the end of the turn in which
/// they are written, or for a peer that does not take them. The bytes are
/// shared: a frame that waits for a thousand sockets exists once.
///
/// An empty outbox owns no memory beyond itself, nor does one with a single
/// entry, which is what most turns bring. It does not enforce its bound:
/// whoever fills it asks [`Outbox::bytes`] first, because what to do when it
/// is full depends on what is sent (state conflates, a feed closes).
#[derive(Default, Debug)]
#[expect(clippy::box_collection, reason = "every socket has an outbox, and hardly any has two entries")]
pub struct Outbox {
    front: Bytes,
    /// Never empty.
    behind: Option<Box<VecDeque<Bytes>>>,
    bytes: usize,
}

impl Outbox {
    /// Nothing waits.
    pub fn is_empty(&self) -> bool {
        self.bytes == 0
    }

    /// The memory that waits: the bytes and what holds them.
    pub fn bytes(&self) -> usize {
        self.bytes + self.entries() * ENTRY_BYTES
    }

    /// The same without the entry that is being written: what waits because
    /// the peer is slow, not because a frame is large.
    pub fn bytes_behind(&self) -> usize {
        if self.is_empty() { 0 } else { self.bytes() - self.front.len() - ENTRY_BYTES }
    }

    /// Adds `frame` behind everything that waits.
    pub fn push(&mut self, frame: Bytes) {
        if frame.is_empty() {
            return;
        }
        let was_empty = self.is_empty();
        self.bytes += frame.len();
        if was_empty {
            self.front = frame;
        } else {
            self.behind.get_or_insert_default().push_back(frame);
        }
    }

    /// Calls `write` with what waits until everything is written or `write`
    /// takes nothing more. Gives the number of bytes taken.
    pub fn drain<E>(
        &mut self,
        mut write: impl FnMut(&[IoSlice<'_>]) -> Result<usize, E>,
    ) -> (usize, Result<(), E>) {
        let mut taken = 0;
        while !self.is_empty() {
            let result = match &self.behind {
                None => write(&[IoSlice::new(&self.front)]),
                Some(behind) => {
                    let mut slices = [IoSlice::new(&self.front); GATHER_MAX];
                    let mut filled = 1;
                    for (slice, frame) in slices[1..].iter_mut().zip(&**behind) {
                        *slice = IoSlice::new(frame);
                        filled += 1;
                    }
                    write(&slices[..filled])
                }
            };
            match result {
                Ok(written) => {
                    self.advance(written);
                    taken += written;
                }
                Err(error) => return (taken, Err(error)),
            }
        }
        (taken, Ok(()))
    }

    /// Forgets everything that waits.
    pub fn clear(&mut self) {
        *self = Outbox::default();
    }

    fn entries(&self) -> usize {
        usize::from(!self.is_empty()) + self.behind.as_ref().map_or(0, |behind| behind.len())
    }

    fn advance(&mut self, mut written: usize) {
        self.bytes = self.bytes.saturating_sub(written);
        while written >= self.front.len() {
            written -= self.front.len();
            let Some(behind) = &mut self.behind else { return self.clear() };
            self.front = behind.pop_front().unwrap_or_default();
            if behind.is_empty() {
                // What a burst made it grow to is given back once it is over.
                self.behind = None;
            }
        }
        self.front.advance(written);
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        /// Whatever a socket takes at a time, it gets every byte, in order.
        #[test]
        fn nothing_is_lost_or_repeated(
            frames in proptest::collection::vec(proptest::collection::vec(any::<u8>(), 0..20), 0..100),
            takes in proptest::collection::vec(0_usize..30, 1..50),
        ) {
            let mut outbox = Outbox::default();
            let mut received = Vec::new();
            let mut takes = takes.into_iter().cycle();
            for frame in &frames {
                outbox.push(Bytes::copy_from_slice(frame));
                let (taken, result) = outbox.drain(|slices| accept(slices, takes.next().unwrap_or(1), &mut received));
                prop_assert_eq!(result.is_ok(), outbox.is_empty());
                prop_assert!(taken <= received.len());
            }
            let (_, result) = outbox.drain(|slices| accept(slices, usize::MAX, &mut received));
            prop_assert_eq!(result, Ok(()));
            prop_assert_eq!(outbox.bytes(), 0);
            prop_assert_eq!(received, frames.concat());
        }
    }

    #[test]
    fn what_is_being_written_is_not_behind_itself() {
        let mut outbox = Outbox::default();
        assert_eq!(outbox.bytes_behind(), 0);
        outbox.push(Bytes::from_static(&[0; 1000]));
        assert_eq!(outbox.bytes_behind(), 0);
        outbox.push(Bytes::from_static(&[0; 10]));
        assert_eq!(outbox.bytes_behind(), 10 + ENTRY_BYTES);
    }

    /// A socket with room for `room` bytes.
    fn accept(slices: &[IoSlice<'_>], mut room: usize, received: &mut Vec<u8>) -> Result<usize, ()> {
        let before = received.len();
        for slice in slices {
            let part = &slice[..slice.len().min(room)];
            received.extend_from_slice(part);
            room -= part.len();
        }
        if received.len() == before { Err(()) } else { Ok(received.len() - before) }
    }
}
