//! Messages as receivers get them: none lost, none doubled, all in order.

use super::lanes::Lanes;
use super::outcome::Counts;
use super::receiver::{Pace, Receiver};
use crate::frames::Header;
use crate::stamp::Stamp;

/// Shorter messages are heart-beats and the like.
const MESSAGE_BYTES_LEAST: usize = 32;

/// Sign by which a receiver knows a message.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Mark {
    /// A stamp before the last so many bytes.
    Stamp(usize),
    /// The offset in a `resume` at the end. The first publication brought the log to `first`, each further one `step`
    /// on; one that a later one overtook in the same flush has come with it.
    Resume {
        /// Offset after the first publication.
        first: u64,
        /// Records of a publication.
        step: u64,
    },
    /// None: messages are counted.
    Count,
}

/// Messages that receivers have got.
pub(super) struct Inbox {
    pub(super) mark: Mark,
    pub(super) lanes: Lanes,
    pub(super) counts: Counts,
    /// The first thing that was wrong.
    pub(super) fault: Option<String>,
}

impl Inbox {
    /// Goes over what a receiver has read.
    pub(super) fn take(&mut self, receiver: &mut Receiver, bytes: &[u8], now: u64) {
        self.counts.reads += 1;
        self.counts.bytes += bytes.len() as u64;
        let mut is_pinged = false;
        let Receiver { walker, due, pace, .. } = receiver;
        walker.take(bytes, |frame: Header, end: &[u8]| {
            is_pinged |= frame.is_ping;
            if frame.is_data && frame.length >= MESSAGE_BYTES_LEAST {
                self.message(due, *pace, frame, end, now);
            }
        });
        if is_pinged {
            receiver.pong();
        }
    }

    fn message(&mut self, due: &mut [u64], pace: Pace, frame: Header, end: &[u8], now: u64) {
        let is_awaited = pace == Pace::Ready;
        self.counts.payload += frame.length as u64;
        self.counts.messages += u64::from(is_awaited);
        let (lane, until) = match self.mark {
            Mark::Stamp(after) => match Stamp::read(end, after) {
                Some(Stamp { lane, ordinal }) if due.get(lane) == Some(&ordinal) => (lane, ordinal + 1),
                stamp => {
                    let end = String::from_utf8_lossy(end);
                    self.fault = Some(format!("{stamp:?} came where {due:?} were due: ...{end}"));
                    return;
                }
            },
            Mark::Resume { first, step } => (0, publications_at(end, first, step)),
            Mark::Count => (0, due[0] + 1),
        };
        while due[lane] < until {
            if is_awaited {
                let Some(intended) = self.lanes.deliver(lane, due[lane]) else {
                    self.fault = Some(format!("{} of lane {lane} came once too often", due[lane]));
                    return;
                };
                self.counts.delivered(now.saturating_sub(intended));
            }
            due[lane] += 1;
        }
    }
}

/// Number of publications that a message with this end brings a subscriber up to.
fn publications_at(end: &[u8], first: u64, step: u64) -> u64 {
    let digits = end.strip_suffix(b"\"}").unwrap_or_default();
    let start = digits.iter().rposition(|byte| !byte.is_ascii_digit()).map_or(0, |at| at + 1);
    let offset = str::from_utf8(&digits[start..]).ok().and_then(|digits| digits.parse::<u64>().ok());
    match offset {
        Some(offset) if offset >= first => (offset - first) / step + 1,
        _ => 0,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_resume_tells_how_many_publications_have_come() {
        let at = |end: &str| publications_at(end.as_bytes(), 12, 3);
        assert_eq!(at(r#"],"resume":"9e5fcab9bf90c809-11"}"#), 0, "before the first");
        assert_eq!(at(r#"],"resume":"9e5fcab9bf90c809-12"}"#), 1);
        assert_eq!(at(r#"],"resume":"9e5fcab9bf90c809-14"}"#), 1, "a part of the second");
        assert_eq!(at(r#"],"resume":"9e5fcab9bf90c809-18"}"#), 3);
        assert_eq!(at(r#"{"type":"position-update","data":[]}"#), 0, "none");
    }
}
