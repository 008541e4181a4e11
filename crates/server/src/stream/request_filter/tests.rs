use actix_codec::Decoder as _;
use actix_http::h1::{Codec, Message, MessageType};
use proptest::prelude::*;

use super::super::head::HEADERS_MAX;
use super::*;

/// Bytes that the HTTP server is given of `bytes`, which come in these pieces, and the number of bytes of an
/// unfinished head behind them.
fn handed_on(pieces: &[&[u8]]) -> (Vec<u8>, usize) {
    let mut filter = RequestFilter::default();
    let mut out = Vec::new();
    for piece in pieces {
        let mut piece = *piece;
        while !piece.is_empty() {
            let passthrough_bytes = filter.passthrough_bytes().min(piece.len());
            out.extend_from_slice(&piece[..passthrough_bytes]);
            filter.passed(passthrough_bytes);
            piece = &piece[passthrough_bytes..];
            if passthrough_bytes == 0 {
                filter.push(piece);
                piece = &[];
            }
            take(&mut filter, &mut out);
            while filter.resume() {
                take(&mut filter, &mut out);
            }
        }
    }
    (out, filter.into_rest().len())
}

fn take(filter: &mut RequestFilter, out: &mut Vec<u8>) {
    let mut room = [0; 7];
    loop {
        let mut buf = ReadBuf::new(&mut room);
        if !filter.hand_on(&mut buf) {
            return;
        }
        out.extend_from_slice(buf.filled());
    }
}

fn all(bytes: &str) -> String {
    String::from_utf8(handed_on(&[bytes.as_bytes()]).0).unwrap()
}

fn get(minor: u8, lines: &str) -> String {
    format!("GET / HTTP/1.{minor}\r\nHost: x\r\n{lines}\r\n")
}

#[test]
fn a_handshake_is_plain_whatever_else_is_offered_and_what_follows_it_is_not_looked_at() {
    for (came, plain) in [
        ("Upgrade: websocket, h2c\r\n", "Upgrade: websocket     \r\n"),
        ("Upgrade: h2c,WebSocket\r\n", "Upgrade: websocket    \r\n"),
        ("upgrade: h2c\r\nUpgrade: WEBSOCKET\r\n", "upgrade:    \r\nUpgrade: websocket\r\n"),
    ] {
        let behind = "\x01GET / HTTP/1.1\r\nConnection: upgrade\r\n\r\n";
        let connection = "Connection: keep-alive, Upgrade\r\n";
        let came = get(1, &format!("{came}{connection}")) + behind;
        assert_eq!(all(&came), get(1, &format!("{plain}{connection}")) + behind);
    }
}

#[test]
fn an_ordinary_request_asks_for_no_upgrade() {
    for (minor, came, plain) in [
        (1, "Connection: upgrade\r\n", "Connection: ignored\r\n"),
        (1, "Connection: close, UPGRADE\r\n", "Connection: close, ignored\r\n"),
        (1, "Connection: upgraded\r\n", "Connection: upgraded\r\n"),
        (
            1,
            "Connection: Upgrade, HTTP2-Settings\r\nUpgrade: h2c\r\n",
            "Connection: ignored, HTTP2-Settings\r\nUpgrade:    \r\n",
        ),
        (0, "Connection: Upgrade\r\nUpgrade: websocket\r\n", "Connection: ignored\r\nUpgrade:          \r\n"),
        (1, "X-Upgrade: websocket\r\n", "X-Upgrade: websocket\r\n"),
    ] {
        assert_eq!(all(&get(minor, came)), get(minor, plain));
    }
}

/// Requests with all kinds of bodies, each of which looks like a head, and what
/// becomes of them.
fn requests() -> (String, String) {
    let inner = "GET / HTTP/1.1\r\nConnection: upgrade\r\n\r\n";
    let length = inner.len();
    let head = |more: &str| format!("POST /x HTTP/1.1\r\nHost: x\r\nConnection: upgrade\r\n{more}\r\n");
    let came = [
        get(1, "Connection: upgrade\r\n"),
        head(&format!("Content-Length: {length}\r\n")) + inner,
        head("Transfer-Encoding: Chunked\r\n") + &format!("{length:x};a=b\r\n{inner}\r\n0\r\nT: 1\r\n\r\n"),
        head("Content-Length: 0\r\n"),
        get(0, "Connection: upgrade\nUpgrade: websocket\n"),
        head(""),
    ]
    .concat();
    let plain = came.replace("upgrade\r\n", "ignored\r\n").replace("upgrade\n", "ignored\n");
    let plain = plain.replace(&inner.replace("upgrade", "ignored"), inner);
    (came, plain.replace("Upgrade: websocket", "Upgrade:          "))
}

