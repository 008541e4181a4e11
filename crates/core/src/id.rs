//! Identifiers of the pipeline: UUIDs, 16 bytes inside, lower case outside.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};
use uuid::Uuid;

/// A text that is no UUID.
#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error)]
#[error("must be a UUID such as 550e8400-e29b-41d4-a716-446655440000")]
pub struct IdError;

macro_rules! uuid_id {
    ($(#[$doc:meta])* $name:ident) => {
        $(#[$doc])*
        #[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Serialize, Deserialize)]
        #[serde(transparent)]
        pub struct $name(Uuid);

        impl $name {
            /// From the 16 bytes of a UUID.
            pub fn from_bytes(bytes: [u8; 16]) -> Self {
                Self(Uuid::from_bytes(bytes))
            }

            /// The 16 bytes of the UUID.
            pub fn to_bytes(self) -> [u8; 16] {
                self.0.into_bytes()
            }

            /// Appends what [`Display`](fmt::Display) writes.
            pub fn write_to(self, out: &mut Vec<u8>) {
                let mut text = [0; uuid::fmt::Hyphenated::LENGTH];
                out.extend_from_slice(self.0.as_hyphenated().encode_lower(&mut text).as_bytes());
            }
        }

        impl FromStr for $name {
            type Err = IdError;

            /// The hyphenated form in any case; braces, URNs and the form
            /// without hyphens are not what the platform sends.
            fn from_str(text: &str) -> Result<Self, IdError> {
                if text.len() != uuid::fmt::Hyphenated::LENGTH {
                    return Err(IdError);
                }
                Uuid::try_parse(text).map(Self).map_err(|_| IdError)
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                let mut text = [0; uuid::fmt::Hyphenated::LENGTH];
                f.write_str(self.0.as_hyphenated().encode_lower(&mut text))
            }
        }
    };
}

uuid_id! {
    /// A portfolio.
    PortfolioId
}
uuid_id! {
    /// A transaction; the key of its idempotency (AN-IDEM).
    TransactionId
}
uuid_id! {
    /// A trade on its way through the pipeline (RT-IN-1).
    TradeId
}
uuid_id! {
    /// One request of a caller; the key of its idempotency.
    RequestId
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn any_case_is_one_id_printed_in_lower_case() {
        let upper: PortfolioId = "550E8400-E29B-41D4-A716-446655440000".parse().unwrap();
        let lower: PortfolioId = "550e8400-e29b-41d4-a716-446655440000".parse().unwrap();
        assert_eq!(upper, lower);
        assert_eq!(upper.to_string(), "550e8400-e29b-41d4-a716-446655440000");
    }

    #[test]
    fn other_spellings_are_refused() {
        for text in [
            "",
            "42",
            "550e8400e29b41d4a716446655440000",
            "{550e8400-e29b-41d4-a716-446655440000}",
            "urn:uuid:550e8400-e29b-41d4-a716-446655440000",
            "550e8400-e29b-41d4-a716-44665544000g",
        ] {
            assert_eq!(text.parse::<PortfolioId>(), Err(IdError), "{text}");
        }
    }
}
