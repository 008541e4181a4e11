//! Finding where a frame ends, without looking at any octet twice.

use std::fmt;
use std::ops::Range;

use memchr::{memchr, memchr2};

use crate::error::{FrameError, excerpt};
use crate::frame::colon;
use crate::{Command, Limit, Limits, Version};

/// No command is longer than `UNSUBSCRIBE` with its CR; the rest is shown to whoever must find out
/// what was connected to this port.
const MAX_COMMAND_BYTES: usize = 32;

/// Length within which a body's first line is looked for, so that no octet is looked at for ever.
const FIRST_LINE_BYTES: usize = 2 * MAX_COMMAND_BYTES;

/// Sender of the stream, by which commands it may carry.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Side {
    Client,
    Server,
}

/// Progress in reading a frame. Offsets count from the frame's first octet.
#[derive(Debug)]
pub(super) struct Scan {
    /// The version by which the headers will be read.
    version: Version,
    state: ScanState,
    /// Offset of the line being read.
    line_start: usize,
    /// Everything before this was looked at.
    scanned: usize,
    headers: usize,
    content_length: Option<Range<usize>>,
    /// Every header line has a name, as received, and a `:`.
    named: bool,
}

#[derive(Debug, Clone, Copy)]
enum ScanState {
    Command,
    Headers { command: Command, start: usize },
    Body { command: Command, start: usize, headers_end: usize, body_start: usize, total: Option<usize> },
}

/// Result of the octets so far.
#[derive(Debug)]
pub(super) enum Progress {
    /// More is needed.
    Partial,
    /// A bare EOL of this many octets.
    Heartbeat(usize),
    /// A frame of [`Extent::total`] octets.
    Frame(Extent),
}

/// Offsets of the parts of a whole frame.
#[derive(Debug)]
pub(super) struct Extent {
    pub(super) command: Command,
    /// Header lines with their EOLs, the blank line not included.
    pub(super) headers: Range<usize>,
    pub(super) body: Range<usize>,
    pub(super) total: usize,
    /// Every header line has a name, as received, and a `:`.
    pub(super) named: bool,
}

/// Part that a frame which has begun still lacks, for whoever waited for it in vain.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Lacking {
    /// The end of its first line.
    Command,
    /// The blank line after its headers, and what follows that.
    BlankLine(Command),
    /// Octets of the body that was announced, and the NUL.
    Body {
        /// The frame's command.
        command: Command,
        /// Octets that are missing.
        bytes: usize,
    },
    /// The NUL alone.
    Nul(Command),
}

impl fmt::Display for Lacking {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Command => {
                f.write_str("the first line of a frame has not ended, nor has the frame, by a NUL")
            }
            Self::BlankLine(command) => {
                write!(f, "the {command} frame lacks the blank line after its headers, and its NUL")
            }
            Self::Body { command, bytes } => {
                write!(f, "the {command} frame lacks {bytes} octets of its content-length, and its NUL")
            }
            Self::Nul(command) => write!(f, "the {command} frame lacks the NUL that ends it"),
        }
    }
}

