//! The newest encoding of one value, shared by all who read it.

use std::sync::{Arc, OnceLock};

use arc_swap::ArcSwap;
use bytes::Bytes;
use hub_core::{Expired, Offset};

/// A value as encoded for the newest version anybody has asked for; it stays
/// where the value is, while versions come and go.
///
/// Reading is wait-free once the version has been encoded. Of several threads
/// that ask for a new version at once, one encodes, the others wait for it.
#[derive(Default, Debug)]
pub struct EncodedCell(ArcSwap<Version>);

#[derive(Default, Debug)]
struct Version {
    version: Offset,
    /// `Ok(None)`: there is no value.
    json: OnceLock<Result<Option<Bytes>, Expired>>,
}

impl EncodedCell {
    /// The encoding at `version`, which `encode` computes if nobody has before.
    /// A version older than the newest asked for (a reader that lags behind)
    /// is computed and not kept. Whose view has expired leaves it to the others.
    pub fn at(
        &self,
        version: Offset,
        encode: impl Fn() -> Result<Option<Bytes>, Expired>,
    ) -> Result<Option<Bytes>, Expired> {
        if self.0.load().version < version {
            let newer = Arc::new(Version { version, json: OnceLock::new() });
            self.0.rcu(|held| Arc::clone(if held.version < version { &newer } else { held }));
        }
        let held = self.0.load();
        if held.version == version
            && let Ok(json) = held.json.get_or_init(&encode)
        {
            return Ok(json.clone());
        }
        encode()
    }

    /// True if `version` is the one held.
    pub fn holds(&self, version: Offset) -> bool {
        self.0.load().version == version
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
        assert_eq!(cell.at(Offset(1), || Err(Expired)), Err(Expired));
    }
}
