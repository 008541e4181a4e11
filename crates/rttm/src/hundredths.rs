//! Numbers with two decimal places, exactly.

use std::borrow::Cow;
use std::fmt;

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::{Deserialize, Serialize, Serializer};

/// A number in hundredths: a percentage, a latency in milliseconds. On the
/// wire a JSON number; `Display` always shows both places.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Default)]
pub struct Hundredths(pub u64);

impl Hundredths {
    /// `whole` units.
    pub(crate) fn whole(whole: u64) -> Hundredths {
        Hundredths(whole.saturating_mul(100))
    }

    /// `part / of`, rounded half up; 0 if there is nothing to divide by.
    pub(crate) fn ratio(part: u64, of: u64) -> Hundredths {
        if of == 0 {
            return Hundredths(0);
        }
        let (part, of) = (u128::from(part), u128::from(of));
        Hundredths(((part * 200 + of) / (of * 2)) as u64)
    }
}

impl fmt::Display for Hundredths {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}.{:02}", self.0 / 100, self.0 % 100)
    }
}

impl JsonSchema for Hundredths {
    fn inline_schema() -> bool {
        true
    }

    fn schema_name() -> Cow<'static, str> {
        "Hundredths".into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({ "type": "number" })
    }
}

impl Serialize for Hundredths {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        if self.0.is_multiple_of(100) {
            serializer.serialize_u64(self.0 / 100)
        } else {
            // The double nearest to two decimal places prints as them.
            serializer.serialize_f64(self.0 as f64 / 100.0)
        }
    }
}

/// As it is remembered: how many hundredths.
#[derive(Serialize, Deserialize)]
#[serde(remote = "Hundredths")]
pub(crate) struct Exactly(u64);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn on_the_wire_it_is_a_number_and_in_texts_it_has_two_places() {
        let json = |hundredths| serde_json::to_string(&Hundredths(hundredths)).unwrap();
        assert_eq!([json(0), json(10_000), json(5188), json(1)], ["0", "100", "51.88", "0.01"]);
        assert_eq!(Hundredths(8_161_205).to_string(), "81612.05");
        assert_eq!(
            (Hundredths::ratio(1, 3), Hundredths::ratio(1, 8), Hundredths::ratio(1, 0)),
            (Hundredths(33), Hundredths(13), Hundredths(0))
        );
    }
}
