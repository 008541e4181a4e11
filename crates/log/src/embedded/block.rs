//! Records as they lie in the file, in blocks: one row of SQLite holds up to [`MAX_RECORDS`] of one commit.
//!
//! ```text
//! block  = frame*                                     records in their order, without holes
//! frame  = length | kind | checksum | passed | bytes
//! length = varint   of the bytes
//! kind   = u8       `Event::number`
//! checksum = u32    CRC-32 (IEEE) of offset u64, at u64, kind u8, bytes; big-endian
//! passed = varint   microseconds since the record before it in the block; of the first, since the block's `at`: 0
//! bytes  = see `hub_core::event::form`
//! ```
//!
//! Varints are those of protobuf. A checksum says which record is damaged; that none is missing or another says the
//! [chain](super::chain).

use hub_core::{Offset, Timestamp};

use super::chain::{Chain, KINDS, Lanes};

/// Records of one block.
pub(super) const MAX_RECORDS: u32 = 256;

/// Bytes at which a block ends; one record may have more.
pub(super) const FULL_BYTES: usize = 64 * 1024;

/// A block that is being written.
pub(super) struct Draft {
    pub(super) first: Offset,
    pub(super) at: Timestamp,
    pub(super) count: u32,
    pub(super) bytes: Vec<u8>,
    last_at: Timestamp,
    lanes: Lanes,
}

impl Draft {
    /// Begins a block whose first record has this offset and time.
    pub(super) fn new(first: Offset, at: Timestamp) -> Draft {
        Draft { first, at, count: 0, bytes: Vec::new(), last_at: at, lanes: Lanes::default() }
    }

    /// Adds the next record; its time is not before its predecessor's.
    pub(super) fn push(&mut self, kind: u8, at: Timestamp, bytes: &[u8]) {
        let offset = Offset(self.first.0 + u64::from(self.count));
        self.bytes.reserve(bytes.len() + 16);
        put_varint(&mut self.bytes, bytes.len() as u64);
        self.bytes.push(kind);
        self.bytes.extend(checksum(kind, offset, at, bytes).to_be_bytes());
        put_varint(&mut self.bytes, at.micros().saturating_sub(self.last_at.micros()).unsigned_abs());
        self.bytes.extend(bytes);
        self.lanes.add(kind, offset, at, bytes);
        self.last_at = at;
        self.count += 1;
    }

    /// True if the next record belongs in another block.
    pub(super) fn is_full(&self) -> bool {
        self.count >= MAX_RECORDS || self.bytes.len() >= FULL_BYTES
    }

    /// The chain after this block, and the block's bytes.
    pub(super) fn finish(self, before: Chain) -> (Chain, Vec<u8>) {
        (before.link(self.first, self.count, self.lanes), self.bytes)
    }
}

/// One record of a block.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) struct Frame<'a> {
    pub(super) offset: Offset,
    pub(super) at: Timestamp,
    pub(super) kind: u8,
    pub(super) bytes: &'a [u8],
}

/// The record that is damaged.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) struct Damaged(pub(super) Offset);

/// Takes a block apart: its frames, each of which has its checksum, and the chain after it.
pub(super) fn open(
    bytes: &[u8],
    (first, count, at): (Offset, u32, Timestamp),
    before: Chain,
) -> Result<(Vec<Frame<'_>>, Chain), Damaged> {
    let mut frames = Vec::with_capacity(count.min(MAX_RECORDS) as usize);
    let (mut rest, mut at, mut lanes) = (bytes, at, Lanes::default());
    for nth in 0..count {
        let offset = Offset(first.0.saturating_add(nth.into()));
        let frame = frame(&mut rest, offset, at).ok_or(Damaged(offset))?;
        lanes.add(frame.kind, offset, frame.at, frame.bytes);
        at = frame.at;
        frames.push(frame);
    }
    if !rest.is_empty() {
        return Err(Damaged(Offset(first.0.saturating_add(count.into()))));
    }
    Ok((frames, before.link(first, count, lanes)))
}

