//! The ways a stream is cut into reads.

/// A stream of up to so many bytes is cut at each of its places.
const SHORT_BYTES: usize = 96;

/// A stream of up to so many bytes is also read byte by byte.
const MEDIUM_BYTES: usize = 4096;

/// Calls `check` with the parts of `stream`, for a number of ways to cut it: at places that follow
/// from `seed`, byte by byte, and, if it is short, once at each place there is.
pub(crate) fn each_way<'s>(stream: &'s [u8], seed: u8, mut check: impl FnMut(&[&'s [u8]])) {
    check(&at_random(stream, seed));
    if stream.len() <= MEDIUM_BYTES {
        check(&stream.chunks(1).collect::<Vec<_>>());
    }
    if stream.len() <= SHORT_BYTES {
        for at in 0..=stream.len() {
            let (front, back) = stream.split_at(at);
            check(&[front, back]);
        }
    }
}

/// Parts of 0 to 15 bytes, now and then longer; the same for the same seed.
fn at_random(stream: &[u8], seed: u8) -> Vec<&[u8]> {
    let mut state = u32::from(seed).wrapping_mul(2_654_435_761).wrapping_add(1);
    let (mut parts, mut rest) = (Vec::new(), stream);
    while !rest.is_empty() {
        // Numerical Recipes' generator; its high bits are the better ones.
        state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        let width = if state >> 29 == 0 { 255 } else { 15 };
        let (part, after) = rest.split_at(rest.len().min((state >> 16) as usize & width));
        parts.push(part);
        rest = after;
    }
    parts
}

#[cfg(test)]
mod tests {
    use super::each_way;

    #[test]
    fn every_way_has_the_whole_stream() {
        let stream: Vec<u8> = (0..200).collect();
        for (length, seed) in [(0, 0), (1, 7), (96, 7), (200, 255)] {
            let stream = &stream[..length];
            let mut ways = 0;
            each_way(stream, seed, |parts| {
                assert_eq!(parts.concat(), stream);
                ways += 1;
            });
            assert_eq!(ways, if length > 96 { 2 } else { length + 3 });
        }
    }
}
