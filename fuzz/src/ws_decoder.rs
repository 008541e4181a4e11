//! WebSocket frames of a client, without compression (`hub-ws`).
//!
//! The first byte chooses the limit and whether the server has sent its Close, the second how the
//! stream behind them is cut.

mod model;

use bytes::Bytes;
use hub_ws::deflate::Inflater;
use hub_ws::{CloseCode, Connection, Failure, Incoming, Input, frame};

use crate::cut;

/// The limits a message may have.
const LIMITS: [usize; 4] = [1 << 16, 125, 16, 0];

/// A bit of the first byte: the server closes before anything comes.
const SERVER_CLOSES: u8 = 0x20;

/// Bytes that may be held beside a message's: what describes it, and a control frame, twice over.
const FIXED_BYTES: usize = 64 + 2 * 128;

#[derive(Clone, Copy)]
struct Setup {
    limit_bytes: usize,
    server_closes: bool,
}

/// Output of a connection, kept.
#[derive(Clone, PartialEq, Eq, Debug)]
enum Event {
    Text(String),
    Binary(Vec<u8>),
    Ping(Vec<u8>),
    Pong(Vec<u8>),
    Close(Option<CloseCode>, String),
    Failed(Failure),
}

/// All that came out, and how it ended.
#[derive(PartialEq, Eq, Debug, Default)]
struct Transcript {
    events: Vec<Event>,
    /// The Close frames that the server wrote.
    closes: Vec<Bytes>,
    may_send: bool,
    may_shut: bool,
}

/// Panics if a promise is broken.
pub fn run(data: &[u8]) {
    let Some((&[settings, seed], stream)) = data.split_first_chunk() else { return };
    let limit_bytes = LIMITS[usize::from(settings) % LIMITS.len()];
    let setup = Setup { limit_bytes, server_closes: settings & SERVER_CLOSES != 0 };
    let model = model::read(stream, limit_bytes, setup.server_closes);
    let whole = feed(setup, &[stream], model.is_idle);
    assert_eq!(whole.events, model.events, "a plain reader finds something else");
    check_end(setup, &whole);
    cut::each_way(stream, seed, |parts| {
        let cut = feed(setup, parts, model.is_idle);
        assert_eq!(cut, whole, "cut into {:?}", parts.iter().map(|part| part.len()).collect::<Vec<_>>());
    });
    for event in &whole.events {
        check_written(event);
    }
}

/// The one call of the decoder. Nothing is compressed here: no extension was agreed on.
fn receive<'s, 'b: 's>(
    connection: &'s mut Connection,
    input: &mut Input<'b>,
) -> Result<Option<Incoming<'s>>, Failure> {
    connection.receive(input, &mut Inflater::default())
}

/// Reads the parts one by one. `is_idle` says that nothing may be held after the last.
fn feed(setup: Setup, parts: &[&[u8]], is_idle: bool) -> Transcript {
    let mut connection = Connection::new(setup.limit_bytes);
    let mut transcript = Transcript::default();
    if setup.server_closes {
        transcript.closes.extend(connection.close(CloseCode::NORMAL, "bye"));
    }
    let mut fed_bytes = 0;
    for part in parts {
        fed_bytes += part.len();
        feed_part(&mut connection, part, &mut transcript);
        // No more events than the shortest frames could make.
        assert!(transcript.events.len() <= fed_bytes, "events out of nothing");
        let most = setup.limit_bytes.min(2 * fed_bytes) + FIXED_BYTES;
        assert!(connection.held_bytes() <= most, "{} bytes held", connection.held_bytes());
    }
    assert!(!is_idle || connection.held_bytes() == 0, "idle, with {} bytes held", connection.held_bytes());
    transcript.may_send = connection.may_send();
    transcript.may_shut = connection.may_shut();
    transcript
}

/// One read, as an owner takes it in: a Close and a failure are answered.
fn feed_part(connection: &mut Connection, part: &[u8], transcript: &mut Transcript) {
    let mut scratch = part.to_vec();
    let mut input = Input::new(&mut scratch);
    loop {
        let event = match receive(connection, &mut input) {
            Ok(None) => break,
            Ok(Some(incoming)) => Event::from(incoming),
            Err(failure) => Event::Failed(failure),
        };
        match &event {
            Event::Close(..) => transcript.closes.extend(connection.close_reply()),
            Event::Failed(failure) => {
                transcript.closes.extend(connection.close(failure.code(), failure.reason()));
            }
            _ => {}
        }
        transcript.events.push(event);
    }
    assert!(input.rest().is_empty(), "None says that the input is used up");
}

/// Nothing comes after the end, one Close is sent, and a client can read it.
fn check_end(setup: Setup, transcript: &Transcript) {
    let is_last = |event: &Event| matches!(event, Event::Close(..) | Event::Failed(_));
    let end = transcript.events.iter().position(is_last);
    let has_ended = end.is_some();
    assert!(end.is_none_or(|end| end + 1 == transcript.events.len()), "something came after the end");
    assert_eq!(transcript.closes.len(), usize::from(has_ended || setup.server_closes));
    assert_eq!((transcript.may_send, transcript.may_shut), (transcript.closes.is_empty(), has_ended));
    if setup.server_closes {
        let is_data = |event: &Event| matches!(event, Event::Text(_) | Event::Binary(_));
        assert!(!transcript.events.iter().any(is_data), "data after the server's Close");
        return;
    }
    let Some(close) = transcript.closes.first() else { return };
    let expected = match transcript.events.last() {
        Some(Event::Failed(failure)) => {
            assert!(matches!(failure.code().get(), 1002 | 1007 | 1009), "no code of a failure: {failure:?}");
            Event::Close(Some(failure.code()), failure.reason().to_owned())
        }
        Some(Event::Close(code, _)) => Event::Close(*code, String::new()),
        other => panic!("closed by {other:?}"),
    };
    assert_eq!(read_back(close), [expected]);
}

/// Asserts that a message which was read, written as a server does, is read again.
fn check_written(event: &Event) {
    let written = match event {
        Event::Text(text) => frame::text(text.as_bytes()),
        Event::Binary(bytes) => frame::binary(bytes),
        Event::Ping(bytes) => frame::ping(bytes),
        Event::Pong(bytes) => frame::pong(bytes),
        Event::Close(Some(code), reason) => frame::close(*code, reason),
        Event::Close(None, _) => frame::close_without_code(),
        Event::Failed(_) => return,
    };
    assert_eq!(read_back(&written).as_slice(), std::slice::from_ref(event));
}

/// Reads a frame of the server as if a client had sent it: with a mask, of zeros.
fn read_back(frame: &[u8]) -> Vec<Event> {
    let mut masked = frame.to_vec();
    masked[1] |= 0x80;
    let header_bytes = match masked[1] & 0x7f {
        126 => 4,
        127 => 10,
        _ => 2,
    };
    masked.splice(header_bytes..header_bytes, [0; 4]);
    let setup = Setup { limit_bytes: 1 << 20, server_closes: false };
    feed(setup, &[&masked], true).events
}

impl From<Incoming<'_>> for Event {
    fn from(incoming: Incoming<'_>) -> Event {
        match incoming {
            Incoming::Text(text) => Event::Text(text.to_owned()),
            Incoming::Binary(bytes) => Event::Binary(bytes.to_vec()),
            Incoming::Ping(bytes) => Event::Ping(bytes.to_vec()),
            Incoming::Pong(bytes) => Event::Pong(bytes.to_vec()),
            Incoming::Close(code, reason) => Event::Close(code, reason.to_owned()),
        }
    }
}
