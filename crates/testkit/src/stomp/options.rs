//! Options of a STOMP client when it connects.

/// The versions of STOMP, and what differs between them on the wire.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Version {
    /// 1.0: no escapes.
    V1_0,
    /// 1.1: `\n`, `\c` and `\\`.
    V1_1,
    /// 1.2: `\r` too, and lines may end with CR LF.
    V1_2,
}

impl Version {
    /// The version as headers name it.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::V1_0 => "1.0",
            Self::V1_1 => "1.1",
            Self::V1_2 => "1.2",
        }
    }

    /// The version that CONNECTED names; 1.0 when it names none.
    pub(crate) fn named(name: Option<&str>) -> Option<Self> {
        match name {
            None | Some("1.0") => Some(Self::V1_0),
            Some("1.1") => Some(Self::V1_1),
            Some("1.2") => Some(Self::V1_2),
            Some(_) => None,
        }
    }
}

/// The headers of CONNECT.
#[derive(Debug, Clone)]
pub struct StompOptions {
    /// `accept-version`; no header when `None`, as from a 1.0 client.
    pub accept_version: Option<String>,
    /// `host`.
    pub host: Option<String>,
    /// `heart-beat` in milliseconds: what the client can send, what it wants. The client never sends
    /// one by itself: see [`send_heart_beat`](super::StompClient::send_heart_beat).
    pub heart_beat: Option<(u64, u64)>,
    /// Further headers.
    pub headers: Vec<(String, String)>,
}

impl Default for StompOptions {
    fn default() -> Self {
        Self {
            accept_version: Some("1.2,1.1,1.0".to_owned()),
            host: Some("localhost".to_owned()),
            heart_beat: Some((0, 0)),
            headers: Vec::new(),
        }
    }
}

impl StompOptions {
    /// The defaults with one version.
    pub fn only(version: Version) -> Self {
        Self { accept_version: Some(version.as_str().to_owned()), ..Self::default() }
    }

    pub(crate) fn connect_headers(&self) -> Vec<(String, String)> {
        let beats = self.heart_beat.map(|(sends, wants)| format!("{sends},{wants}"));
        [("accept-version", self.accept_version.clone()), ("host", self.host.clone()), ("heart-beat", beats)]
            .into_iter()
            .filter_map(|(name, value)| Some((name.to_owned(), value?)))
            .chain(self.headers.iter().cloned())
            .collect()
    }
}