enum Line<'a> {
    Partial,
    TooLong,
    /// The line up to its NUL, which is included.
    Nul(&'a [u8]),
    /// A line without its EOL.
    Whole(&'a [u8], Range<usize>),
}

impl Scan {
    pub(super) const fn new(version: Version) -> Self {
        Self {
            version,
            state: ScanState::Command,
            line_start: 0,
            scanned: 0,
            headers: 0,
            content_length: None,
            named: true,
        }
    }

    /// Reads on. `data` is the frame from its first octet, as far as it has come, and may go on
    /// beyond its end. The outcome depends on the octets alone, not on how they were cut.
    pub(super) fn advance(
        &mut self,
        data: &[u8],
        side: Side,
        limits: &Limits,
    ) -> Result<Progress, FrameError> {
        let window = data.get(..limits.max_frame_bytes).unwrap_or(data);
        loop {
            let progress = match self.state {
                ScanState::Command => self.command_line(window, side)?,
                ScanState::Headers { command, start } => {
                    self.header_lines(window, side, command, start, limits)?
                }
                ScanState::Body { .. } => return self.body(window, side, data.len(), limits),
            };
            match progress {
                None => {}
                Some(Progress::Partial) => return within(data.len(), limits),
                Some(found) => return Ok(found),
            }
        }
    }

    /// The frame's length, once `content-length` has told it.
    pub(super) const fn announced_total(&self) -> Option<usize> {
        match self.state {
            ScanState::Body { total, .. } => total,
            _ => None,
        }
    }

    /// Part that is lacking after `received` octets.
    pub(super) const fn lacking(&self, received: usize) -> Lacking {
        match self.state {
            ScanState::Command => Lacking::Command,
            ScanState::Headers { command, .. } => Lacking::BlankLine(command),
            ScanState::Body { command, total: Some(total), .. } if received + 1 < total => {
                Lacking::Body { command, bytes: total - received - 1 }
            }
            ScanState::Body { command, .. } => Lacking::Nul(command),
        }
    }

    /// The command and the whole header lines so far, for naming a frame that is refused.
    pub(super) const fn seen(&self) -> Option<(Command, Range<usize>)> {
        match self.state {
            ScanState::Command => None,
            ScanState::Headers { command, start } => Some((command, start..self.line_start)),
            ScanState::Body { command, start, headers_end, .. } => Some((command, start..headers_end)),
        }
    }

    fn command_line(&mut self, window: &[u8], side: Side) -> Result<Option<Progress>, FrameError> {
        let shown = match self.line(window, MAX_COMMAND_BYTES) {
            Line::Partial => return Ok(Some(Progress::Partial)),
            Line::Whole(b"", _) => return Ok(Some(Progress::Heartbeat(self.scanned))),
            Line::Whole(line, _) => match Command::from_line(line) {
                Some(command) if side.sends(command) => {
                    self.state = ScanState::Headers { command, start: self.line_start };
                    return Ok(None);
                }
                _ => excerpt(line),
            },
            Line::Nul(line) => excerpt(line),
            Line::TooLong => format!("{}...", excerpt(window.get(..MAX_COMMAND_BYTES).unwrap_or(window))),
        };
        Err(FrameError::UnknownCommand { shown })
    }

    /// Reads header lines up to the blank one that ends them.
    fn header_lines(
        &mut self,
        window: &[u8],
        side: Side,
        command: Command,
        start: usize,
        limits: &Limits,
    ) -> Result<Option<Progress>, FrameError> {
        loop {
            let headers_end = self.line_start;
            match self.line(window, limits.max_header_line_bytes) {
                Line::Whole(b"", _) => {
                    // The state comes first: a refusal of the length still names the frame's receipt.
                    let body_start = self.scanned;
                    self.state = ScanState::Body { command, start, headers_end, body_start, total: None };
                    let total = self.total(window, body_start, limits)?;
                    self.state = ScanState::Body { command, start, headers_end, body_start, total };
                    return Ok(None);
                }
                Line::Whole(line, at) => {
                    self.headers += 1;
                    if self.headers > limits.max_headers {
                        let limit = Limit::new("max_headers", limits.max_headers);
                        return Err(FrameError::TooManyHeaders { command, limit });
                    }
                    let colon = colon(line);
                    self.named &= colon.is_some_and(|at| at > 0);
                    if colon.is_none() {
                        no_frame_begins(line, side, command)?;
                    }
                    if self.content_length.is_none() {
                        let padded = self.version == Version::V1_0 && !command.opens_session();
                        self.content_length = content_length_value(line, at.start, padded);
                    }
                }
                Line::Partial => return Ok(Some(Progress::Partial)),
                Line::Nul(_) => return Err(FrameError::NulInHeaders { command }),
                Line::TooLong => {
                    let limit = Limit::new("max_header_line_bytes", limits.max_header_line_bytes);
                    return Err(FrameError::HeaderLineTooLong { command, limit });
                }
            }
        }
    }

    #[inline]
    fn line<'a>(&mut self, window: &'a [u8], max_bytes: usize) -> Line<'a> {
        let unread = window.get(self.scanned..).unwrap_or_default();
        let Some(found) = memchr2(b'\n', 0, unread) else {
            self.scanned = window.len();
            let length = self.scanned.saturating_sub(self.line_start);
            return if length > max_bytes { Line::TooLong } else { Line::Partial };
        };
        let (start, end) = (self.line_start, self.scanned + found);
        if end.saturating_sub(start) > max_bytes {
            return Line::TooLong;
        }
        let line = window.get(start..end).unwrap_or_default();
        if unread.get(found) == Some(&0) {
            return Line::Nul(window.get(start..=end).unwrap_or_default());
        }
        self.line_start = end + 1;
        self.scanned = self.line_start;
        let line = line.strip_suffix(b"\r").unwrap_or(line);
        Line::Whole(line, start..start + line.len())
    }

    /// The whole frame's length by its `content-length`, refused before any body is kept.
    fn total(&self, window: &[u8], body_start: usize, limits: &Limits) -> Result<Option<usize>, FrameError> {
        let Some(range) = self.content_length.clone() else { return Ok(None) };
        // Padding is let pass in every version: it can mean nothing else.
        let value = window.get(range).unwrap_or_default().trim_ascii();
        if value.is_empty() || !value.iter().all(u8::is_ascii_digit) {
            return Err(FrameError::BadContentLength { shown: excerpt(value) });
        }
        number(value)
            .and_then(|length| length.checked_add(body_start)?.checked_add(1))
            .filter(|total| *total <= limits.max_frame_bytes)
            .map(Some)
            .ok_or_else(|| FrameError::AnnouncedTooLarge {
                announced: excerpt(value),
                limit: Limit::new("max_frame_bytes", limits.max_frame_bytes),
            })
    }

    fn body(
        &mut self,
        window: &[u8],
        side: Side,
        received: usize,
        limits: &Limits,
    ) -> Result<Progress, FrameError> {
        let ScanState::Body { command, start, headers_end, body_start, total } = self.state else {
            return Ok(Progress::Partial);
        };
        if total.is_none() && !command.may_have_body() {
            let body = window.get(body_start..).unwrap_or_default();
            no_frame_begins(first_line(body).unwrap_or_default(), side, command)?;
        }
        let unread = window.get(self.scanned..).unwrap_or_default();
        let nul = || memchr(0, unread).map(|found| self.scanned + found + 1);
        let Some(total) = total.or_else(nul) else {
            self.scanned = window.len();
            return within(received, limits);
        };
        let body = body_start..total.saturating_sub(1);
        match window.get(body.end) {
            None => Ok(Progress::Partial),
            Some(0) => {
                let (headers, named) = (start..headers_end, self.named);
                Ok(Progress::Frame(Extent { command, headers, body, total, named }))
            }
            Some(_) => Err(FrameError::MissingNul { command, content_length: body.len() }),
        }
    }
}

