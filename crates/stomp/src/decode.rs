//! From bytes to frames, incrementally.

mod scan;

use std::fmt;
use std::ops::Range;

use memchr::memchr;

pub use self::scan::Lacking;
pub(crate) use self::scan::Side;
use self::scan::{Extent, Progress, Scan};
use crate::error::FrameError;
use crate::{Command, Frame, Headers, Limits, Version};

/// One thing that came in.
#[derive(Debug, Clone, Copy)]
pub enum Item<'a> {
    /// A frame.
    Frame(Frame<'a>),
    /// An EOL between frames. One is reported per EOL; the ones that may follow a frame count too.
    Heartbeat,
}

/// A frame that is refused.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BadFrame {
    /// Fault of the frame.
    pub error: FrameError,
    /// The frame's `receipt`, where its headers had come so far.
    pub receipt: Option<Box<str>>,
}

impl fmt::Display for BadFrame {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.error.fmt(f)
    }
}

impl std::error::Error for BadFrame {}

/// An incremental decoder of one direction of one connection.
///
/// A frame that lies whole in the input is lent from there. Only one that is split is gathered in
/// a buffer, which grows with the octets received, never with those announced, and is freed by the
/// first call after its frame was lent: an idle decoder holds none.
#[derive(Debug)]
pub struct Decoder {
    limits: Limits,
    side: Side,
    state: DecoderState,
}

/// A decoder without its limits: sessions have theirs in common, and an idle one is to be small.
#[derive(Debug)]
pub(crate) struct DecoderState {
    version: Version,
    /// After an error: where the next frame begins can't be known.
    broken: bool,
    partial: Option<Box<Partial>>,
}

/// A frame that came in pieces.
#[derive(Debug)]
struct Partial {
    bytes: Vec<u8>,
    scan: Scan,
    /// Its item was returned, so nothing is left to be gathered.
    lent: bool,
}

impl Decoder {
    /// A server's decoder: it takes client commands, and nothing else.
    pub const fn new(limits: Limits) -> Self {
        Self::of(Side::Client, limits)
    }

    /// A client's decoder: it takes server commands, and nothing else.
    pub const fn for_client(limits: Limits) -> Self {
        Self::of(Side::Server, limits)
    }

    const fn of(side: Side, limits: Limits) -> Self {
        Self { limits, side, state: DecoderState::new() }
    }

    /// Sets the version that was agreed upon, 1.0 until then. It decides on escaping from the next
    /// item on.
    pub const fn set_version(&mut self, version: Version) {
        self.state.set_version(version);
    }

    /// Octets of memory held for a frame that came in pieces.
    pub fn buffered(&self) -> usize {
        self.state.buffered()
    }

    /// True from a frame's first octet until it is whole.
    pub fn in_frame(&self) -> bool {
        self.state.in_frame()
    }

    /// Part that a frame which has begun still lacks, and the `receipt` it asked for, if that has come.
    pub fn lacking(&self) -> Option<(Lacking, Option<Box<str>>)> {
        self.state.lacking()
    }

    /// Takes the next item off the front of `input`. Call it until it returns `None`: all of the
    /// input is then consumed.
    ///
    /// After an error the stream can't be followed any further; what still comes is discarded.
    pub fn next<'s, 'i: 's>(&'s mut self, input: &mut &'i [u8]) -> Result<Option<Item<'s>>, BadFrame> {
        self.state.next(input, self.side, &self.limits)
    }
}

impl DecoderState {
    pub(crate) const fn new() -> Self {
        Self { version: Version::V1_0, broken: false, partial: None }
    }

    /// See [`Decoder::set_version`].
    pub(crate) const fn set_version(&mut self, version: Version) {
        self.version = version;
    }

    /// See [`Decoder::buffered`].
    pub(crate) fn buffered(&self) -> usize {
        self.partial.as_ref().map_or(0, |partial| partial.bytes.capacity())
    }

    /// See [`Decoder::in_frame`].
    pub(crate) fn in_frame(&self) -> bool {
        self.partial.as_ref().is_some_and(|partial| !partial.lent)
    }

    /// See [`Decoder::lacking`].
    pub(crate) fn lacking(&self) -> Option<(Lacking, Option<Box<str>>)> {
        let partial = self.partial.as_deref().filter(|partial| !partial.lent)?;
        let receipt = receipt(&partial.bytes, partial.scan.seen(), self.version);
        Some((partial.scan.lacking(partial.bytes.len()), receipt))
    }