#[test]
fn bodies_are_no_heads_and_all_of_it_is_handed_on() {
    let (came, plain) = requests();
    assert_eq!(all(&came), plain);
}

#[test]
fn what_stands_behind_a_request_waits_for_its_answer() {
    for behind in ["GET /2 HTTP/1.1\r\nHost: x\r\n\r\n", " ", "\0", "xy"] {
        for request in
            ["GET / HTTP/1.1\r\nHost: x\r\n\r\n", "POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 2\r\n\r\n{}"]
        {
            let mut filter = RequestFilter::default();
            filter.push(format!("{request}{behind}").as_bytes());
            let mut out = Vec::new();
            take(&mut filter, &mut out);
            assert_eq!(out, request.as_bytes());
            assert_eq!((filter.is_waiting(0), filter.is_waiting(1)), (true, false));
            assert!(filter.resume());
            out.clear();
            take(&mut filter, &mut out);
            // Of what is no whole head, that it has begun.
            let given = if behind == "xy" { "x" } else { behind };
            assert_eq!(String::from_utf8(out).unwrap(), if filter.fault().is_some() { "" } else { given });
            assert_eq!(filter.fault().is_some(), behind.ends_with([' ', '\0']));
            assert_eq!(filter.is_waiting(1), behind.starts_with("GET"));
        }
    }
}

#[test]
fn what_is_no_request_is_refused_in_words_and_nothing_of_it_is_handed_on() {
    let many = format!("GET / HTTP/1.1\r\nHost: x\r\n{}\r\n", "A: b\r\n".repeat(HEADERS_MAX));
    let large = format!("GET / HTTP/1.1\r\nA: {}", "a".repeat(HEAD_BYTES_MAX));
    let post = |lines: &str| format!("POST / HTTP/1.1\r\nHost: x\r\n{lines}\r\n");
    for (head, status, words) in [
        (" GET / HTTP/1.1\r\n\r\n", 400, "invalid token"),
        ("\u{16}\u{3}\u{1}", 400, "invalid token"),
        ("GET / HTTP/2.0\r\n\r\n", 400, "invalid HTTP version"),
        ("GET / HTTP/1.1\r\nA B: c\r\n\r\n", 400, "invalid header name"),
        ("GET / HTTP/1.1\r\n\r\n", 400, "Host"),
        ("GET / HTTP/1.1\r\nHost: x\r\nHost: x\r\n\r\n", 400, "Host"),
        ("GET / HTTP/1.0\r\nHost: x\r\nHost: y\r\n\r\n", 400, "Host"),
        ("#ET / HTTP/1.1\r\nHost: x\r\n\r\n", 400, "method"),
        ("GET /a<b HTTP/1.1\r\nHost: x\r\n\r\n", 400, "target"),
        ("GET /?q=\u{e9} HTTP/1.1\r\nHost: x\r\n\r\n", 400, "target"),
        ("\rGET / HTTP/1.1\r\nHost: x\r\n\r\n", 400, "invalid token"),
        (&format!("GET / HTTP/1.1\r\nHost: x\r\n{}: x\r\n\r\n", "a".repeat(66_000)), 431, "too long"),
        ("POST / HTTP/1.0\r\n\r\n", 400, "Content-Length"),
        (&post("Content-Length: 1\r\nContent-Length: 1\r\n"), 400, "Content-Length"),
        (&post("Content-Length: +1\r\n"), 400, "Content-Length"),
        (&post("Content-Length: \r\n"), 400, "Content-Length"),
        (&post("Content-Length: 99999999999999999999\r\n"), 413, "so long"),
        (&format!("GET /{} HTTP/1.1\r\nHost: x\r\n\r\n", "a".repeat(65_534)), 414, "65534 bytes"),
        ("}}}", 400, "invalid token"),
        ("<?xml", 400, "invalid token"),
        (&post("Content-Length: 1\r\nTransfer-Encoding: chunked\r\n"), 400, "Transfer-Encoding"),
        (&post("Transfer-Encoding: gzip\r\n"), 400, "Transfer-Encoding"),
        ("POST / HTTP/1.0\r\nTransfer-Encoding: chunked\r\n\r\n", 400, "Transfer-Encoding"),
        (&many, 431, "96 headers"),
        (&large, 431, "131072 bytes"),
    ] {
        let mut filter = RequestFilter::default();
        filter.push(format!("{head}GET / HTTP/1.1\r\nHost: x\r\n\r\n").as_bytes());
        let name = &head[..head.len().min(60)];
        let fault = filter.fault().cloned().unwrap_or_else(|| panic!("{name:?}"));
        assert!(fault.status == status && fault.detail.contains(words), "{name:?}: {fault:?}");
        let mut out = Vec::new();
        take(&mut filter, &mut out);
        assert_eq!(out, b"", "{name:?}");
    }
}

