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
    /// A whole number behind the last `key` near the end, which was `base` before the first publication and is one more
    /// after each. A publication that a later one overtook in the same flush has come with it.
    Value {
        /// With all that stands before the number.
        key: &'static str,
        /// Number before.
        base: u64,
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
            Mark::Value { key, base } => (0, number_behind(end, key).unwrap_or(0).saturating_sub(base)),
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

/// The number behind the last `key`.
fn number_behind(end: &[u8], key: &str) -> Option<u64> {
    let at = end.windows(key.len()).rposition(|window| window == key.as_bytes())? + key.len();
    let digits = end[at..].iter().take_while(|byte| byte.is_ascii_digit()).count();
    str::from_utf8(&end[at..at + digits]).ok()?.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_value_is_the_number_behind_its_last_key() {
        let behind = |end: &str| number_behind(end.as_bytes(), "\"holdings\":");
        assert_eq!(behind(r#"[{"holdings":7,"x":1},{"holdings":12,"x":2}],"resume":"9e5f-14"}"#), Some(12));
        assert_eq!(behind(r#"{"type":"position-update","data":[]}"#), None);
        assert_eq!(behind(r#""holdings":-3"#), None);
    }
}
