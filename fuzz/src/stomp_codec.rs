//! STOMP frames of every version and either side (`hub-stomp`'s codec).
//!
//! The first byte chooses version and side, the second the limits, the third how the stream behind
//! them is cut.

mod model;

use hub_stomp::{BadFrame, Command, Decoder, Frame, Item, Limits, Version, encode};

use crate::cut;

/// A bit of the first byte: the stream is a server's.
const FROM_SERVER: u8 = 0x40;

/// The smallest buffer that a vector takes.
const LEAST_BYTES: usize = 8;

#[derive(Clone, Copy)]
struct Setup {
    from_server: bool,
    version: Version,
    limits: Limits,
}

/// A frame that borrows nothing.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(crate) struct Owned {
    pub(crate) command: Command,
    pub(crate) headers: Vec<(String, String)>,
    pub(crate) body: Vec<u8>,
}

/// Result of a stream: frames, `None` for a heart-beat, and the error it ended by.
#[derive(PartialEq, Eq, Debug, Default)]
struct Decoded {
    items: Vec<Option<Owned>>,
    error: Option<BadFrame>,
}

/// Panics if a promise is broken.
pub fn run(data: &[u8]) {
    let Some((&[kind, limits, seed], stream)) = data.split_first_chunk() else { return };
    let setup = Setup {
        from_server: kind & FROM_SERVER != 0,
        version: Version::ALL[usize::from(kind & 3).min(2)],
        limits: limits_of(limits),
    };
    let whole = decode(setup, &[stream]);
    cut::each_way(stream, seed, |parts| {
        let lengths = || parts.iter().map(|part| part.len()).collect::<Vec<_>>();
        assert_eq!(decode(setup, parts), whole, "cut into {:?}", lengths());
    });
    if setup.limits == Limits::default() {
        let model = model::read(stream, setup.from_server, setup.version);
        assert_eq!(whole.items, model, "a plain reader finds something else");
    }
    for frame in whole.items.iter().flatten() {
        check_written(setup, frame);
    }
    if let Some(error) = &whole.error {
        check_error(setup, error);
    }
}

fn limits_of(byte: u8) -> Limits {
    match byte % 4 {
        0 => Limits::default(),
        1 => Limits { max_frame_bytes: 64, max_headers: 3, max_header_line_bytes: 32 },
        2 => Limits { max_frame_bytes: 256, max_headers: 6, max_header_line_bytes: 40 },
        _ => Limits { max_frame_bytes: usize::from(byte), max_headers: 1, max_header_line_bytes: 16 },
    }
}

fn decoder(setup: Setup) -> Decoder {
    let new = if setup.from_server { Decoder::for_client } else { Decoder::new };
    let mut decoder = new(setup.limits);
    decoder.set_version(setup.version);
    decoder
}

/// Decodes the parts one by one, and watches what is held.
fn decode(setup: Setup, parts: &[&[u8]]) -> Decoded {
    let mut decoder = decoder(setup);
    let mut outcome = Decoded::default();
    // What came since the last frame ended: no more of it can be held.
    let mut pending_bytes = 0;
    for part in parts {
        let mut input = *part;
        loop {
            let before = input.len();
            let item = match decoder.next(&mut input) {
                Ok(None) => break,
                Ok(Some(Item::Heartbeat)) => Ok(None),
                Ok(Some(Item::Frame(frame))) => Ok(Some(owned(&frame))),
                Err(bad) => Err(bad),
            };
            assert!(outcome.error.is_none(), "something came after the error");
            assert!(before > input.len() || item.is_err(), "an item out of nothing");
            pending_bytes = 0;
            match item {
                Ok(item) => outcome.items.push(item),
                Err(bad) => outcome.error = Some(bad),
            }
        }
        assert!(input.is_empty(), "None says that the input is used up");
        pending_bytes += part.len();
        let most = 2 * pending_bytes.min(setup.limits.max_frame_bytes).max(LEAST_BYTES);
        assert!(decoder.buffered() <= most, "{} of {pending_bytes} bytes held", decoder.buffered());
        assert!(outcome.error.is_none() || decoder.buffered() == 0, "memory is held after an error");
    }
    outcome
}

