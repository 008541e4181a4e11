//! Every opcode in every length form, whole and in fragments, is read as what was written.

mod client;

use client::{BINARY, CONTINUATION, Event, FIN, PING, PLENTY, PONG, TEXT, close, decode, frame};
use hub_ws::{CloseCode, OpCode, frame as server};
use proptest::prelude::*;

/// Lengths around which a header takes another form.
fn length() -> impl Strategy<Value = usize> {
    prop_oneof![0..300usize, 120..130usize, 65_530..65_540usize]
}

/// Text of about so many bytes.
fn text(length: usize, of: char) -> String {
    std::iter::repeat_n(of, length / of.len_utf8()).collect()
}

fn code() -> impl Strategy<Value = u16> {
    prop_oneof![1000..=1003u16, 1007..=1014u16, 3000..=4999u16]
}

/// What a server wrote, as a client would have to write it: with a mask, of zeros.
fn masked(frame: &[u8]) -> Vec<u8> {
    let mut out = frame.to_vec();
    let header = match out[1] {
        126 => 4,
        127 => 10,
        _ => 2,
    };
    out[1] |= 0x80;
    out.splice(header..header, [0; 4]);
    out
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn data_of_any_length_in_any_fragments(
        length in length(),
        of in prop::sample::select(vec!['x', 'é', '€', '\u{1f600}']),
        is_text: bool,
        cuts in prop::collection::vec(any::<prop::sample::Index>(), 0..4),
        read in 1..70_000usize,
    ) {
        let payload = text(length, of);
        let mut cuts: Vec<usize> = cuts.iter().map(|cut| cut.index(payload.len() + 1)).collect();
        cuts.sort_unstable();
        let mut stream = Vec::new();
        let (mut from, mut opcode) = (0, if is_text { TEXT } else { BINARY });
        for cut in cuts {
            stream.extend(frame(opcode, &payload.as_bytes()[from..cut]));
            (from, opcode) = (cut, CONTINUATION);
        }
        stream.extend(frame(FIN | opcode, &payload.as_bytes()[from..]));
        let expected = if is_text { Event::Text(payload) } else { Event::Binary(payload.into_bytes()) };
        prop_assert_eq!(decode(PLENTY, stream.chunks(read)), [expected]);
    }

    #[test]
    fn control_frames_of_either_side(
        payload in prop::collection::vec(any::<u8>(), 0..=125),
        code in code(),
        reason in "[a-zé€\u{10ffff}]{0,30}",
    ) {
        let stream = [frame(FIN | PING, &payload), frame(FIN | PONG, &payload), close(code, &reason)].concat();
        let events = [
            Event::Ping(payload.clone()),
            Event::Pong(payload.clone()),
            Event::Close(Some(code), reason.clone()),
        ];
        prop_assert_eq!(&decode(PLENTY, [&stream[..]]), &events);
        let written = [
            server::ping(&payload),
            server::pong(&payload),
            server::close(CloseCode::new(code), &reason),
        ];
        let stream: Vec<u8> = written.iter().flat_map(|frame| masked(frame)).collect();
        prop_assert_eq!(&decode(PLENTY, [&stream[..]]), &events);
    }

    #[test]
    fn frames_of_the_server_in_every_length_form(length in length(), of in prop::sample::select(vec!['x', '€'])) {
        let payload = text(length, of);
        let mut spliced = Vec::new();
        server::write_header(&mut spliced, OpCode::Text, payload.len());
        spliced.extend_from_slice(payload.as_bytes());
        let (written, binary) = (server::text(payload.as_bytes()), server::binary(payload.as_bytes()));
        prop_assert_eq!(&written[..], &spliced[..]);
        prop_assert_eq!(written.len(), server::header_len(payload.len()) + payload.len());
        let stream = [masked(&written), masked(&binary), masked(&server::close_without_code())].concat();
        let expected =
            [Event::Text(payload.clone()), Event::Binary(payload.into_bytes()), Event::Close(None, String::new())];
        prop_assert_eq!(decode(PLENTY, [&stream[..]]), expected);
    }
}