fn frame<'a>(rest: &mut &'a [u8], offset: Offset, before: Timestamp) -> Option<Frame<'a>> {
    let length = usize::try_from(varint(rest)?).ok()?;
    let (&kind, tail) = rest.split_first()?;
    let (expected, mut tail) = tail.split_first_chunk::<4>()?;
    let passed = i64::try_from(varint(&mut tail)?).ok()?;
    let at = Timestamp::from_micros(before.micros().checked_add(passed)?)?;
    let (bytes, tail) = tail.split_at_checked(length)?;
    let whole = usize::from(kind) < KINDS && checksum(kind, offset, at, bytes).to_be_bytes() == *expected;
    *rest = tail;
    whole.then_some(Frame { offset, at, kind, bytes })
}

fn checksum(kind: u8, offset: Offset, at: Timestamp, bytes: &[u8]) -> u32 {
    let mut head = [kind; 17];
    head[..8].copy_from_slice(&offset.0.to_be_bytes());
    head[8..16].copy_from_slice(&at.micros().to_be_bytes());
    let mut hasher = crc32fast::Hasher::new();
    hasher.update(&head);
    hasher.update(bytes);
    hasher.finalize()
}

fn put_varint(to: &mut Vec<u8>, mut value: u64) {
    while value >= 0x80 {
        to.push(value as u8 | 0x80);
        value >>= 7;
    }
    to.push(value as u8);
}

/// The shortest form only: two spellings of one number would be two forms of one record.
fn varint(from: &mut &[u8]) -> Option<u64> {
    let mut value = 0_u64;
    for shift in (0..64).step_by(7) {
        let (&byte, rest) = from.split_first()?;
        *from = rest;
        let part = u64::from(byte & 0x7f);
        if part << shift >> shift != part {
            return None;
        }
        value |= part << shift;
        if byte < 0x80 {
            return (shift == 0 || byte != 0).then_some(value);
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use hub_core::Epoch;

    use super::*;

    const FIRST: Offset = Offset(41);

    fn at(micros: i64) -> Timestamp {
        Timestamp::from_micros(micros).unwrap()
    }

    fn block(records: &[(u8, i64, &[u8])]) -> Draft {
        let mut block = Draft::new(FIRST, at(records[0].1));
        for (kind, time, bytes) in records {
            block.push(*kind, at(*time), bytes);
        }
        block
    }

    fn sample() -> Draft {
        block(&[
            (1, 1_000_000, b"one"),
            (2, 1_000_000, b""),
            (2, 1_000_300, &[7; 200]),
            (14, 9_000_000, b"x"),
        ])
    }

    #[test]
    fn a_block_gives_back_what_was_put_in_and_its_chain() {
        let block = sample();
        let head = (block.first, block.count, block.at);
        let before = Chain::begin(Epoch(7));
        let (after, bytes) = block.finish(before);
        let (frames, chain) = open(&bytes, head, before).unwrap();
        assert_eq!(chain, after);
        let seen: Vec<_> = frames
            .iter()
            .map(|frame| (frame.offset.0, frame.kind, frame.at.micros(), frame.bytes.len()))
            .collect();
        assert_eq!(
            seen,
            [(41, 1, 1_000_000, 3), (42, 2, 1_000_000, 0), (43, 2, 1_000_300, 200), (44, 14, 9_000_000, 1)]
        );
    }

    #[test]
    fn damage_of_any_bit_is_found() {
        let block = sample();
        let head = (block.first, block.count, block.at);
        let before = Chain::begin(Epoch(7));
        let (after, mut bytes) = block.finish(before);
        for bit in 0..bytes.len() * 8 {
            bytes[bit / 8] ^= 1 << (bit % 8);
            let found = open(&bytes, head, before);
            assert!(found.is_err() || found.is_ok_and(|(_, chain)| chain != after), "bit {bit}");
            bytes[bit / 8] ^= 1 << (bit % 8);
        }
        for length in 0..bytes.len() {
            assert!(open(&bytes[..length], head, before).is_err(), "{length} bytes are taken for the whole");
        }
    }

    #[test]
    fn records_that_change_places_break_the_chain() {
        let one = [(1, 5_000_000, b"one".as_slice()), (1, 5_000_000, b"two")];
        let other = [one[1], one[0]];
        let before = Chain::begin(Epoch(7));
        assert_ne!(block(&one).finish(before).0, block(&other).finish(before).0);
        assert_ne!(block(&one).finish(before).0, block(&one).finish(Chain::begin(Epoch(8))).0);
    }
}
