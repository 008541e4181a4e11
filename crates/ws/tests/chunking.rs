//! How a stream is cut into reads makes no difference to what comes out of it.

mod client;

use client::{BINARY, CONTINUATION, Event, FIN, PING, PONG, TEXT, close, decode, frame};
use proptest::collection::vec;
use proptest::prelude::*;
use proptest::sample::Index;

/// Some of the messages below are larger.
const LIMIT: usize = 48;

/// What a client means to say.
#[derive(Debug, Clone)]
enum Sent {
    /// In fragments that end where `cuts` says, with a ping or a pong behind each of them.
    Message {
        text: Option<String>,
        bytes: Vec<u8>,
        cuts: Vec<Index>,
        control: Option<bool>,
    },
    Ping(Vec<u8>),
    Close(u16, String),
}

impl Sent {
    fn payload(&self) -> &[u8] {
        match self {
            Self::Message { text: Some(text), .. } => text.as_bytes(),
            Self::Message { bytes, .. } | Self::Ping(bytes) => bytes,
            Self::Close(..) => &[],
        }
    }

    /// The frames that say it, and what has to come out.
    fn encode(&self, stream: &mut Vec<u8>, events: &mut Vec<Event>) {
        let payload = self.payload();
        match self {
            Self::Ping(_) => {
                stream.extend(frame(FIN | PING, payload));
                events.push(Event::Ping(payload.into()));
            }
            Self::Close(code, reason) => {
                stream.extend(close(*code, reason));
                events.push(Event::Close(Some(*code), reason.clone()));
            }
            Self::Message { text, bytes, cuts, control } => {
                encode_fragments(stream, events, self.fragments(cuts), text.is_some(), *control);
                events.push(text.clone().map_or(Event::Binary(bytes.clone()), Event::Text));
            }
        }
    }

    fn fragments(&self, cuts: &[Index]) -> Vec<&[u8]> {
        let payload = self.payload();
        let mut cuts: Vec<usize> = cuts.iter().map(|cut| cut.index(payload.len() + 1)).collect();
        cuts.sort_unstable();
        split(payload, &cuts)
    }
}

fn encode_fragments(
    stream: &mut Vec<u8>,
    events: &mut Vec<Event>,
    fragments: Vec<&[u8]>,
    text: bool,
    control: Option<bool>,
) {
    let last = fragments.len() - 1;
    for (i, fragment) in fragments.into_iter().enumerate() {
        let opcode = if i > 0 {
            CONTINUATION
        } else if text {
            TEXT
        } else {
            BINARY
        };
        let fin = if i == last { FIN } else { 0 };
        stream.extend(frame(fin | opcode, fragment));
        if i == last {
            break;
        }
        match control {
            Some(true) => {
                stream.extend(frame(FIN | PING, &[i as u8]));
                events.push(Event::Ping(vec![i as u8]));
            }
            Some(false) => {
                stream.extend(frame(FIN | PONG, b""));
                events.push(Event::Pong(vec![]));
            }
            None => {}
        }
    }
}

/// `bytes` in parts that end at `cuts`, which are in order.
fn split<'b>(bytes: &'b [u8], cuts: &[usize]) -> Vec<&'b [u8]> {
    let mut parts = Vec::new();
    let mut from = 0;
    for cut in cuts {
        parts.push(&bytes[from..*cut]);
        from = *cut;
    }
    parts.push(&bytes[from..]);
    parts
}

fn message() -> impl Strategy<Value = Sent> {
    let text = prop::option::of("[a-z€é\u{10ffff}]{0,14}");
    (text, vec(any::<u8>(), 0..56), vec(any::<Index>(), 0..4), any::<Option<bool>>())
        .prop_map(|(text, bytes, cuts, control)| Sent::Message { text, bytes, cuts, control })
}

fn sent() -> impl Strategy<Value = Sent> {
    prop_oneof![
        6 => message(),
        2 => vec(any::<u8>(), 0..20).prop_map(Sent::Ping),
        1 => (prop_oneof![1000..1020u16, 2990..3010u16], "[a-zé]{0,9}").prop_map(|(c, r)| Sent::Close(c, r)),
    ]
}

fn encode(script: &[Sent]) -> (Vec<u8>, Vec<Event>) {
    let (mut stream, mut events) = (Vec::new(), Vec::new());
    for said in script {
        said.encode(&mut stream, &mut events);
    }
    (stream, events)
}

/// A stream that may be wrong: a script, some bytes of it changed, and something behind it.
fn stream() -> impl Strategy<Value = Vec<u8>> {
    let changes = vec((any::<Index>(), any::<u8>()), 0..3);
    (vec(sent(), 1..5), changes, vec(any::<u8>(), 0..12)).prop_map(|(script, changes, garbage)| {
        let (mut stream, _) = encode(&script);
        for (place, byte) in changes {
            let place = place.index(stream.len());
            stream[place] = byte;
        }
        stream.extend(garbage);
        stream
    })
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(512))]

    #[test]
    fn messages_and_control_frames_come_out_as_they_were_said(
        script in vec(prop_oneof![4 => message(), 1 => vec(any::<u8>(), 0..126).prop_map(Sent::Ping)], 0..6),
        cuts in vec(any::<Index>(), 0..8),
    ) {
        let (stream, events) = encode(&script);
        let mut cuts: Vec<usize> = cuts.iter().map(|cut| cut.index(stream.len() + 1)).collect();
        cuts.sort_unstable();
        prop_assert_eq!(decode(client::PLENTY, split(&stream, &cuts)), events);
    }

    #[test]
    fn one_cut_anywhere_makes_no_difference(stream in stream()) {
        let whole = decode(LIMIT, [&stream[..]]);
        for cut in 0..=stream.len() {
            prop_assert_eq!(&decode(LIMIT, split(&stream, &[cut])), &whole, "cut at {}", cut);
        }
    }

    #[test]
    fn many_cuts_make_no_difference(stream in stream(), sizes in vec(1..20usize, 1..10)) {
        let whole = decode(LIMIT, [&stream[..]]);
        prop_assert_eq!(&decode(LIMIT, stream.chunks(1)), &whole, "byte by byte");
        let mut cuts = Vec::new();
        let mut at = 0;
        for size in sizes.iter().cycle() {
            at += size;
            if at > stream.len() {
                break;
            }
            cuts.push(at);
        }
        prop_assert_eq!(&decode(LIMIT, split(&stream, &cuts)), &whole, "cut at {:?}", cuts);
    }
}
