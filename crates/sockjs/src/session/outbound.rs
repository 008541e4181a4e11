//! Frames that wait for a receiver.

use std::collections::VecDeque;

use bytes::Bytes;

use crate::frame::HEARTBEAT;

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

    /// Adds a frame; false if it would say nothing.
    pub(super) fn push(&mut self, frame: &Bytes) -> bool {
        debug_assert!(**frame == *HEARTBEAT.as_bytes() || elements(frame).is_some(), "no frame to send");
        let says_nothing = match elements(frame) {
            Some(elements) => elements.is_empty(),
            // Whatever waits shows as well that we are there.
            None => !self.is_empty(),
        };
        if says_nothing {
            return false;
        }
        self.bytes += frame.len();
        self.frames.push_back(frame.clone());
        true
    }

    /// The first frame, joined with those behind it while they are arrays and
    /// the whole has no more than `join_bytes`.
    pub(super) fn pop(&mut self, join_bytes: usize) -> Option<Bytes> {
        let first = self.take()?;
        if elements(&first).is_none() || !self.next_fits(first.len(), join_bytes) {
            return Some(first);
        }
        let mut joined = first.to_vec();
        while self.next_fits(joined.len(), join_bytes) {
            let Some(frame) = self.take() else { break };
            joined.pop();
            joined.push(b',');
            joined.extend_from_slice(elements(&frame).unwrap_or_default());
            joined.push(b']');
        }
        Some(joined.into())
    }

    pub(super) fn clear(&mut self) {
        *self = Outbound::default();
    }

    fn next_fits(&self, bytes: usize, join_bytes: usize) -> bool {
        let next = self.frames.front().filter(|frame| elements(frame).is_some());
        next.is_some_and(|frame| bytes.saturating_add(frame.len()) <= join_bytes)
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
    frame.strip_prefix(b"a[")?.strip_suffix(b"]")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn pushed(frames: &[&'static str]) -> Outbound {
        let mut outbound = Outbound::default();
        for frame in frames {
            outbound.push(&Bytes::from_static(frame.as_bytes()));
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
    }

    #[test]
    fn what_says_nothing_is_not_kept() {
        assert_eq!(popped(pushed(&["h", "h", r#"a["1"]"#, "h", "a[]"]), 100), ["h", r#"a["1"]"#]);
    }
}
