//! A walk over the frames of a stream: of each only its header and its end are
//! looked at, and nothing is copied but what a read cuts in two.

use crate::frames::{HEADER_BYTES_MAX, Header, header};

/// A place in a stream of frames.
pub struct Walker {
    /// Bytes of the end of a payload that are shown at most.
    shown: usize,
    /// Bytes of a header that was cut.
    cut: Vec<u8>,
    /// A frame that was cut, and how much of its payload is to come.
    current: Option<(Header, usize)>,
    /// The end of what has come of its payload.
    end: Vec<u8>,
}

impl Walker {
    /// The beginning of a stream, of each of whose payloads the last `shown` bytes are shown.
    pub fn new(shown: usize) -> Walker {
        Walker { shown, cut: Vec::new(), current: None, end: Vec::new() }
    }

    /// Goes over what came next; `whole` is told of each frame whose last byte has come, with the end of its payload.
    pub fn take(&mut self, mut bytes: &[u8], mut whole: impl FnMut(Header, &[u8])) {
        while !bytes.is_empty() || matches!(self.current, Some((_, 0))) {
            if self.current.is_some() || !self.cut.is_empty() {
                bytes = self.resume(bytes, &mut whole);
                continue;
            }
            let Some((frame, start)) = header(bytes) else {
                self.cut.extend_from_slice(bytes);
                return;
            };
            if let Some(payload) = bytes.get(start..start + frame.length) {
                whole(frame, &payload[payload.len().saturating_sub(self.shown)..]);
                bytes = &bytes[start + frame.length..];
            } else {
                self.current = Some((frame, frame.length));
                bytes = &bytes[start..];
            }
        }
    }

    /// Goes on with a frame that was cut; gives what is left.
    fn resume<'a>(&mut self, bytes: &'a [u8], whole: &mut impl FnMut(Header, &[u8])) -> &'a [u8] {
        let Some((frame, missing)) = &mut self.current else { return self.rest_of_header(bytes) };
        let (part, rest) = bytes.split_at(bytes.len().min(*missing));
        self.end.extend_from_slice(&part[part.len().saturating_sub(self.shown)..]);
        self.end.drain(..self.end.len().saturating_sub(self.shown));
        *missing -= part.len();
        if *missing == 0 {
            whole(*frame, &self.end);
            self.end.clear();
            self.current = None;
        }
        rest
    }

    fn rest_of_header<'a>(&mut self, bytes: &'a [u8]) -> &'a [u8] {
        let known = self.cut.len();
        self.cut.extend_from_slice(&bytes[..bytes.len().min(HEADER_BYTES_MAX - known)]);
        let Some((frame, used)) = header(&self.cut) else { return &[] };
        self.cut.clear();
        self.current = Some((frame, frame.length));
        &bytes[used - known..]
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::frames::of_total;

    const SHOWN: usize = 256;

    #[test]
    fn frames_and_their_ends_are_the_same_however_they_are_cut() {
        let sizes = [2, 30, 127, 128, 129, 500, 65_539, 65_540];
        let mut stream = Vec::new();
        for size in sizes {
            let mut frame = of_total(size);
            let end = frame.len();
            if size > 30 {
                frame[end - 4..].copy_from_slice(&format!("{size:>4}").as_bytes()[..4]);
            }
            stream.extend(frame);
        }
        let walk = |piece: usize| {
            let (mut walker, mut seen) = (Walker::new(SHOWN), Vec::new());
            for bytes in stream.chunks(piece) {
                walker.take(bytes, |frame, end| seen.push((frame.length, end.to_vec())));
            }
            seen
        };
        let whole = walk(stream.len());
        assert_eq!(
            whole.iter().map(|(length, _)| *length).collect::<Vec<_>>(),
            [0, 28, 125, 124, 125, 496, 65_535, 65_530]
        );
        assert!(whole.iter().all(|(length, end)| end.len() == SHOWN.min(*length)));
        assert!(whole[2].1.ends_with(b" 127") && whole[6].1.ends_with(b"6553"));
        for piece in [1, 2, 3, 7, 255, 256, 257, 1000] {
            assert_eq!(walk(piece), whole, "{piece}");
        }
    }
}
