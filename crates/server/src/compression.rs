//! How messages to WebSocket clients are compressed (RFC 7692).

use hub_ws::deflate::Settings;

/// What is done where a client offers permessage-deflate.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Compression {
    /// Messages shorter than this are sent as they are, in bytes.
    pub min_bytes: usize,
    /// zlib's level, 1 (fastest) to 9.
    pub level: u32,
    /// Whether a client's messages may point back to its earlier ones, of which then up to 32 KiB are
    /// remembered.
    pub client_context_takeover: bool,
}

impl Compression {
    /// What is agreed to. The hub's messages never point back: they are compressed once, for all subscribers.
    pub(crate) fn settings(self) -> Settings {
        Settings { client_context_takeover: self.client_context_takeover, ..Settings::SHARED }
    }
}
