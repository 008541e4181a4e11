//! A decoded frame, borrowed from the bytes it came in.

use std::borrow::Cow;
use std::fmt;

use memchr::memchr;

use crate::Command;
use crate::error::{FrameError, excerpt};
use crate::escape::Dialect;
use crate::reserved::is_reserved;
use crate::version::Version;

/// Values that no log line may show.
const SECRET: [&str; 2] = ["passcode", "authorization"];

/// One frame (STOMP 1.2, "STOMP Frames").
#[derive(Debug, Clone, Copy)]
pub struct Frame<'a> {
    /// Command of the frame.
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
    /// Rules by which the block is read. If it holds no backslash, those of a dialect that escapes nothing.
    dialect: Dialect,
}

impl<'a> Headers<'a> {
    /// The lines of `block`, with their EOLs and without the blank one.
    fn new(block: &'a str, command: Command, version: Version) -> Self {
        let dialect = Dialect::of(command, version);
        let plain = dialect.escapes() && memchr(b'\\', block.as_bytes()).is_none();
        Self { block, dialect: if plain { Dialect::Opening } else { dialect } }
    }

    /// Checks `block`. If its lines are `named`, each has a name, as received, and a `:`: where
    /// nothing is escaped or trimmed, that is all there is to it.
    pub(crate) fn checked(
        block: &'a [u8],
        named: bool,
        command: Command,
        version: Version,
    ) -> Result<Self, FrameError> {
        let block = str::from_utf8(block).map_err(|_| FrameError::HeadersNotUtf8 { command })?;
        let headers = Self::new(block, command, version);
        if headers.dialect == Dialect::Opening && named {
            return Ok(headers);
        }
        for line in headers.lines() {
            headers.check_line(line, command, version)?;
        }
        Ok(headers)
    }

    fn check_line(self, line: &str, command: Command, version: Version) -> Result<(), FrameError> {
        let Some((raw_name, raw_value)) = split(line) else {
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

    /// Headers as far as a refused frame's can be read, for the `receipt-id` of its ERROR.
    pub(crate) fn lenient(block: &'a [u8], command: Command, version: Version) -> Option<Self> {
        Some(Self::new(str::from_utf8(block).ok()?, command, version))
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
        if self.dialect == Dialect::Opening && colon(name.as_bytes()).is_none() {
            // Nothing is escaped or trimmed: the line begins with the name.
            return self.lines().find_map(|line| after_name(line, name)).map(Cow::Borrowed);
        }
        self.iter().find(|(found, _)| found == name).map(|(_, value)| value)
    }

    /// True if there is a header `name`.
    pub fn contains(self, name: &str) -> bool {
        self.get(name).is_some()
    }

    const fn lines(self) -> Lines<'a> {
        Lines(self.block)
    }

    /// Every header, unescaped, in the order received, repeated ones included.
    pub fn iter(self) -> HeaderIter<'a> {
        HeaderIter { lines: self.lines(), dialect: self.dialect }
    }

    /// The headers of a SEND that its MESSAGEs must carry ("SEND"), in the order received: all but
    /// those that are [reserved](crate::is_reserved).
    pub fn custom(self) -> impl Iterator<Item = (Cow<'a, str>, Cow<'a, str>)> + use<'a> {
        self.iter().filter(|(name, _)| !is_reserved(name))
    }
}

/// The lines of a block, without their EOLs.
#[derive(Clone)]
struct Lines<'a>(&'a str);

impl<'a> Iterator for Lines<'a> {
    type Item = &'a str;

    fn next(&mut self) -> Option<&'a str> {
        let end = memchr(b'\n', self.0.as_bytes())?;
        let line = self.0.get(..end)?;
        self.0 = self.0.get(end + 1..)?;
        Some(line.strip_suffix('\r').unwrap_or(line))
    }
}

/// Position of the colon that ends a line's name. Names are short: no search is quicker than a look at each octet.
pub(crate) fn colon(line: &[u8]) -> Option<usize> {
    line.iter().position(|byte| *byte == b':')
}

/// A line's name and value, as received.
fn split(line: &str) -> Option<(&str, &str)> {
    let colon = colon(line.as_bytes())?;
    Some((line.get(..colon)?, line.get(colon + 1..)?))
}

/// The value, if it is the line of this name.
fn after_name<'a>(line: &'a str, name: &str) -> Option<&'a str> {
    line.strip_prefix(name)?.strip_prefix(':')
}

/// The checked headers of a frame that opens no session, kept for later.
pub(crate) struct HeldHeaders(Box<str>);

impl HeldHeaders {
    /// Lends them again, to be read as `version` does.
    pub(crate) fn lend(&self, version: Version) -> Headers<'_> {
        Headers::new(&self.0, Command::Send, version)
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
        let (name, value) = self.lines.find_map(split)?;
        // Checked when the frame was decoded; what was refused then is shown as received.
        let read = |raw: &'a str| self.dialect.unescape(raw).unwrap_or(Cow::Borrowed(raw));
        Some((read(name), read(value)))
    }
}
