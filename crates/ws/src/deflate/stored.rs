//! Blocks of data that is not compressed (RFC 1951, section 3.2.4).

/// Bytes of a block beside its data: three bits and what is left of their byte, its length, and that inverted.
pub(crate) const STORED_HEADER_BYTES: usize = 5;

/// The most data that a block has.
const BLOCK_BYTES_MAX: usize = 0xffff;

/// Neither the last block, nor compressed.
const STORED: u8 = 0;

/// Length of what [`put_stored`] writes.
pub(crate) fn stored_len(parts: &[&[u8]]) -> usize {
    let len = total(parts);
    len + len.div_ceil(BLOCK_BYTES_MAX) * STORED_HEADER_BYTES
}

/// Writes `parts`, one after another, in as few blocks as hold them. They end at the end of a byte, so that other blocks
/// may follow.
pub(crate) fn put_stored(out: &mut Vec<u8>, parts: &[&[u8]]) {
    let mut left = total(parts);
    let mut room = 0;
    for mut part in parts.iter().copied() {
        while !part.is_empty() {
            if room == 0 {
                room = left.min(BLOCK_BYTES_MAX);
                left -= room;
                let len = room as u16;
                out.push(STORED);
                out.extend_from_slice(&len.to_le_bytes());
                out.extend_from_slice(&(!len).to_le_bytes());
            }
            let (now, later) = part.split_at(part.len().min(room));
            out.extend_from_slice(now);
            room -= now.len();
            part = later;
        }
    }
}

fn total(parts: &[&[u8]]) -> usize {
    parts.iter().map(|part| part.len()).sum()
}
