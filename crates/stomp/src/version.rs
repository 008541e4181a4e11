//! The protocol's versions and how one is agreed upon (STOMP 1.2, "Protocol Negotiation").

use std::fmt;

/// A version of STOMP, ordered from old to new.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Version {
    /// STOMP 1.0: no escaping, no heart-beats, no NACK.
    V1_0,
    /// STOMP 1.1.
    V1_1,
    /// STOMP 1.2.
    V1_2,
}

impl Version {
    /// Every version spoken here, from old to new.
    pub const ALL: [Self; 3] = [Self::V1_0, Self::V1_1, Self::V1_2];

    /// Every version spoken here, as the `version` header of an ERROR lists them.
    pub const SUPPORTED: &str = "1.0,1.1,1.2";

    /// As written in `version` and `accept-version`.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::V1_0 => "1.0",
            Self::V1_1 => "1.1",
            Self::V1_2 => "1.2",
        }
    }

    /// The WebSocket subprotocol registered for this version.
    pub const fn subprotocol(self) -> &'static str {
        match self {
            Self::V1_0 => "v10.stomp",
            Self::V1_1 => "v11.stomp",
            Self::V1_2 => "v12.stomp",
        }
    }

    /// The version a WebSocket subprotocol names.
    pub fn from_subprotocol(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|version| version.subprotocol() == name)
    }

    /// The newest version among the WebSocket subprotocols a client offers, if any is STOMP.
    pub fn choose_subprotocol<'a>(offered: impl IntoIterator<Item = &'a str>) -> Option<Self> {
        offered.into_iter().filter_map(|name| Self::from_subprotocol(name.trim())).max()
    }

    /// The newest version listed in an `accept-version` header that is spoken here.
    ///
    /// A client without the header speaks 1.0 only. `None` means that there is no common version.
    pub fn negotiate(accept_version: Option<&str>) -> Option<Self> {
        let Some(list) = accept_version else { return Some(Self::V1_0) };
        list.split(',').filter_map(|item| Self::from_text(item.trim())).max()
    }

    fn from_text(text: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|version| version.as_str() == text)
    }
}

impl fmt::Display for Version {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

#[cfg(test)]
mod tests {
    use super::Version;

    #[test]
    fn the_newest_common_version_wins_in_any_order() {
        for list in ["1.2,1.1,1.0", "1.0,1.1,1.2", "1.0, 1.2", "1.2,2.0"] {
            assert_eq!(Version::negotiate(Some(list)), Some(Version::V1_2), "{list}");
        }
        assert_eq!(Version::negotiate(Some("1.0,1.1,2.0")), Some(Version::V1_1));
    }

    #[test]
    fn a_client_that_names_no_version_speaks_1_0() {
        assert_eq!(Version::negotiate(None), Some(Version::V1_0));
    }

    #[test]
    fn versions_we_do_not_speak_are_not_common() {
        for list in ["", "2.0", "1.3,0.9", "1", "1.20"] {
            assert_eq!(Version::negotiate(Some(list)), None, "{list:?}");
        }
    }

    #[test]
    fn the_newest_offered_subprotocol_is_chosen() {
        let offered = ["v10.stomp", "v12.stomp", "v11.stomp", "mqtt"];
        assert_eq!(Version::choose_subprotocol(offered), Some(Version::V1_2));
        assert_eq!(Version::choose_subprotocol(["hub.msgpack"]), None);
        for version in Version::ALL {
            assert_eq!(Version::from_subprotocol(version.subprotocol()), Some(version));
        }
    }

    #[test]
    fn the_list_of_supported_versions_is_the_versions() {
        let list: Vec<_> = Version::ALL.iter().map(|version| version.as_str()).collect();
        assert_eq!(list.join(","), Version::SUPPORTED);
    }
}
