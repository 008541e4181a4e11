//! The masking of client frames (RFC 6455, section 5.3).

/// Exclusive-ors `payload` with the repeated `key`, in place; masking and unmasking are the same.
///
/// Returns the key turned so that it fits the byte after `payload`, for a payload that comes in parts.
pub fn apply(payload: &mut [u8], key: [u8; 4]) -> [u8; 4] {
    // Eight bytes at a time: the compiler turns this loop into vector instructions.
    let [a, b, c, d] = key;
    let wide = u64::from_ne_bytes([a, b, c, d, a, b, c, d]);
    let (words, tail) = payload.as_chunks_mut::<8>();
    for word in words {
        *word = (u64::from_ne_bytes(*word) ^ wide).to_ne_bytes();
    }
    for (byte, key) in tail.iter_mut().zip(key.iter().cycle()) {
        *byte ^= key;
    }
    let mut next = key;
    next.rotate_left(tail.len() % 4);
    next
}

#[cfg(test)]
mod tests {
    use super::apply;

    #[test]
    fn a_payload_in_parts_is_unmasked_as_the_whole_is() {
        let key = [0x37, 0xfa, 0x21, 0x3d];
        let masked: Vec<u8> = (0..=255).collect();
        let byte_by_byte: Vec<u8> = masked.iter().zip(key.iter().cycle()).map(|(b, k)| b ^ k).collect();
        for cut in 0..=masked.len() {
            let mut payload = masked.clone();
            let (head, tail) = payload.split_at_mut(cut);
            let turned = apply(head, key);
            apply(tail, turned);
            assert_eq!(payload, byte_by_byte, "cut at {cut}");
        }
    }
}
