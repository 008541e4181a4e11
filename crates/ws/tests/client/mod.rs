//! A client as the tests need one: it writes masked frames, and notes what a decoder makes of them.
#![allow(dead_code, reason = "each test binary uses its part")]

use hub_ws::deflate::Inflater;
use hub_ws::{Connection, Decoder, Failure, Incoming, Input};

pub(crate) const FIN: u8 = 0x80;
pub(crate) const CONTINUATION: u8 = 0x0;
pub(crate) const TEXT: u8 = 0x1;
pub(crate) const BINARY: u8 = 0x2;
pub(crate) const CLOSE: u8 = 0x8;
pub(crate) const PING: u8 = 0x9;
pub(crate) const PONG: u8 = 0xa;

/// More than any message of a test that is not about limits.
pub(crate) const PLENTY: usize = 1 << 24;

const KEY: [u8; 4] = [0x37, 0xfa, 0x21, 0x3d];

/// What came out of a decoder, kept.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Event {
    Text(String),
    Binary(Vec<u8>),
    Ping(Vec<u8>),
    Pong(Vec<u8>),
    Close(Option<u16>, String),
    Failed(Failure),
}

impl From<Incoming<'_>> for Event {
    fn from(incoming: Incoming<'_>) -> Self {
        match incoming {
            Incoming::Text(text) => Self::Text(text.into()),
            Incoming::Binary(bytes) => Self::Binary(bytes.into()),
            Incoming::Ping(bytes) => Self::Ping(bytes.into()),
            Incoming::Pong(bytes) => Self::Pong(bytes.into()),
            Incoming::Close(code, reason) => Self::Close(code.map(hub_ws::CloseCode::get), reason.into()),
        }
    }
}

/// The header of a masked frame that announces `len` bytes, in as few bytes as can be.
pub(crate) fn header(first: u8, len: u64) -> Vec<u8> {
    let mut out = vec![first];
    if len < 126 {
        out.push(0x80 | len as u8);
    } else if len < 65536 {
        out.push(0xfe);
        out.extend((len as u16).to_be_bytes());
    } else {
        out.push(0xff);
        out.extend(len.to_be_bytes());
    }
    out.extend(KEY);
    out
}

/// A masked frame; `first` is its first byte.
pub(crate) fn frame(first: u8, payload: &[u8]) -> Vec<u8> {
    let mut out = header(first, payload.len() as u64);
    out.extend(payload.iter().zip(KEY.iter().cycle()).map(|(byte, key)| byte ^ key));
    out
}

/// A Close frame with a code and a reason.
pub(crate) fn close(code: u16, reason: &str) -> Vec<u8> {
    frame(FIN | CLOSE, &[&code.to_be_bytes(), reason.as_bytes()].concat())
}

/// Feeds `reads` to a decoder as one read each.
pub(crate) fn decode<'r>(limit: usize, reads: impl IntoIterator<Item = &'r [u8]>) -> Vec<Event> {
    let mut decoder = Decoder::new(limit);
    reads.into_iter().flat_map(|read| feed(&mut decoder, read)).collect()
}

/// One read.
pub(crate) fn feed(decoder: &mut Decoder, read: &[u8]) -> Vec<Event> {
    drain(read, |input| Ok(decoder.next(input, &mut Inflater::default())?.map(Event::from)))
}

/// One read.
pub(crate) fn receive(connection: &mut Connection, read: &[u8]) -> Vec<Event> {
    drain(read, |input| Ok(connection.receive(input, &mut Inflater::default())?.map(Event::from)))
}

/// Asks for what is next until the read is used up, as an owner has to; after a failure, too.
fn drain(read: &[u8], mut next: impl FnMut(&mut Input<'_>) -> Result<Option<Event>, Failure>) -> Vec<Event> {
    let mut scratch = read.to_vec();
    let mut input = Input::new(&mut scratch);
    let mut events = Vec::new();
    while let Some(event) = next(&mut input).unwrap_or_else(|failure| Some(Event::Failed(failure))) {
        events.push(event);
    }
    assert!(input.rest().is_empty(), "None says that the input is used up");
    events
}
