//! Stamps by which a message is known wherever it arrives: at the end of its
//! body, so that no head has to be read to find one.

use crate::body::Bodies;

/// Digits of a stamp: three of its lane, nine of its ordinal.
const DIGITS: usize = 12;

/// Bytes that a stamp adds to a body: `,"` before the digits, `"]` behind.
const FRAME_BYTES: usize = DIGITS + 4;

/// Lanes that can be told apart.
pub const LANES_MAX: usize = 1000;

/// Place of a message: the how manieth of its lane it is.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Stamp {
    /// Messages of one lane arrive in order.
    pub lane: usize,
    /// From 0.
    pub ordinal: u64,
}

impl Stamp {
    /// The stamp whose last digit stands before the last `after` bytes of a message.
    pub fn read(message_end: &[u8], after: usize) -> Option<Stamp> {
        let end = message_end.len().checked_sub(after)?;
        let digits = message_end.get(end.checked_sub(DIGITS)?..end)?;
        let mut number = 0;
        for digit in digits {
            number = number * 10 + u64::from(digit.checked_sub(b'0').filter(|digit| *digit < 10)?);
        }
        Some(Stamp { lane: (number / 1_000_000_000) as usize, ordinal: number % 1_000_000_000 })
    }

    /// Replaces the stamp of a stamped body.
    fn write(self, body: &mut [u8]) {
        let mut number = self.lane as u64 * 1_000_000_000 + self.ordinal;
        let end = body.len() - 2;
        for digit in body[end - DIGITS..end].iter_mut().rev() {
            *digit = b'0' + (number % 10) as u8;
            number /= 10;
        }
    }
}

/// Bodies of one size that are stamped as they go out.
pub struct Stamped {
    bodies: Vec<Vec<u8>>,
    next: usize,
}

/// Different bodies that are sent by turns.
const BODIES: usize = 64;

/// Every run publishes the same.
const SEED: u64 = 42;

impl Stamped {
    /// Bodies of `bytes` bytes each, 64 or more: JSON as the hub really sends it.
    pub fn new(bytes: usize) -> Stamped {
        let mut plain = Bodies::new(SEED, bytes.saturating_sub(FRAME_BYTES - 1).max(2));
        let stamped = |_| {
            let mut body = plain.next_body();
            body.pop();
            body.extend_from_slice(b",\"000000000000\"]");
            body
        };
        Stamped { bodies: (0..BODIES).map(stamped).collect(), next: 0 }
    }

    /// The next one with this stamp.
    pub fn next(&mut self, stamp: Stamp) -> &[u8] {
        self.next = (self.next + 1) % BODIES;
        let body = &mut self.bodies[self.next];
        stamp.write(body);
        body
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_stamp_is_read_as_it_was_written_behind_any_wrapping() {
        let mut stamped = Stamped::new(300);
        for (lane, ordinal) in [(0, 0), (0, 1), (7, 999_999_999), (999, 123_456_789)] {
            let stamp = Stamp { lane, ordinal };
            let body = stamped.next(stamp).to_vec();
            assert_eq!(body.len(), 300);
            serde_json::from_slice::<serde_json::Value>(&body).unwrap();
            let sockjs = [&body[..body.len() - 2], br#"\"]\u0000"]"#].concat();
            let framed = [&body[..], b"\0"].concat();
            for (message, after) in [(body, 2), (framed, 3), (sockjs, 11)] {
                assert_eq!(Stamp::read(&message, after), Some(stamp));
            }
        }
    }

    #[test]
    fn what_is_no_stamp_is_none() {
        for message in ["", "12345678901", "123456789012", "12345678901x3"] {
            assert_eq!(Stamp::read(message.as_bytes(), 1), None, "{message}");
        }
    }
}
