//! Dead letters as they are walked.

use std::borrow::Cow;

use hub_core::{Event, Offset, Rejection, Timestamp};
use serde::de::Error;
use serde::{Deserialize, Deserializer, Serialize};

use super::DeadLetter;

/// All of a [`Rejection`], whether or not it names a field: a walk leaves nothing out.
#[derive(Serialize, Deserialize)]
#[serde(remote = "Rejection")]
pub(super) struct WalkedRejection {
    reason: Cow<'static, str>,
    field: Option<Cow<'static, str>>,
}

#[derive(Deserialize)]
struct Walked {
    offset: Offset,
    at: Timestamp,
    kind: String,
    #[serde(with = "WalkedRejection")]
    rejection: Rejection,
    readable: bool,
}

impl<'de> Deserialize<'de> for DeadLetter {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<DeadLetter, D::Error> {
        let Walked { offset, at, kind, rejection, readable } = Walked::deserialize(from)?;
        let mut kinds = Event::kinds().chain(["unknown"]);
        let kind = kinds
            .find(|known| *known == kind)
            .ok_or_else(|| D::Error::custom(format_args!("there is no kind {kind:?}")))?;
        Ok(DeadLetter { offset, at, kind, rejection, readable })
    }
}
