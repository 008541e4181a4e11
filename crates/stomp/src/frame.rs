//! A decoded frame, borrowed from the bytes it came in.

use std::borrow::Cow;
use std::fmt;
use std::str::Lines;

use crate::Command;
use crate::error::{FrameError, excerpt};
use crate::escape::Dialect;
use crate::version::Version;

/// Headers of a SEND that belong to that frame, or that the server sets on a MESSAGE itself.
const NOT_CUSTOM: [&str; 7] =
    ["destination", "content-length", "receipt", "transaction", "message-id", "subscription", "ack"];

/// Values that no log line may show.
const SECRET: [&str; 2] = ["passcode", "authorization"];

/// One frame (STOMP 1.2, "STOMP Frames").
#[derive(Debug, Clone, Copy)]
pub struct Frame<'a> {
    /// What the frame is.
    pub command: Command,
    /// Its headers, checked.
    pub headers: Headers<'a>,
    /// Its body without the NUL; may hold NULs when `content-length` was given.
    pub body: &'a [u8],
}

/// A frame's headers, read in place: each look-up walks the lines, of which there are few.
#[derive(Clone, Copy)]
pub struct Headers<'a> {
    block: &'a str,
    dialect: Dialect,
}

impl<'a> Headers<'a> {
    /// Checks every line of `block`, the header lines with their EOLs and without the blank one.
    pub(crate) fn checked(block: &'a [u8], command: Command, version: Version) -> Result<Self, FrameError> {
        let block = str::from_utf8(block).map_err(|_| FrameError::HeadersNotUtf8 { command })?;
        let headers = Self { block, dialect: Dialect::of(command, version) };
        for line in block.lines() {
            headers.check_line(line, command, version)?;
        }
        Ok(headers)
    }

    fn check_line(self, line: &str, command: Command, version: Version) -> Result<(), FrameError> {
        let Some((raw_name, raw_value)) = line.split_once(':') else {
            return Err(FrameError::HeaderWithoutColon { command, shown: excerpt(line) });
        };
        let undefined = |sequence: &str| FrameError::UndefinedEscape {
            command,
            header: excerpt(raw_name),
            sequence: excerpt(sequence),
            version,
        };
        let name = self.dialect.unescape(raw_name).map_err(|found| undefined(found.0))?;
        self.dialect.unescape(raw_value).map_err(|found| undefined(found.0))?;
        if name.is_empty() {
            return Err(FrameError::HeaderWithoutName { command, shown: excerpt(line) });
        }
        Ok(())
    }

    /// What can be read of a frame that is refused, for the `receipt-id` of its ERROR.
    pub(crate) fn lenient(block: &'a [u8], command: Command, version: Version) -> Option<Self> {
        let block = str::from_utf8(block).ok()?;
        Some(Self { block, dialect: Dialect::of(command, version) })
    }

    /// The header lines as received, with their EOLs.
    pub(crate) const fn block(self) -> &'a str {
        self.block
    }

    /// The same, borrowing nothing.
    pub(crate) fn to_held(self) -> HeldHeaders {
        HeldHeaders(self.block.into())
    }

    /// The value of `name`, unescaped: the first, where a header is repeated ("Repeated Header
    /// Entries").
    pub fn get(self, name: &str) -> Option<Cow<'a, str>> {
        self.iter().find(|(found, _)| found == name).map(|(_, value)| value)
    }

    /// Whether there is a header `name`.
    pub fn contains(self, name: &str) -> bool {
        self.iter().any(|(found, _)| found == name)
    }

    /// Every header, unescaped, in the order received, repeated ones included.
    pub fn iter(self) -> HeaderIter<'a> {
        HeaderIter { lines: self.block.lines(), dialect: self.dialect }
    }

    /// The headers of a SEND that its MESSAGEs must carry ("SEND"), in the order received: all but
    /// `destination`, `content-length`, `receipt`, `transaction`, and `message-id`,
    /// `subscription`, `ack`, which the server sets itself.
    pub fn custom(self) -> impl Iterator<Item = (Cow<'a, str>, Cow<'a, str>)> + use<'a> {
        self.iter().filter(|(name, _)| !NOT_CUSTOM.contains(&name.as_ref()))
    }
}

/// The checked headers of a frame that opens no session, kept for later.
pub(crate) struct HeldHeaders(Box<str>);

impl HeldHeaders {
    /// Lends them again, to be read as `version` does.
    pub(crate) fn lend(&self, version: Version) -> Headers<'_> {
        Headers { block: &self.0, dialect: Dialect::of(Command::Send, version) }
    }
}

impl fmt::Debug for HeldHeaders {
    /// Secrets may be among them.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} octets", self.0.len())
    }
}

impl<'a> IntoIterator for Headers<'a> {
    type Item = (Cow<'a, str>, Cow<'a, str>);
    type IntoIter = HeaderIter<'a>;

    fn into_iter(self) -> HeaderIter<'a> {
        self.iter()
    }
}

impl fmt::Debug for Headers<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let shown = self.iter().map(|(name, value)| {
            let value = redacted(&name, value);
            (name, value)
        });
        f.debug_map().entries(shown).finish()
    }
}

fn redacted<'a>(name: &str, value: Cow<'a, str>) -> Cow<'a, str> {
    let secret = SECRET.iter().any(|secret| secret.eq_ignore_ascii_case(name));
    if secret { Cow::Borrowed("<redacted>") } else { value }
}

/// A walk over [`Headers`].
#[derive(Clone)]
pub struct HeaderIter<'a> {
    lines: Lines<'a>,
    dialect: Dialect,
}

impl<'a> Iterator for HeaderIter<'a> {
    type Item = (Cow<'a, str>, Cow<'a, str>);

    fn next(&mut self) -> Option<Self::Item> {
        let (name, value) = self.lines.find_map(|line| line.split_once(':'))?;
        // Checked when the frame was decoded; what was refused then is shown as received.
        let read = |raw: &'a str| self.dialect.unescape(raw).unwrap_or(Cow::Borrowed(raw));
        Some((read(name), read(value)))
    }
}