#[test]
fn empty_lines_before_a_request_are_let_be_and_not_handed_on() {
    let request = get(1, "");
    for cut in 0..6 {
        let came = format!("\r\n\n\r\n{request}\r\n{request}");
        assert_eq!(
            handed_on(&[&came.as_bytes()[..cut], &came.as_bytes()[cut..]]).0,
            request.repeat(2).into_bytes()
        );
    }
}

#[test]
fn a_body_of_chunks_that_are_none_is_cut() {
    let head = "POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n";
    let mut filter = RequestFilter::default();
    filter.push(format!("{head}1\r\na\r\nx\r\n").as_bytes());
    let mut out = Vec::new();
    take(&mut filter, &mut out);
    assert_eq!(out, head.as_bytes());
    assert_eq!((filter.is_over(), filter.fault()), (true, None), "its handler says so");
}

#[test]
fn a_handshake_has_no_chunks_and_a_tunnel_no_body() {
    let upgrade = "Upgrade: websocket\r\nConnection: Upgrade\r\n";
    let chunked = "Transfer-Encoding: chunked\r\n";
    let behind = get(1, "Connection: upgrade\r\n");
    let came = get(1, &format!("{upgrade}{chunked}")) + "0\r\n\r\n" + &behind;
    let plain = format!("Upgrade:          \r\nConnection: ignored\r\n{chunked}");
    assert_eq!(all(&came), get(1, &plain) + "0\r\n\r\n" + &get(1, "Connection: ignored\r\n"));
    let came = format!("CONNECT x:1 HTTP/1.1\r\nHost: x\r\nContent-Length: 1\r\n\r\nx{behind}");
    assert_eq!(all(&came), came.replace("Connection: upgrade", "Connection: ignored"));
}

#[test]
fn what_no_request_stands_in_passes_as_it_is() {
    let behind = get(1, "Connection: upgrade\r\n");
    let came = format!("CONNECT x:1 HTTP/1.1\r\nHost: x\r\n\r\n{behind}");
    assert_eq!(all(&came), came);
}

#[test]
fn a_head_is_held_until_it_is_whole_and_without_an_end_it_is_none() {
    assert_eq!(handed_on(&[b"GET / HTTP/1.1\r\nHost: x\r\n"]), (b"G".to_vec(), 24), "but for its beginning");
    let mut filter = RequestFilter::default();
    filter.end();
    assert_eq!(filter.fault(), None);
    filter.push(b"GET / HTTP/1.1\r\n");
    filter.end();
    assert!(filter.fault().is_some_and(|fault| fault.detail.contains("no end")));
}

#[test]
fn what_was_searched_for_the_end_of_a_head_is_not_searched_again() {
    let mut filter = RequestFilter::default();
    for byte in b"GET / HTTP/1.1\r\nHost: x\r\n\r" {
        filter.push(&[*byte]);
        assert_eq!((filter.searched, filter.ready), (filter.held.len(), 0));
    }
    filter.push(b"\n");
    assert_eq!((filter.searched, filter.ready), (0, filter.held.len()));
}

