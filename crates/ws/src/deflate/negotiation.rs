//! Negotiation of permessage-deflate with a client that offers it (RFC 7692, sections 5 and 7.1).

use std::fmt::Write as _;

use super::WindowBits;

/// The name of the extension.
const NAME: &str = "permessage-deflate";

/// Terms that the server accepts and offers.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Settings {
    /// Lets the server's messages point back to earlier ones, if the client does, too. Then nothing that is compressed
    /// can be shared by several connections.
    pub server_context_takeover: bool,
    /// Lets a client's messages point back to earlier ones, which then are remembered.
    pub client_context_takeover: bool,
    /// The largest window of the server's messages.
    pub server_window: WindowBits,
    /// The largest window of a client's messages, where the client lets itself be told.
    pub client_window: WindowBits,
}

impl Settings {
    /// Nothing is remembered of any connection, and what is compressed is shared by all.
    pub const SHARED: Self = Self {
        server_context_takeover: false,
        client_context_takeover: false,
        server_window: WindowBits::MOST,
        client_window: WindowBits::MOST,
    };

    /// The smallest messages, at the cost of a window of up to 32 KiB a direction and connection.
    pub const TAKEOVER: Self =
        Self { server_context_takeover: true, client_context_takeover: true, ..Self::SHARED };
}

/// Terms that client and server have agreed on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Agreement {
    /// Server's messages may point back to earlier ones (section 7.1.1.1).
    pub server_context_takeover: bool,
    /// Client's messages may (section 7.1.1.2).
    pub client_context_takeover: bool,
    /// The window of the server's messages (section 7.1.2.1).
    pub server_window: WindowBits,
    /// The window of the client's (section 7.1.2.2).
    pub client_window: WindowBits,
    /// The client is told its window: only one that said it can be.
    tells_client_window: bool,
}

impl Agreement {
    /// The value of `Sec-WebSocket-Extensions` in the answer.
    pub fn header_value(&self) -> String {
        let mut value = NAME.to_owned();
        if !self.server_context_takeover {
            value.push_str("; server_no_context_takeover");
        }
        if !self.client_context_takeover {
            value.push_str("; client_no_context_takeover");
        }
        if self.server_window < WindowBits::MOST {
            let _ = write!(value, "; server_max_window_bits={}", self.server_window.get());
        }
        if self.tells_client_window && self.client_window < WindowBits::MOST {
            let _ = write!(value, "; client_max_window_bits={}", self.client_window.get());
        }
        value
    }
}

/// A `Sec-WebSocket-Extensions` that is no list of extensions: the connection has to be failed (RFC 6455,
/// section 9.1).
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("header Sec-WebSocket-Extensions is malformed")]
pub struct BadExtensions;

/// The first offer that can be agreed to; `None`: the connection goes on without compression.
///
/// `values` are those of all `Sec-WebSocket-Extensions` lines, in order, as the client prefers them. An offer
/// with a parameter that is unknown, given twice or out of range is declined, and so is one whose server
/// window is too small (section 7.1).
pub fn negotiate<'h>(
    values: impl IntoIterator<Item = &'h str>,
    settings: Settings,
) -> Result<Option<Agreement>, BadExtensions> {
    let mut agreed = None;
    for value in values {
        for extension in split(value, ',') {
            // Empty elements of a list are allowed (RFC 9110, section 5.6.1.2).
            if extension?.is_empty() {
                continue;
            }
            let offer = Offer::parse(extension?)?;
            agreed = agreed.or_else(|| Some(offer?.agree(settings)));
        }
    }
    Ok(agreed)
}

/// Offer of a client, with what it left open.
#[derive(Debug, Clone, Copy, Default)]
struct Offer {
    server_no_context_takeover: bool,
    client_no_context_takeover: bool,
    server_window: Option<WindowBits>,
    /// The client uses no larger one, even if it isn't told.
    client_window: Option<WindowBits>,
    /// The client can be told its window.
    client_can_be_told: bool,
}

impl Offer {
    /// `None` for another extension, and for an offer to be declined.
    fn parse(extension: &str) -> Result<Option<Self>, BadExtensions> {
        let mut parts = split(extension, ';');
        let name = parts.next().ok_or(BadExtensions)??;
        if !is_token(name) {
            return Err(BadExtensions);
        }
        let mut offer = name.eq_ignore_ascii_case(NAME).then(Self::default);
        for part in parts {
            let (parameter, value) = parameter(part?)?;
            offer = offer.and_then(|offer| offer.with(&parameter.to_ascii_lowercase(), value));
        }
        Ok(offer)
    }

