//! The opening handshake, the server's part (RFC 6455, section 4.2).
//!
//! [`is_asked`] tells a handshake from an ordinary request, [`check`] whether it is sound. The HTTP
//! server has parsed the request and vouches for what HTTP/1.1 asks of it (a Host); origin,
//! authentication and limits are the caller's to check.

use base64::Engine as _;
use base64::alphabet;
use base64::engine::DecodePaddingMode;
use base64::engine::general_purpose::{GeneralPurpose, GeneralPurposeConfig, STANDARD};
use bytes::Bytes;
use sha1::{Digest as _, Sha1};

use crate::deflate::{Agreement, BadExtensions};

/// Text that every server appends to the key (section 1.3).
const GUID: &str = "258EAFA5-E914-47DA-95CA-C5AB0DC85B11";

/// The version of RFC 6455.
const VERSION: &str = "13";

/// The nonce in a key, in bytes.
const NONCE_BYTES: usize = 16;

/// Lenient about the unused bits of the last character, which the RFC's own example (section 4.1, key
/// `AQIDBAUGBwgJCgsMDQ4PEC==`) sets.
const KEY_BASE64: GeneralPurpose = GeneralPurpose::new(
    &alphabet::STANDARD,
    GeneralPurposeConfig::new()
        .with_decode_allow_trailing_bits(true)
        .with_decode_padding_mode(DecodePaddingMode::RequireCanonical),
);

/// A request that asks for a WebSocket, as [`check`] found it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Upgrade<'h> {
    /// `Sec-WebSocket-Key`, for [`accept_key`].
    pub key: &'h str,
    /// `Sec-WebSocket-Protocol`: the subprotocols offered, the client's favourite first.
    pub subprotocols: Vec<&'h str>,
    /// The lines of `Sec-WebSocket-Extensions`, for [`deflate::negotiate`](crate::deflate::negotiate).
    pub extensions: Vec<&'h str>,
}

/// Choices of the server that an answer to an upgrade tells, beside the key (section 4.2.2, step 5).
#[derive(Debug, Clone, Copy, Default)]
pub struct Chosen<'a> {
    /// One of the subprotocols the client offered.
    pub subprotocol: Option<&'a str>,
    /// Extension agreed on, of those the client offered.
    pub deflate: Option<&'a Agreement>,
}

impl Upgrade<'_> {
    /// The value of `Sec-WebSocket-Accept` that answers this request.
    pub fn accept(&self) -> String {
        accept_key(self.key)
    }
}

/// A request that is not a WebSocket handshake, by the header at fault.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum HandshakeError {
    /// The method is not GET.
    #[error("a WebSocket handshake is a GET request")]
    Method,
    /// `Upgrade` does not list `websocket`.
    #[error("header Upgrade does not contain \"websocket\"")]
    Upgrade,
    /// `Connection` does not list `Upgrade`.
    #[error("header Connection does not contain \"Upgrade\"")]
    Connection,
    /// `Sec-WebSocket-Version` is missing, given twice, or not 13.
    #[error("header Sec-WebSocket-Version is not 13")]
    Version,
    /// `Sec-WebSocket-Key` is missing, given twice, or not 16 bytes in base64.
    #[error("header Sec-WebSocket-Key is not 16 bytes in base64")]
    Key,
    /// `Sec-WebSocket-Extensions` is no list of extensions.
    #[error(transparent)]
    Extensions(#[from] BadExtensions),
}

impl HandshakeError {
    /// The HTTP status to answer with (sections 4.2.1 and 4.4).
    pub const fn status(self) -> u16 {
        match self {
            Self::Method => 405,
            Self::Version => 426,
            Self::Upgrade | Self::Connection | Self::Key | Self::Extensions(_) => 400,
        }
    }

    /// The request header at fault; `None` when it is the method.
    pub const fn header(self) -> Option<&'static str> {
        match self {
            Self::Method => None,
            Self::Upgrade => Some("Upgrade"),
            Self::Connection => Some("Connection"),
            Self::Version => Some("Sec-WebSocket-Version"),
            Self::Key => Some("Sec-WebSocket-Key"),
            Self::Extensions(_) => Some("Sec-WebSocket-Extensions"),
        }
    }

    /// The headers that go with the status: what would be accepted instead (section 4.4; RFC 9110,
    /// sections 15.5.6 and 15.5.22).
    pub const fn response_headers(self) -> &'static [(&'static str, &'static str)] {
        match self {
            Self::Method => &[("Allow", "GET")],
            Self::Version => {
                &[("Upgrade", "websocket"), ("Connection", "Upgrade"), ("Sec-WebSocket-Version", VERSION)]
            }
            Self::Upgrade | Self::Connection | Self::Key | Self::Extensions(_) => &[],
        }
    }
}

