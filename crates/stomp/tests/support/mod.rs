//! A server that writes down what happens to it.
#![allow(clippy::disallowed_methods, reason = "a test needs an origin of time")]
#![allow(dead_code, reason = "each test file uses its part")]

use std::sync::Arc;
use std::time::Instant;

use hub_stomp::{Decoder, Item, Limits, Refusal, Request, Session, SessionConfig, Version};

pub(crate) fn config() -> SessionConfig {
    SessionConfig { server_name: "hub/1".to_owned(), ..SessionConfig::default() }
}

pub(crate) fn session() -> Session {
    Session::new(Arc::new(config()), Instant::now())
}

/// A session that was opened with the given version.
pub(crate) fn open(version: Version) -> Session {
    open_with(version, config())
}

pub(crate) fn open_with(version: Version, config: SessionConfig) -> Session {
    let now = Instant::now();
    let mut session = Session::new(Arc::new(config), now);
    let connect = format!("CONNECT\naccept-version:{version}\n\n\0");
    let mut input = connect.as_bytes();
    assert!(matches!(session.receive(&mut input, now), Ok(Some(Request::Connect(_)))));
    assert!(session.accept("s", now).is_some());
    session
}

/// Everything that `input` makes of the session: one line per request, the bytes written for it,
/// and how it ended.
#[derive(Debug, Default, PartialEq, Eq)]
pub(crate) struct Transcript {
    pub(crate) requests: Vec<String>,
    pub(crate) written: Vec<u8>,
    pub(crate) refused: Option<Refusal>,
}

impl Transcript {
    /// Accepts what is asked for and answers at once, as a server without a hub behind it.
    pub(crate) fn of<'a>(mut session: Session, pieces: impl IntoIterator<Item = &'a [u8]>) -> Self {
        let mut transcript = Self::default();
        for piece in pieces {
            transcript.feed(&mut session, piece);
        }
        transcript
    }

    pub(crate) fn feed(&mut self, session: &mut Session, piece: &[u8]) {
        self.feed_at(session, piece, Instant::now());
    }

    pub(crate) fn feed_at(&mut self, session: &mut Session, piece: &[u8], now: Instant) {
        let mut input = piece;
        loop {
            let connecting = match session.receive(&mut input, now) {
                Ok(Some(request)) => {
                    self.requests.push(format!("{request:?}"));
                    self.written.extend(reply(&request).unwrap_or_default());
                    matches!(request, Request::Connect(_))
                }
                Ok(None) => {
                    assert!(input.is_empty(), "input was left over");
                    return;
                }
                Err(refusal) => {
                    self.written.extend(refusal.error_frame());
                    self.refused = Some(refusal);
                    false
                }
            };
            if connecting {
                self.written.extend(session.accept("s-1", now).expect("a CONNECT awaits"));
            }
        }
    }
}

fn reply(request: &Request<'_>) -> Option<Vec<u8>> {
    request.reply()?.receipt_frame().map(Vec::from)
}

/// A decoded frame that borrows nothing.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Owned {
    pub(crate) command: String,
    pub(crate) headers: Vec<(String, String)>,
    pub(crate) body: Vec<u8>,
}

/// What a decoder makes of a stream: frames, `None` for a heart-beat, and the error it ended by.
pub(crate) type Decoded = (Vec<Option<Owned>>, Option<String>);

pub(crate) fn decode<'a>(mut decoder: Decoder, pieces: impl IntoIterator<Item = &'a [u8]>) -> Decoded {
    let mut items = Vec::new();
    let mut error = None;
    for mut piece in pieces {
        loop {
            match decoder.next(&mut piece) {
                Ok(Some(Item::Heartbeat)) => items.push(None),
                Ok(Some(Item::Frame(frame))) => items.push(Some(Owned {
                    command: frame.command.to_string(),
                    headers: frame.headers.iter().map(|(n, v)| (n.into(), v.into())).collect(),
                    body: frame.body.to_vec(),
                })),
                Ok(None) => break,
                Err(bad) => {
                    assert!(error.is_none(), "a second error");
                    error = Some(format!("{bad} / {:?}", bad.receipt));
                }
            }
        }
        assert!(piece.is_empty(), "input was left over");
    }
    (items, error)
}

pub(crate) fn decoder(version: Version) -> Decoder {
    let mut decoder = Decoder::new(Limits::default());
    decoder.set_version(version);
    decoder
}

pub(crate) fn client_decoder(version: Version) -> Decoder {
    let mut decoder = Decoder::for_client(Limits::default());
    decoder.set_version(version);
    decoder
}

/// Cuts `bytes` at the given places, taken modulo what is left.
pub(crate) fn cut<'a>(mut bytes: &'a [u8], lengths: &[usize]) -> Vec<&'a [u8]> {
    let mut pieces = Vec::new();
    for length in lengths {
        let (piece, rest) = bytes.split_at(length % (bytes.len() + 1));
        pieces.push(piece);
        bytes = rest;
    }
    pieces.push(bytes);
    pieces
}
