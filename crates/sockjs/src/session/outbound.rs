//! Frames that wait for a receiver.

use std::collections::VecDeque;

use bytes::Bytes;

use crate::frame::HEARTBEAT;

/// Beginning of a frame of messages.
const ARRAY: &[u8] = b"a[";

/// Cost of a frame beside its own bytes, so that many small ones are bounded, too.
pub const FRAME_COST_BYTES: usize = 64;

#[derive(Debug, Default)]
pub(super) struct Outbound {
    frames: VecDeque<Bytes>,
    bytes: usize,
}

impl Outbound {
    pub(super) fn is_empty(&self) -> bool {
        self.frames.is_empty()
    }

    pub(super) fn bytes(&self) -> usize {
        self.bytes
    }

    /// Cost of all with a frame of so many bytes more.
    pub(super) fn cost_bytes_with(&self, bytes: usize) -> usize {
        let frames = self.frames.len().saturating_add(1);
        self.bytes.saturating_add(bytes).saturating_add(frames.saturating_mul(FRAME_COST_BYTES))
    }

    /// Adds a frame; false if it would say nothing.
    pub(super) fn push(&mut self, frame: Bytes) -> bool {
        debug_assert!(*frame == *HEARTBEAT.as_bytes() || elements(&frame).is_some(), "no frame to send");
        let says_nothing = match elements(&frame) {
            Some(elements) => elements.is_empty(),
            // Whatever waits shows as well that we are there.
            None => !self.is_empty(),
        };
        if says_nothing {
            return false;
        }
        self.bytes += frame.len();
        self.frames.push_back(frame);
        true
    }

    /// The first frame, joined with those behind it while they are arrays and
    /// the whole has no more than `join_bytes`.
    pub(super) fn pop(&mut self, join_bytes: usize) -> Option<Bytes> {
        let (more, bytes) = self.joinable(join_bytes);
        let first = self.take()?;
        if more == 0 {
            return Some(first);
        }
        let mut joined = Vec::with_capacity(bytes);
        joined.extend_from_slice(&first);
        for _ in 0..more {
            let Some(frame) = self.take() else { break };
            joined.pop();
            joined.push(b',');
            joined.extend_from_slice(frame.get(ARRAY.len()..).unwrap_or_default());
        }
        Some(joined.into())
    }

    /// Number of frames that can be joined to the first, and bytes of them all,
    /// which the whole does not exceed.
    fn joinable(&self, join_bytes: usize) -> (usize, usize) {
        let (mut count, mut bytes) = (0_usize, 0_usize);
        for frame in self.frames.iter().take_while(|frame| elements(frame).is_some()) {
            let with = bytes.saturating_add(frame.len());
            if count > 0 && with > join_bytes {
                break;
            }
            (count, bytes) = (count + 1, with);
        }
        (count.saturating_sub(1), bytes)
    }

    pub(super) fn clear(&mut self) {
        *self = Outbound::default();
    }

    fn take(&mut self) -> Option<Bytes> {
        let frame = self.frames.pop_front()?;
        self.bytes -= frame.len();
        if self.frames.is_empty() {
            // An idle session owns no buffer.
            self.frames = VecDeque::new();
        }
        Some(frame)
    }
}

/// Text between the brackets of an `a[...]` frame.
fn elements(frame: &[u8]) -> Option<&[u8]> {
    frame.strip_prefix(ARRAY)?.strip_suffix(b"]")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn pushed(frames: &[&'static str]) -> Outbound {
        let mut outbound = Outbound::default();
        for frame in frames {
            outbound.push(Bytes::from_static(frame.as_bytes()));
        }
        outbound
    }

    fn popped(mut outbound: Outbound, join_bytes: usize) -> Vec<String> {
        let text = |frame: Bytes| String::from_utf8(frame.to_vec()).unwrap();
        let frames = std::iter::from_fn(|| outbound.pop(join_bytes).map(text)).collect();
        assert_eq!(outbound.bytes(), 0);
        frames
    }

    #[test]
    fn arrays_are_joined_as_far_as_they_may() {
        let frames = [r#"a["1"]"#, r#"a["2","3"]"#, r#"a["4"]"#];
        assert_eq!(popped(pushed(&frames), 0), frames);
        assert_eq!(popped(pushed(&frames), 100), [r#"a["1","2","3","4"]"#]);
        assert_eq!(popped(pushed(&frames), 16), [r#"a["1","2","3"]"#, r#"a["4"]"#]);
        let with_beat = ["h", r#"a["1"]"#, r#"a["2"]"#];
        assert_eq!(popped(pushed(&with_beat), 100), ["h", r#"a["1","2"]"#]);
    }

    #[test]
    fn what_is_joined_takes_no_more_memory_than_its_frames() {
        let outbound = &mut pushed(&[r#"a["1"]"#; 50]);
        let joined = Vec::from(outbound.pop(usize::MAX).unwrap());
        assert!(joined.capacity() <= 50 * 6, "{}", joined.capacity());
    }

    #[test]
    fn what_says_nothing_is_not_kept() {
        assert_eq!(popped(pushed(&["h", "h", r#"a["1"]"#, "h", "a[]"]), 100), ["h", r#"a["1"]"#]);
    }
}