impl Side {
    fn sends(self, command: Command) -> bool {
        command.is_from_client() == (self == Self::Client)
    }
}

/// The first line of a body that has something else than an EOL in it, once it has come whole.
fn first_line(body: &[u8]) -> Option<&[u8]> {
    let head = body.get(..FIRST_LINE_BYTES).unwrap_or(body);
    let start = head.iter().position(|byte| !matches!(byte, b'\r' | b'\n'))?;
    let line = head.get(start..)?;
    let line = line.get(..memchr(b'\n', line)?)?;
    Some(line.strip_suffix(b"\r").unwrap_or(line))
}

/// A line that is a command, where a frame can have none, begins the frame after: the NUL between
/// them is missing.
fn no_frame_begins(line: &[u8], side: Side, command: Command) -> Result<(), FrameError> {
    match Command::from_line(line) {
        Some(next) if side.sends(next) => Err(FrameError::NextFrameWithin { command, next }),
        _ => Ok(()),
    }
}

/// A frame that isn't whole by the last octet allowed never fits.
const fn within(received: usize, limits: &Limits) -> Result<Progress, FrameError> {
    if received >= limits.max_frame_bytes {
        return Err(FrameError::FrameTooLarge {
            limit: Limit::new("max_frame_bytes", limits.max_frame_bytes),
        });
    }
    Ok(Progress::Partial)
}

/// Offsets of the value, if the line is a `content-length`. If names may be `padded`, one with blanks around it is one,
/// too: else the frame would end elsewhere than its own headers say.
fn content_length_value(line: &[u8], line_start: usize, padded: bool) -> Option<Range<usize>> {
    let value = match line.strip_prefix(b"content-length:") {
        None if padded => {
            let (name, value) = str::from_utf8(line).ok()?.split_once(':')?;
            (name.trim_matches([' ', '\t']) == "content-length").then_some(value.as_bytes())?
        }
        value => value?,
    };
    let end = line_start + line.len();
    Some(end - value.len()..end)
}

/// Value of decimal digits, if it can be counted.
fn number(digits: &[u8]) -> Option<usize> {
    digits.iter().try_fold(0_usize, |sum, digit| {
        sum.checked_mul(10)?.checked_add(usize::from(digit.saturating_sub(b'0')))
    })
}
