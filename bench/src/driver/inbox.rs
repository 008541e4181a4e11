//! Messages as receivers get them: none lost, none doubled, all in order.

use memchr::memmem;

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
    /// A stamp before so many bytes and a text, as often as there are messages in a frame.
    Stamps(usize, &'static str),
    /// A whole number behind the last `key` near the end, which was `base` before the first publication and is one more
    /// after each. A publication that a later one overtook in the same flush has come with it.
    Value {
        /// With all that stands before the number.
        key: &'static str,
        /// Number before.
        base: u64,
    },
    /// None: messages are counted, from the first publication on: what comes before is what a receiver begins with.
    Count,
}

/// Bytes of the end of a frame in which a mark is looked for.
const END_BYTES: usize = 256;

impl Mark {
    /// Number of bytes of a frame that have to be seen.
    pub(super) fn bytes(self) -> usize {
        if matches!(self, Mark::Stamps(..)) { usize::MAX } else { END_BYTES }
    }
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
                self.counts.payload += frame.length as u64;
                self.frame(due, *pace, end, now);
            }
        });
        if is_pinged {
            receiver.pong();
        }
    }

    fn frame(&mut self, due: &mut [u64], pace: Pace, end: &[u8], now: u64) {
        match self.mark {
            Mark::Stamp(after) => self.stamped(due, pace, end, after, now),
            Mark::Stamps(after, text) => {
                for at in memmem::find_iter(end, text) {
                    self.stamped(due, pace, &end[..at], after, now);
                }
            }
            Mark::Value { key, base } => {
                let until = number_behind(end, key).unwrap_or(0).saturating_sub(base);
                self.message(due, pace, 0, until, now);
            }
            Mark::Count if self.lanes.outstanding == 0 => {}
            Mark::Count => self.message(due, pace, 0, due[0] + 1, now),
        }
    }

    fn stamped(&mut self, due: &mut [u64], pace: Pace, end: &[u8], after: usize, now: u64) {
        match Stamp::read(end, after) {
            Some(Stamp { lane, ordinal }) if due.get(lane) == Some(&ordinal) => {
                self.message(due, pace, lane, ordinal + 1, now);
            }
            stamp => {
                let end = String::from_utf8_lossy(&end[end.len().saturating_sub(END_BYTES)..]);
                self.fault = Some(format!("{stamp:?} came where {due:?} were due: ...{end}"));
            }
        }
    }

    /// Takes a message that brings a receiver up to a publication of a lane.
    fn message(&mut self, due: &mut [u64], pace: Pace, lane: usize, until: u64, now: u64) {
        let is_awaited = pace == Pace::Ready;
        self.counts.messages += u64::from(is_awaited);
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

/// The number behind the last `key`.
fn number_behind(end: &[u8], key: &str) -> Option<u64> {
    let at = end.windows(key.len()).rposition(|window| window == key.as_bytes())? + key.len();
    let digits = end[at..].iter().take_while(|byte| byte.is_ascii_digit()).count();
    str::from_utf8(&end[at..at + digits]).ok()?.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn inbox(mark: Mark, publications: usize) -> Inbox {
        let mut lanes = Lanes::new(1);
        for _ in 0..publications {
            lanes.publish(0, 1);
        }
        Inbox { mark, lanes, counts: Counts::default(), fault: None }
    }

    #[test]
    fn several_messages_may_share_a_frame() {
        let frame = |ordinals: &[u64]| {
            let message = |ordinal| format!(r#""MESSAGE\n\n[1,\"000{ordinal:09}\"]\u0000""#);
            format!("a[{}]", ordinals.iter().map(message).collect::<Vec<_>>().join(","))
        };
        let mut inbox = inbox(Mark::Stamps(3, r#"\u0000""#), 4);
        let mut due = [0];
        inbox.frame(&mut due, Pace::Ready, frame(&[0]).as_bytes(), 0);
        inbox.frame(&mut due, Pace::Ready, frame(&[1, 2, 3]).as_bytes(), 0);
        assert_eq!((inbox.counts.messages, inbox.lanes.outstanding, inbox.fault.as_ref()), (4, 0, None));
    }

    #[test]
    fn what_is_lost_doubled_or_out_of_order_is_a_fault() {
        for ordinals in [&[0, 2][..], &[0, 0], &[1, 0], &[0, 1, 2, 3]] {
            let mut inbox = inbox(Mark::Stamp(2), 3);
            let mut due = [0];
            for ordinal in ordinals {
                inbox.frame(&mut due, Pace::Ready, format!(r#"[1,"000{ordinal:09}"]"#).as_bytes(), 0);
            }
            assert!(inbox.fault.is_some(), "{ordinals:?}");
        }
    }

    #[test]
    fn what_comes_before_a_publication_is_not_counted_as_one() {
        let mut inbox = inbox(Mark::Count, 0);
        let mut due = [0];
        inbox.frame(&mut due, Pace::Ready, b"", 0);
        inbox.lanes.publish(0, 1);
        inbox.frame(&mut due, Pace::Ready, b"", 0);
        assert_eq!((due, inbox.counts.messages, inbox.fault), ([1], 1, None));
    }

    #[test]
    fn a_value_is_the_number_behind_its_last_key() {
        let behind = |end: &str| number_behind(end.as_bytes(), "\"holdings\":");
        assert_eq!(behind(r#"[{"holdings":7,"x":1},{"holdings":12,"x":2}],"resume":"9e5f-14"}"#), Some(12));
        assert_eq!(behind(r#"{"type":"position-update","data":[]}"#), None);
        assert_eq!(behind(r#""holdings":-3"#), None);
    }
}