/// Tells whether a request is a handshake, sound or not: `websocket` is among the protocols that the
/// lines of `Upgrade` list, in HTTP/1.1. In HTTP/1.0, `Upgrade` is to be ignored (RFC 9110, section 7.8).
///
/// ```
/// use hub_ws::handshake::is_asked;
/// assert!(is_asked(1, ["h2c, WebSocket"].into_iter()));
/// assert!(!is_asked(1, ["h2c"].into_iter()));
/// assert!(!is_asked(0, ["websocket"].into_iter()));
/// ```
pub fn is_asked<'h>(http_minor_version: u8, mut upgrade_lines: impl Iterator<Item = &'h str>) -> bool {
    http_minor_version >= 1 && upgrade_lines.any(|line| lists([line].into_iter(), "websocket"))
}

/// Checks a request against section 4.2.1.
///
/// `headers` gives the values of all lines of one header, in order; it is asked for names in lower case.
pub fn check<'h, Values>(
    method: &str,
    headers: impl Fn(&str) -> Values,
) -> Result<Upgrade<'h>, HandshakeError>
where
    Values: Iterator<Item = &'h str>,
{
    if method != "GET" {
        return Err(HandshakeError::Method);
    }
    if !lists(headers("upgrade"), "websocket") {
        return Err(HandshakeError::Upgrade);
    }
    if !lists(headers("connection"), "upgrade") {
        return Err(HandshakeError::Connection);
    }
    if only(headers("sec-websocket-version")) != Some(VERSION) {
        return Err(HandshakeError::Version);
    }
    let key = only(headers("sec-websocket-key")).filter(|key| is_nonce(key)).ok_or(HandshakeError::Key)?;
    Ok(Upgrade {
        key,
        subprotocols: tokens(headers("sec-websocket-protocol")).collect(),
        extensions: headers("sec-websocket-extensions").collect(),
    })
}

/// The value of `Sec-WebSocket-Accept` for a `Sec-WebSocket-Key` (section 4.2.2, step 5.4).
pub fn accept_key(key: &str) -> String {
    let digest = Sha1::new().chain_update(key).chain_update(GUID).finalize();
    STANDARD.encode(digest)
}

/// The first subprotocol offered that is supported, compared byte for byte.
///
/// The client lists them in order of its preference (section 4.1); its order decides, not the server's.
/// `None`: the handshake goes on without a subprotocol, and it is the client that may give up.
pub fn choose_subprotocol<'s>(offered: &[&str], supported: &[&'s str]) -> Option<&'s str> {
    offered.iter().find_map(|offer| supported.iter().find(|name| *name == offer)).copied()
}

/// The head of the 101 response (section 4.2.2), up to and including the empty line.
pub fn response_head(accept: &str, chosen: Chosen<'_>) -> Bytes {
    let mut head = format!(
        "HTTP/1.1 101 Switching Protocols\r\n\
         Upgrade: websocket\r\n\
         Connection: Upgrade\r\n\
         Sec-WebSocket-Accept: {accept}\r\n"
    );
    let extensions = chosen.deflate.map(Agreement::header_value);
    let lines = [("Protocol", chosen.subprotocol), ("Extensions", extensions.as_deref())];
    for (name, value) in lines {
        if let Some(value) = value {
            head.extend(["Sec-WebSocket-", name, ": ", value, "\r\n"]);
        }
    }
    head.push_str("\r\n");
    head.into()
}

/// True if a header that is a list has an element, in whatever case.
fn lists<'h>(values: impl Iterator<Item = &'h str>, token: &str) -> bool {
    tokens(values).any(|element| element.eq_ignore_ascii_case(token))
}

/// The elements of a header that is a list, over all its lines (RFC 9110, section 5.6.1).
fn tokens<'h>(values: impl Iterator<Item = &'h str>) -> impl Iterator<Item = &'h str> {
    values.flat_map(|value| value.split(',')).map(trim).filter(|token| !token.is_empty())
}

/// The value of a header that must be given exactly once (sections 11.3.1 and 11.3.5).
fn only<'h>(mut values: impl Iterator<Item = &'h str>) -> Option<&'h str> {
    let value = values.next()?;
    values.next().is_none().then(|| trim(value))
}

/// Without the whitespace that HTTP allows around a value.
fn trim(value: &str) -> &str {
    value.trim_matches([' ', '\t'])
}

fn is_nonce(key: &str) -> bool {
    // Room for what 24 characters can decode to; a longer key fails for lack of it.
    let mut nonce = [0; NONCE_BYTES + 2];
    KEY_BASE64.decode_slice(key, &mut nonce) == Ok(NONCE_BYTES)
}
