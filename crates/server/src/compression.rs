//! Compression of messages to WebSocket clients (RFC 7692).

use hub_ws::deflate::Settings;

/// The answer to a client that offers permessage-deflate.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Compression {
    /// Messages shorter than this are sent as they are, in bytes.
    pub min_bytes: usize,
    /// zlib's level, 1 (fastest) to 9.
    pub level: u32,
    /// Lets a client's messages point back to its earlier ones, of which then up to 32 KiB are remembered.
    pub client_context_takeover: bool,
}

impl Compression {
    /// Settings that are agreed to. The hub's messages never point back: they are compressed once, for all
    /// subscribers.
    pub(crate) fn settings(self) -> Settings {
        Settings { client_context_takeover: self.client_context_takeover, ..Settings::SHARED }
    }
}
