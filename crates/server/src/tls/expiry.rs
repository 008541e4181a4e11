//! Until when a certificate is valid (RFC 5280, section 4.1.2.5): the one
//! field of it that operators ask for, and not worth a parser of all of X.509.

use std::fmt;

const SEQUENCE: u8 = 0x30;
const UTC_TIME: u8 = 0x17;
const GENERALIZED_TIME: u8 = 0x18;
/// `[0]`, the version, which the oldest certificates don't have.
const VERSION: u8 = 0xa0;

/// A second of UTC; shown as `2027-02-24T12:00:00Z`.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Expiry(String);

impl Expiry {
    /// Of a certificate in DER; `None` if it is not found where it has to be.
    pub(super) fn of(certificate: &[u8]) -> Option<Expiry> {
        let (whole, _) = expect(SEQUENCE, certificate)?;
        let (mut fields, _) = expect(SEQUENCE, whole)?;
        if fields.first() == Some(&VERSION) {
            fields = element(fields)?.rest;
        }
        // Serial number, signature algorithm, issuer.
        for _ in 0..3 {
            fields = element(fields)?.rest;
        }
        let (validity, _) = expect(SEQUENCE, fields)?;
        let end = element(element(validity)?.rest)?;
        let text = std::str::from_utf8(end.content).ok()?.strip_suffix('Z')?;
        let digits = match end.tag {
            // Two digits of a year: from 1950 to 2049.
            UTC_TIME if text.len() == 12 => format!("{}{text}", if text < "50" { "20" } else { "19" }),
            GENERALIZED_TIME if text.len() == 14 => text.to_owned(),
            _ => return None,
        };
        if !digits.bytes().all(|byte| byte.is_ascii_digit()) {
            return None;
        }
        let part = |from: usize, to: usize| digits.get(from..to).unwrap_or_default();
        let (date, time) = ([part(0, 4), part(4, 6), part(6, 8)], [part(8, 10), part(10, 12), part(12, 14)]);
        Some(Expiry(format!("{}T{}Z", date.join("-"), time.join(":"))))
    }
}

impl fmt::Display for Expiry {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// One element of DER (X.690, section 8.1), and what follows it.
struct Element<'a> {
    tag: u8,
    content: &'a [u8],
    rest: &'a [u8],
}

fn element(bytes: &[u8]) -> Option<Element<'_>> {
    let (&[tag, first], rest) = bytes.split_first_chunk()?;
    let (length, rest) = match first {
        0..=0x7f => (usize::from(first), rest),
        // A certificate of 16 MiB is none.
        0x81..=0x83 => {
            let (length, rest) = rest.split_at_checked(usize::from(first & 0x7f))?;
            (length.iter().fold(0, |length, byte| length << 8 | usize::from(*byte)), rest)
        }
        _ => return None,
    };
    let (content, rest) = rest.split_at_checked(length)?;
    Some(Element { tag, content, rest })
}

/// Content and rest of an element that has to be of this kind.
fn expect(tag: u8, bytes: &[u8]) -> Option<(&[u8], &[u8])> {
    element(bytes).filter(|element| element.tag == tag).map(|element| (element.content, element.rest))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn der(tag: u8, content: &[u8]) -> Vec<u8> {
        let length = u16::try_from(content.len()).unwrap();
        let mut bytes = vec![tag];
        match u8::try_from(length) {
            Ok(short @ ..=0x7f) => bytes.push(short),
            _ => bytes.extend([&[0x82], &length.to_be_bytes()[..]].concat()),
        }
        bytes.extend(content);
        bytes
    }

    fn certificate(version: bool, end: &[u8]) -> Vec<u8> {
        let version = if version { der(VERSION, &der(2, &[2])) } else { Vec::new() };
        let validity = der(SEQUENCE, &[&der(UTC_TIME, b"260101000000Z"), end].concat());
        let issuer = der(SEQUENCE, &[0; 300]);
        let fields = [version, der(2, &[1]), der(SEQUENCE, &[]), issuer, validity, der(SEQUENCE, &[])];
        der(SEQUENCE, &der(SEQUENCE, &fields.concat()))
    }

    fn shown(certificate: &[u8]) -> Option<String> {
        Expiry::of(certificate).map(|expiry| expiry.to_string())
    }

    #[test]
    fn the_end_of_validity_is_found() {
        for (tag, time, expiry) in [
            (UTC_TIME, &b"270224120001Z"[..], "2027-02-24T12:00:01Z"),
            (UTC_TIME, b"500101000000Z", "1950-01-01T00:00:00Z"),
            (GENERALIZED_TIME, b"40960101000000Z", "4096-01-01T00:00:00Z"),
        ] {
            for version in [true, false] {
                assert_eq!(shown(&certificate(version, &der(tag, time))).as_deref(), Some(expiry));
            }
        }
    }

    #[test]
    fn what_is_no_certificate_has_no_end() {
        let whole = certificate(true, &der(UTC_TIME, b"270224120001Z"));
        for end in 0..whole.len() {
            assert_eq!(shown(&whole[..end]), None, "cut after {end}");
        }
        for time in [&b"27022412000Z"[..], b"2702241200011", b"27022412000\xffZ", b"2702241200xxZ"] {
            assert_eq!(shown(&certificate(true, &der(UTC_TIME, time))), None);
        }
        assert_eq!(shown(&[SEQUENCE, 0xff]), None);
    }
}
