//! The newest encoding of one value, shared by all who read it.

use std::sync::{Mutex, PoisonError};

use bytes::Bytes;
use hub_core::{Expired, Offset};

/// A value as encoded for the newest version anybody has asked for; it stays
/// where the value is, while versions come and go.
///
/// Of several threads that ask at once one encodes, and the others wait for it: for one encoding, never for longer. A
/// lock, because it is hardly ever taken by two, and costs a quarter of a pointer that is swapped.
#[derive(Default, Debug)]
pub struct EncodedCell(Mutex<Option<Encoded>>);

#[derive(Debug)]
struct Encoded {
    version: Offset,
    /// `None`: there is no value.
    json: Option<Bytes>,
}

impl EncodedCell {
    /// The encoding at `version`, which `encode` computes if nobody has before.
    /// A version older than the newest asked for (a reader that lags behind)
    /// is computed and not kept. Whose view has expired leaves it to the others.
    pub fn at(
        &self,
        version: Offset,
        encode: impl FnOnce() -> Result<Option<Bytes>, Expired>,
    ) -> Result<Option<Bytes>, Expired> {
        let mut held = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        match &*held {
            Some(encoded) if encoded.version == version => return Ok(encoded.json.clone()),
            Some(encoded) if encoded.version > version => {
                drop(held);
                return encode();
            }
            _ => {}
        }
        let json = encode()?;
        *held = Some(Encoded { version, json: json.clone() });
        Ok(json)
    }

    /// True if `version` is the one held.
    pub fn holds(&self, version: Offset) -> bool {
        let held = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        held.as_ref().is_some_and(|encoded| encoded.version == version)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_version_is_encoded_once_and_an_older_one_evicts_nothing() {
        let cell = EncodedCell::default();
        let encode = |text: &'static str| move || Ok(Some(Bytes::from_static(text.as_bytes())));
        let never = || -> Result<Option<Bytes>, Expired> { panic!("encoded before") };
        let text = |text: &'static str| Ok(Some(Bytes::from_static(text.as_bytes())));
        assert_eq!(cell.at(Offset(2), encode("two")), text("two"));
        assert_eq!(cell.at(Offset(2), never), text("two"));
        assert_eq!(cell.at(Offset(1), encode("one")), text("one"));
        assert_eq!(cell.at(Offset(2), never), text("two"));
        assert_eq!(cell.at(Offset(3), || Ok(None)), Ok(None));
        assert_eq!(cell.at(Offset(3), never), Ok(None));
        assert!(cell.holds(Offset(3)) && !cell.holds(Offset(2)));
    }

    #[test]
    fn whose_view_has_expired_keeps_nobody_from_the_value() {
        let cell = EncodedCell::default();
        let value = Ok(Some(Bytes::from_static(b"1")));
        assert_eq!(cell.at(Offset(1), || Err(Expired)), Err(Expired));
        assert_eq!(cell.at(Offset(1), || value.clone()), value);
        assert_eq!(cell.at(Offset(1), || Err(Expired)), value, "which is there now");
    }
}