    /// See [`Decoder::next`]. A frame is held to the limits of each call that brings a part of it.
    pub(crate) fn next<'s, 'i: 's>(
        &'s mut self,
        input: &mut &'i [u8],
        side: Side,
        limits: &Limits,
    ) -> Result<Option<Item<'s>>, BadFrame> {
        self.release();
        if self.broken {
            *input = &[];
        }
        if input.is_empty() {
            return Ok(None);
        }
        if self.partial.is_none() {
            self.begin(input, side, limits)
        } else {
            self.resume(input, side, limits)
        }
    }

    /// Frees the buffer that the last item was lent from.
    pub(crate) fn release(&mut self) {
        if self.broken || self.partial.as_ref().is_some_and(|partial| partial.lent) {
            self.partial = None;
        }
    }

    /// A frame's first octets: nothing is copied unless the rest is still to come.
    fn begin<'s, 'i: 's>(
        &'s mut self,
        input: &mut &'i [u8],
        side: Side,
        limits: &Limits,
    ) -> Result<Option<Item<'s>>, BadFrame> {
        let mut scan = Scan::new(self.version);
        match scan.advance(input, side, limits) {
            Ok(Progress::Partial) => {
                let bytes = take(input, input.len()).to_vec();
                self.partial = Some(Box::new(Partial { bytes, scan, lent: false }));
                Ok(None)
            }
            Ok(Progress::Heartbeat(length)) => {
                take(input, length);
                Ok(Some(Item::Heartbeat))
            }
            Ok(Progress::Frame(extent)) => {
                let frame = read(take(input, extent.total), &extent, self.version);
                self.broken = frame.is_err();
                frame.map(Some)
            }
            Err(error) => {
                self.broken = true;
                Err(refused(error, take(input, input.len()), scan.seen(), self.version))
            }
        }
    }

    /// The rest of a frame that came in pieces.
    fn resume<'s>(
        &'s mut self,
        input: &mut &[u8],
        side: Side,
        limits: &Limits,
    ) -> Result<Option<Item<'s>>, BadFrame> {
        let Some(partial) = self.partial.as_deref_mut() else { return Ok(None) };
        let extent = loop {
            let piece = partial.next_piece(input, limits);
            partial.bytes.extend_from_slice(piece);
            let progress = partial.scan.advance(&partial.bytes, side, limits);
            let ours = match &progress {
                Ok(Progress::Partial) | Err(_) => partial.bytes.len(),
                Ok(Progress::Heartbeat(length)) => *length,
                Ok(Progress::Frame(extent)) => extent.total,
            };
            let beyond = partial.bytes.len().saturating_sub(ours);
            take(input, piece.len().saturating_sub(beyond));
            match progress {
                Ok(Progress::Partial) if input.is_empty() => return Ok(None),
                Ok(Progress::Partial) => {}
                Ok(Progress::Heartbeat(_)) => {
                    partial.lent = true;
                    return Ok(Some(Item::Heartbeat));
                }
                Ok(Progress::Frame(extent)) => break extent,
                Err(error) => {
                    self.broken = true;
                    take(input, input.len());
                    return Err(refused(error, &partial.bytes, partial.scan.seen(), self.version));
                }
            }
        };
        partial.lent = true;
        let frame = read(&partial.bytes, &extent, self.version);
        self.broken = frame.is_err();
        frame.map(Some)
    }
}

impl Partial {
    /// As much of `input` as can belong to this frame, so that what follows it is not copied:
    /// up to the announced end, else up to a NUL, and never more than a frame may have.
    fn next_piece<'i>(&self, input: &'i [u8], limits: &Limits) -> &'i [u8] {
        let most = match self.scan.announced_total() {
            Some(total) => total,
            None => memchr(0, input).map_or(usize::MAX, |nul| self.bytes.len() + nul + 1),
        };
        let room = most.min(limits.max_frame_bytes).saturating_sub(self.bytes.len());
        input.get(..room).unwrap_or(input)
    }
}

/// Splits `length` octets off the front of `input`.
fn take<'i>(input: &mut &'i [u8], length: usize) -> &'i [u8] {
    let (front, rest) = input.split_at_checked(length).unwrap_or((input, &[]));
    *input = rest;
    front
}

/// Checks the headers of a whole frame and lends it.
fn read<'a>(bytes: &'a [u8], extent: &Extent, version: Version) -> Result<Item<'a>, BadFrame> {
    let command = extent.command;
    let part = |range: Range<usize>| bytes.get(range).unwrap_or_default();
    match Headers::checked(part(extent.headers.clone()), extent.named, command, version) {
        Ok(headers) => Ok(Item::Frame(Frame { command, headers, body: part(extent.body.clone()) })),
        Err(error) => Err(refused(error, bytes, Some((command, extent.headers.clone())), version)),
    }
}

/// Names the frame that is refused by its `receipt`, if that has been seen.
fn refused(
    error: FrameError,
    bytes: &[u8],
    seen: Option<(Command, Range<usize>)>,
    version: Version,
) -> BadFrame {
    BadFrame { error, receipt: receipt(bytes, seen, version) }
}

/// The `receipt` of a frame of which this has been seen.
fn receipt(bytes: &[u8], seen: Option<(Command, Range<usize>)>, version: Version) -> Option<Box<str>> {
    let (command, at) = seen?;
    let headers = Headers::lenient(bytes.get(at)?, command, version)?;
    headers.get("receipt").map(|receipt| receipt.into_owned().into_boxed_str())
}
