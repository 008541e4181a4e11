//! Frames of a WebSocket as a server sends them (RFC 6455, section 5.2), as
//! far as they have to be read to be counted.

/// Header of a frame.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Header {
    /// True for text and binary, false for a control frame.
    pub is_data: bool,
    /// True for a Ping, which wants an answer.
    pub is_ping: bool,
    /// RSV1: its message is compressed (RFC 7692, section 6).
    pub is_compressed: bool,
    /// Bytes of its payload.
    pub length: usize,
}

/// The longest header without a mask.
pub(crate) const HEADER_BYTES_MAX: usize = 10;

/// The header at the front of `bytes`, and how long it is; `None`: there is
/// more to come.
pub fn header(bytes: &[u8]) -> Option<(Header, usize)> {
    let [first, second, rest @ ..] = bytes else { return None };
    let (length, used) = match second & 0x7f {
        126 => (u64::from(u16::from_be_bytes(*rest.first_chunk()?)), 4),
        127 => (u64::from_be_bytes(*rest.first_chunk()?), 10),
        short => (u64::from(short), 2),
    };
    let header = Header {
        is_data: first & 0x08 == 0,
        is_ping: first & 0x0f == 9,
        is_compressed: first & 0x40 != 0,
        length: length as usize,
    };
    Some((header, used))
}

/// Counts frames in what is read of a stream, keeping nothing of it.
#[derive(Default)]
pub struct Counter {
    header: Vec<u8>,
    /// The frame under way, and how much of it is still to come.
    current: Option<(Header, usize)>,
}

impl Counter {
    /// Goes over what came next; `whole` is told of each frame whose last byte
    /// has come.
    pub fn take(&mut self, mut bytes: &[u8], mut whole: impl FnMut(Header)) {
        while !bytes.is_empty() || matches!(self.current, Some((_, 0))) {
            match &mut self.current {
                Some((frame, 0)) => {
                    whole(*frame);
                    self.current = None;
                }
                Some((_, missing)) => {
                    let taken = bytes.len().min(*missing);
                    *missing -= taken;
                    bytes = &bytes[taken..];
                }
                None => bytes = self.begin(bytes),
            }
        }
    }

    /// Takes as much of a header as there is; gives what follows it.
    fn begin<'a>(&mut self, bytes: &'a [u8]) -> &'a [u8] {
        let known = self.header.len();
        self.header.extend_from_slice(&bytes[..bytes.len().min(HEADER_BYTES_MAX - known)]);
        let Some((frame, used)) = header(&self.header) else { return &[] };
        self.header.clear();
        self.current = Some((frame, frame.length));
        &bytes[used - known..]
    }
}

/// A text frame of `total` bytes in all, header included, that says nothing.
pub fn of_total(total: usize) -> Vec<u8> {
    let mut frame = vec![0x81];
    match total {
        ..=127 => frame.push(total.saturating_sub(2) as u8),
        128..=65_539 => {
            frame.push(126);
            frame.extend_from_slice(&((total - 4) as u16).to_be_bytes());
        }
        _ => {
            frame.push(127);
            frame.extend_from_slice(&(total as u64 - 10).to_be_bytes());
        }
    }
    frame.resize(total.max(2), b'x');
    frame
}

/// A text frame as a client sends it, with the mask 0.
pub fn masked(text: &str) -> Vec<u8> {
    let mut frame = vec![0x81];
    if let Ok(length @ ..=125) = u8::try_from(text.len()) {
        frame.push(0x80 | length);
    } else {
        frame.push(0xfe);
        frame.extend_from_slice(&(text.len() as u16).to_be_bytes());
    }
    frame.extend_from_slice(&[0; 4]);
    frame.extend_from_slice(text.as_bytes());
    frame
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn frames_are_counted_however_they_are_cut() {
        let sizes = [2, 30, 127, 128, 129, 500, 65_539, 65_540];
        let stream: Vec<u8> = sizes.iter().flat_map(|size| of_total(*size)).collect();
        for piece in [1, 2, 3, 7, 1000, stream.len()] {
            let (mut counter, mut lengths) = (Counter::default(), Vec::new());
            for bytes in stream.chunks(piece) {
                counter.take(bytes, |frame| lengths.push(frame.length));
            }
            assert_eq!(lengths, [0, 28, 125, 124, 125, 496, 65_535, 65_530]);
        }
    }

    #[test]
    fn control_frames_and_compression_are_told_apart() {
        let (mut counter, mut seen) = (Counter::default(), Vec::new());
        counter.take(&[0x89, 1, 0, 0xc1, 1, 0, 0x88, 0], |frame| {
            seen.push((frame.is_data, frame.is_ping, frame.is_compressed));
        });
        assert_eq!(seen, [(false, true, false), (true, false, true), (false, false, false)]);
    }
}
