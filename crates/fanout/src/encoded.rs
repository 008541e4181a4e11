//! The newest encoding of one value, shared by all who read it.

use std::sync::{Arc, OnceLock};

use arc_swap::ArcSwap;
use bytes::Bytes;
use hub_core::Offset;

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
    /// `None` inside: there is no value.
    json: OnceLock<Option<Bytes>>,
}

impl EncodedCell {
    /// The encoding at `version`, which `encode` computes if nobody has before.
    /// A version older than the newest asked for (a reader that lags behind)
    /// is computed and not kept.
    pub fn at(&self, version: Offset, encode: impl FnOnce() -> Option<Bytes>) -> Option<Bytes> {
        if self.0.load().version < version {
            let newer = Arc::new(Version { version, json: OnceLock::new() });
            self.0.rcu(|held| Arc::clone(if held.version < version { &newer } else { held }));
        }
        let held = self.0.load();
        if held.version == version { held.json.get_or_init(encode).clone() } else { encode() }
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
        let encode = |text: &'static str| move || Some(Bytes::from_static(text.as_bytes()));
        let never = || -> Option<Bytes> { panic!("encoded before") };
        assert_eq!(cell.at(Offset(2), encode("two")).as_deref(), Some(&b"two"[..]));
        assert_eq!(cell.at(Offset(2), never).as_deref(), Some(&b"two"[..]));
        assert_eq!(cell.at(Offset(1), encode("one")).as_deref(), Some(&b"one"[..]));
        assert_eq!(cell.at(Offset(2), never).as_deref(), Some(&b"two"[..]));
        assert_eq!(cell.at(Offset(3), || None), None);
        assert_eq!(cell.at(Offset(3), never), None);
        assert!(cell.holds(Offset(3)) && !cell.holds(Offset(2)));
    }
}