proptest! {
    #[test]
    fn however_requests_are_cut_the_server_is_given_the_same(
        cuts in prop::collection::vec(0usize..700, 0..12),
    ) {
        let (came, plain) = requests();
        let mut cuts: Vec<usize> = cuts.into_iter().filter(|cut| *cut <= came.len()).collect();
        cuts.extend([0, came.len()]);
        cuts.sort_unstable();
        let pieces: Vec<&[u8]> = cuts.windows(2).map(|cut| &came.as_bytes()[cut[0]..cut[1]]).collect();
        prop_assert_eq!(handed_on(&pieces), (plain.into_bytes(), 0));
    }

    #[test]
    fn nothing_is_lost_moved_or_changed_but_what_lines_of_connection_and_upgrade_say(
        parts in prop::collection::vec(prop::sample::select(&PARTS[..]), 0..12),
        cuts in prop::collection::vec(0usize..400, 0..8),
    ) {
        let came = parts.concat().into_bytes();
        let mut cuts: Vec<usize> = cuts.into_iter().filter(|cut| *cut <= came.len()).collect();
        cuts.extend([0, came.len()]);
        cuts.sort_unstable();
        let mut filter = RequestFilter::default();
        let mut out = Vec::new();
        for cut in cuts.windows(2) {
            filter.push(&came[cut[0]..cut[1]]);
            take(&mut filter, &mut out);
            while filter.resume() {
                take(&mut filter, &mut out);
            }
        }
        // What is no request, or not whole, stays; so do empty lines before one.
        let no_ends = |bytes: &[u8]| -> Vec<(u8, bool)> {
            let mut line_start = 0;
            let mut told = Vec::new();
            for (at, byte) in bytes.iter().enumerate() {
                match byte {
                    b'\n' => line_start = at + 1,
                    b'\r' => {}
                    _ => {
                        let line = bytes[line_start..].to_ascii_lowercase();
                        let may = line.starts_with(b"upgrade:") || line.starts_with(b"connection:");
                        told.push((*byte, may));
                    }
                }
            }
            told
        };
        let (came, out) = (no_ends(&came), no_ends(&out));
        prop_assert!(out.len() <= came.len());
        for (given, came) in out.iter().zip(&came) {
            prop_assert!(given.0 == came.0 || came.1, "{given:?} for {came:?}");
        }
    }
}

#[test]
fn actix_reads_what_it_is_given_as_the_requests_that_were_found() {
    let parts = || prop::collection::vec(prop::sample::select(&PARTS[..]), 0..10);
    let noise = || prop::collection::vec((0usize..200, any::<u8>()), 0..3);
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    // Its codec has a clock of its own that wants to tick.
    tokio::task::LocalSet::new().block_on(&runtime, async {
        proptest!(ProptestConfig::with_cases(20_000), |(parts in parts(), noise in noise())| {
            let mut came = parts.concat().into_bytes();
            for (at, byte) in noise {
                if let Some(place) = came.get_mut(at) {
                    *place = byte;
                }
            }
            let mut filter = RequestFilter::default();
            let mut out = Vec::new();
            filter.push(&came);
            take(&mut filter, &mut out);
            while filter.resume() {
                take(&mut filter, &mut out);
            }
            let shown = came.escape_ascii().to_string();
            prop_assert!(actix_reads(BytesMut::from(&*out), filter.requests), "{shown}");
        });
    });
}

/// True if actix reads all that is handed on, as so many requests.
fn actix_reads(mut given: BytesMut, requests: u64) -> bool {
    let (mut codec, mut read) = (Codec::default(), 0);
    loop {
        match codec.decode(&mut given) {
            Ok(Some(Message::Item(_))) => read += 1,
            Ok(Some(Message::Chunk(_))) => {}
            Ok(None) => return read == requests,
            Err(_) => return false,
        }
        if codec.message_type() == MessageType::Stream {
            return read == requests;
        }
    }
}

/// Pieces that requests are made of, and are not.
const PARTS: [&str; 24] = [
    "GET / HTTP/1.1\r\n",
    "GET / HTTP/1.0\r\n",
    "GET / HTTP/1.1\r\nHost: x\r\n",
    "POST /?q=1 HTTP/1.1\r\nHost: x\r\n",
    "GET /a<b HTTP/1.1\r\nHost: x\r\n",
    "GET /?\u{e9} HTTP/1.1\r\nHost: x\r\n",
    "Content-Length: 1, 1\r\n",
    "Transfer-Encoding: gzip, chunked\r\n",
    "POST /x HTTP/1.1\n",
    "CONNECT x:1 HTTP/1.1\r\n",
    "Host: x\r\n",
    "Connection: upgrade, close\r\n",
    "connection:Upgrade\n",
    "Upgrade: h2c, websocket\r\n",
    "UPGRADE: \u{e9}\r\n",
    "Content-Length: 17\r\n",
    "Content-Length: 0\r\n",
    "Transfer-Encoding: chunked\r\n",
    "\r\n",
    "\n",
    "3\r\nabc\r\n",
    "0\r\n\r\n",
    " ",
    "\0",
];
