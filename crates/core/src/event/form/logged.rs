//! A fact that is remembered as it came, in the form that a log has of it: read by newer programs as that is.

use std::fmt;

use serde::de::{Error, SeqAccess, Visitor};
use serde::ser::Error as _;
use serde::{Deserializer, Serializer};

use crate::Event;

/// Writes an event as the bytes that a log keeps of it.
pub fn serialize<S: Serializer>(event: &Event, to: S) -> Result<S::Ok, S::Error> {
    to.serialize_bytes(&event.encode().map_err(S::Error::custom)?)
}

/// Reads it.
pub fn deserialize<'de, D: Deserializer<'de>>(from: D) -> Result<Event, D::Error> {
    from.deserialize_bytes(Form)
}

struct Form;

impl<'de> Visitor<'de> for Form {
    type Value = Event;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("the bytes that a log keeps of an event")
    }

    fn visit_bytes<E: Error>(self, bytes: &[u8]) -> Result<Event, E> {
        Event::decode(bytes).map_err(E::custom)
    }

    /// A format that has no bytes writes each for itself.
    fn visit_seq<A: SeqAccess<'de>>(self, mut sequence: A) -> Result<Event, A::Error> {
        let mut bytes = Vec::new();
        while let Some(byte) = sequence.next_element()? {
            bytes.push(byte);
        }
        self.visit_bytes(&bytes)
    }
}

#[cfg(test)]
mod tests {
    use serde::{Deserialize, Serialize};

    use super::*;

    #[derive(Serialize, Deserialize, PartialEq, Debug)]
    struct Kept(#[serde(with = "super")] Event);

    #[test]
    fn a_fact_comes_back_whatever_the_format() {
        let kept = Kept(Event::Tick);
        let bytes = rmp_serde::to_vec(&kept).unwrap();
        assert_eq!(rmp_serde::from_slice::<Kept>(&bytes).unwrap(), kept);
        let json = serde_json::to_string(&kept).unwrap();
        assert_eq!(serde_json::from_str::<Kept>(&json).unwrap(), kept);
        assert!(serde_json::from_str::<Kept>("[255,255]").is_err());
    }
}