    /// `None` for what is unknown, out of range, or there already.
    fn with(self, parameter: &str, value: Option<&str>) -> Option<Self> {
        let is_new = match parameter {
            "server_no_context_takeover" => !self.server_no_context_takeover,
            "client_no_context_takeover" => !self.client_no_context_takeover,
            "server_max_window_bits" => self.server_window.is_none(),
            "client_max_window_bits" => !self.client_can_be_told && self.client_window.is_none(),
            _ => false,
        };
        is_new.then_some(())?;
        Some(match (parameter, value) {
            ("server_no_context_takeover", None) => Self { server_no_context_takeover: true, ..self },
            ("client_no_context_takeover", None) => Self { client_no_context_takeover: true, ..self },
            ("server_max_window_bits", Some(bits)) => Self { server_window: Some(window(bits)?), ..self },
            ("client_max_window_bits", None) => Self { client_can_be_told: true, ..self },
            // It could only be told as much again; a window of 256 bytes lies within any other.
            ("client_max_window_bits", Some("8")) => Self { client_window: Some(WindowBits::LEAST), ..self },
            ("client_max_window_bits", Some(bits)) => {
                Self { client_window: Some(window(bits)?), client_can_be_told: true, ..self }
            }
            _ => return None,
        })
    }

    fn agree(self, settings: Settings) -> Agreement {
        let hinted = self.client_window.unwrap_or(WindowBits::MOST);
        let client_window = if self.client_can_be_told { hinted.min(settings.client_window) } else { hinted };
        Agreement {
            server_context_takeover: settings.server_context_takeover && !self.server_no_context_takeover,
            client_context_takeover: settings.client_context_takeover && !self.client_no_context_takeover,
            server_window: self.server_window.unwrap_or(WindowBits::MOST).min(settings.server_window),
            client_window,
            tells_client_window: self.client_can_be_told,
        }
    }
}

/// Digits without a leading zero (section 7.1.2).
fn window(bits: &str) -> Option<WindowBits> {
    let canonical = !bits.starts_with('0') && bits.bytes().all(|byte| byte.is_ascii_digit());
    canonical.then(|| bits.parse().ok().and_then(WindowBits::new)).flatten()
}

/// `name`, `name=value` or `name="value"`; what is quoted has to be a token, too (RFC 6455, section 9.1).
fn parameter(text: &str) -> Result<(&str, Option<&str>), BadExtensions> {
    let (name, value) = match text.split_once('=') {
        Some((name, value)) => (name.trim_end_matches(BLANKS), Some(value.trim_start_matches(BLANKS))),
        None => (text, None),
    };
    let value = value.map(|value| {
        let quoted = value.strip_prefix('"').and_then(|value| value.strip_suffix('"'));
        quoted.unwrap_or(value)
    });
    if is_token(name) && value.is_none_or(is_token) { Ok((name, value)) } else { Err(BadExtensions) }
}

const BLANKS: [char; 2] = [' ', '\t'];

/// RFC 9110, section 5.6.2.
fn is_token(text: &str) -> bool {
    !text.is_empty() && text.bytes().all(|b| b.is_ascii_alphanumeric() || b"!#$%&'*+-.^_`|~".contains(&b))
}

/// The parts of `text` between `separator`s that are not within quotes, trimmed.
fn split(text: &str, separator: char) -> impl Iterator<Item = Result<&str, BadExtensions>> {
    let mut rest = Some(text);
    std::iter::from_fn(move || {
        let text = rest?;
        let mut quoted = false;
        let end = text.char_indices().find(|(_, c)| {
            quoted ^= *c == '"';
            *c == separator && !quoted
        });
        let Some((end, _)) = end else {
            rest = None;
            return Some(if quoted { Err(BadExtensions) } else { Ok(text.trim_matches(BLANKS)) });
        };
        let (part, after) = text.split_at(end);
        rest = after.get(separator.len_utf8()..);
        Some(Ok(part.trim_matches(BLANKS)))
    })
}