pub(crate) fn owned(frame: &Frame<'_>) -> Owned {
    let headers = frame.headers.iter().map(|(name, value)| (name.into(), value.into()));
    let owned = Owned { command: frame.command, headers: headers.collect(), body: frame.body.to_vec() };
    for (name, _) in &owned.headers {
        let first = owned.headers.iter().find(|(found, _)| found == name).map(|(_, value)| value.as_str());
        assert_eq!(frame.headers.get(name).as_deref(), first, "the first of a repeated header counts");
    }
    owned
}

/// Asserts that a frame which was read is written, and read again as the same.
fn check_written(setup: Setup, frame: &Owned) {
    let (command, version) = (frame.command, setup.version);
    let announced = frame.headers.iter().find(|(name, _)| name == "content-length");
    if let Some((_, value)) = announced {
        assert_eq!(value.trim().parse(), Ok(frame.body.len()), "content-length is the body's length");
    }
    let kept = frame.headers.iter().filter(|(name, _)| name != "content-length" && !name.trim().is_empty());
    let mut bytes = Vec::new();
    encode::begin_frame(&mut bytes, command, version, kept.clone().map(|(name, value)| (name, value)));
    encode::push_header(&mut bytes, version, "content-length", &frame.body.len().to_string());
    encode::end_headers(&mut bytes);
    bytes.extend_from_slice(&frame.body);
    encode::end_frame(&mut bytes);

    let carried =
        |name, value| (carried(command, version, name, true), carried(command, version, value, false));
    let mut headers: Vec<_> = kept.map(|(name, value)| carried(name, value)).collect();
    headers.push(("content-length".to_owned(), frame.body.len().to_string()));
    let expected = Owned { command, headers, body: frame.body.clone() };
    // Escaping makes lines longer.
    let limits = Limits { max_frame_bytes: 1 << 24, max_headers: 1 << 10, max_header_line_bytes: 1 << 24 };
    let again = decode(Setup { limits, ..setup }, &[&bytes]);
    assert_eq!(again, Decoded { items: vec![Some(expected)], error: None });
}

/// Text that a reader finds where another was written: see the documentation of [`encode`].
pub(crate) fn carried(command: Command, version: Version, text: &str, in_name: bool) -> String {
    let opens = matches!(command, Command::Connect | Command::Stomp | Command::Connected);
    let lost = |c: char| match version {
        _ if opens => matches!(c, '\n' | '\r' | '\0') || (in_name && c == ':'),
        Version::V1_0 => matches!(c, '\n' | '\r' | '\0') || (in_name && c == ':'),
        Version::V1_1 => matches!(c, '\r' | '\0'),
        Version::V1_2 => c == '\0',
    };
    let text = text.replace(lost, if in_name { "_" } else { " " });
    if version == Version::V1_0 && !opens { text.trim_matches([' ', '\t']).to_owned() } else { text }
}

/// The ERROR that tells of it is read back by a client.
fn check_error(setup: Setup, bad: &BadFrame) {
    let (title, text) = (bad.error.title(), bad.error.to_string());
    let frame = encode::error(setup.version, title, bad.receipt.as_deref(), &text);
    let client = Setup { from_server: true, limits: Limits::default(), ..setup };
    let decoded = decode(client, &[&frame]);
    let [Some(error)] = decoded.items.as_slice() else { panic!("no ERROR: {decoded:?}") };
    let header = |name: &str| error.headers.iter().find(|(found, _)| found == name).map(|(_, value)| value);
    let carried = |text: &str| carried(Command::Error, setup.version, text, false);
    assert_eq!(error.command, Command::Error);
    assert_eq!(header("message").map(String::as_str), Some(title));
    assert_eq!(header("receipt-id").cloned(), bad.receipt.as_deref().map(carried));
    assert_eq!(error.body, text.as_bytes());
}
