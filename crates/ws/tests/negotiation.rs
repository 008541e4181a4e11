//! What is agreed to of permessage-deflate (RFC 7692, section 7.1).

use std::time::Instant;

use hub_ws::deflate::{Agreement, BadExtensions, Settings, WindowBits, negotiate};
use hub_ws::handshake::{Chosen, HandshakeError, check, response_head};

fn bits(bits: u8) -> WindowBits {
    WindowBits::new(bits).unwrap()
}

/// The answer to these lines; `None`: no compression.
fn answer(settings: Settings, lines: &[&str]) -> Option<String> {
    negotiate(lines.iter().copied(), settings).unwrap().map(|agreement| agreement.header_value())
}

#[track_caller]
fn agreed(settings: Settings, offer: &str, expected: &str) {
    assert_eq!(answer(settings, &[offer]).as_deref(), Some(expected), "{offer}");
}

#[track_caller]
fn declined(offer: &str) {
    assert_eq!(answer(Settings::TAKEOVER, &[offer]), None, "{offer}");
}

#[test]
fn what_browsers_offer_is_taken_and_nothing_is_remembered_of_them() {
    let offer = "permessage-deflate; client_max_window_bits";
    let shared = "permessage-deflate; server_no_context_takeover; client_no_context_takeover";
    agreed(Settings::SHARED, offer, shared);
    agreed(Settings::TAKEOVER, offer, "permessage-deflate");
    agreed(Settings::TAKEOVER, "permessage-deflate", "permessage-deflate");
    // Tokens of HTTP are the same in any case.
    agreed(Settings::TAKEOVER, "PerMessage-Deflate; Client_Max_Window_Bits", "permessage-deflate");
}

#[test]
fn takeover_is_left_where_either_side_does_without() {
    let [server, client] =
        ["server", "client"].map(|s| format!("permessage-deflate; {s}_no_context_takeover"));
    agreed(Settings::TAKEOVER, &server, &server);
    agreed(Settings::TAKEOVER, &client, &client);
    let settings = Settings { server_context_takeover: false, ..Settings::TAKEOVER };
    agreed(settings, "permessage-deflate", &server);
    agreed(settings, &client, "permessage-deflate; server_no_context_takeover; client_no_context_takeover");
}

#[test]
fn the_smaller_of_two_windows_is_taken() {
    let small = Settings { server_window: bits(11), client_window: bits(10), ..Settings::TAKEOVER };
    let said = |line: &str| negotiate([line], small).unwrap().unwrap();
    let windows = |agreement: &Agreement| (agreement.server_window.get(), agreement.client_window.get());

    // The server may always use less; the client can only be told where it says so.
    let open = said("permessage-deflate");
    assert_eq!(windows(&open), (11, 15));
    assert_eq!(open.header_value(), "permessage-deflate; server_max_window_bits=11");
    let both = said("permessage-deflate; server_max_window_bits=9; client_max_window_bits");
    assert_eq!(windows(&both), (9, 10));
    assert_eq!(
        both.header_value(),
        "permessage-deflate; server_max_window_bits=9; client_max_window_bits=10"
    );
    let hinted = said("permessage-deflate; client_max_window_bits=9; server_max_window_bits=15");
    assert_eq!(windows(&hinted), (11, 9));
    assert_eq!(
        hinted.header_value(),
        "permessage-deflate; server_max_window_bits=11; client_max_window_bits=9"
    );
    let smallest = said("permessage-deflate; client_max_window_bits=8");
    assert_eq!(windows(&smallest), (11, 9));
    assert_eq!(smallest.header_value(), "permessage-deflate; server_max_window_bits=11", "9 is more than 8");
    agreed(
        Settings::TAKEOVER,
        "permessage-deflate; server_max_window_bits=\"12\"",
        "permessage-deflate; server_max_window_bits=12",
    );
}

#[test]
fn an_offer_with_something_wrong_in_it_is_declined() {
    for parameters in [
        "unknown",
        "unknown=1",
        "server_no_context_takeover=1",
        "client_no_context_takeover=true",
        "server_no_context_takeover; server_no_context_takeover",
        "client_max_window_bits; client_max_window_bits=10",
        "client_max_window_bits=8; client_max_window_bits",
        "server_max_window_bits=10; server_max_window_bits=10",
        "server_max_window_bits",
        "server_max_window_bits=8",
        "server_max_window_bits=7",
        "server_max_window_bits=16",
        "server_max_window_bits=09",
        "server_max_window_bits=+9",
        "server_max_window_bits=1000",
        "client_max_window_bits=7",
        "client_max_window_bits=16",
        "client_max_window_bits=x",
        "server_no_context_takeover; SERVER_NO_CONTEXT_TAKEOVER",
    ] {
        declined(&format!("permessage-deflate; {parameters}"));
    }
    for other in ["", ",", "x-webkit-deflate-frame", "permessage-bzip2; level=9", "permessage-deflate2"] {
        declined(other);
    }
}

#[test]
fn the_first_offer_that_can_be_agreed_to_is() {
    let lines = [
        "permessage-foo; x=\"a\", permessage-deflate; server_max_window_bits=8",
        "permessage-deflate; server_max_window_bits=10 ,, permessage-deflate",
    ];
    let taken = answer(Settings::TAKEOVER, &lines);
    assert_eq!(taken.as_deref(), Some("permessage-deflate; server_max_window_bits=10"));
}

#[test]
fn what_is_no_list_of_extensions_fails_the_handshake() {
    for line in [
        "permessage-deflate;",
        "permessage-deflate; ;",
        "; server_no_context_takeover",
        "permessage deflate",
        "permessage-deflate; a=",
        "permessage-deflate; =9",
        "permessage-deflate; a=\"b",
        "permessage-deflate; a=\"b, c\"",
        "permessage-deflate, \u{e4}",
        // After one that could be agreed to.
        "permessage-deflate, a;",
    ] {
        assert_eq!(negotiate([line], Settings::SHARED), Err(BadExtensions), "{line}");
    }
    let error = HandshakeError::from(BadExtensions);
    assert_eq!((error.status(), error.header()), (400, Some("Sec-WebSocket-Extensions")));
    assert_eq!(error.to_string(), "header Sec-WebSocket-Extensions is malformed");
}

#[test]
fn the_answer_is_a_line_of_the_response() {
    let lines = ["permessage-deflate; client_max_window_bits", "x"];
    let request = |name: &str| match name {
        "upgrade" => vec!["websocket"],
        "connection" => vec!["upgrade"],
        "sec-websocket-version" => vec!["13"],
        "sec-websocket-key" => vec!["dGhlIHNhbXBsZSBub25jZQ=="],
        "sec-websocket-extensions" => lines.to_vec(),
        _ => vec![],
    };
    let upgrade = check("GET", |name| request(name).into_iter()).unwrap();
    assert_eq!(upgrade.extensions, lines);
    let agreement = negotiate(upgrade.extensions.iter().copied(), Settings::TAKEOVER).unwrap();
    let chosen = Chosen { subprotocol: Some("v12.stomp"), deflate: agreement.as_ref() };
    let head = response_head(&upgrade.accept(), chosen);
    let end = b"Sec-WebSocket-Protocol: v12.stomp\r\nSec-WebSocket-Extensions: permessage-deflate\r\n\r\n";
    assert!(head.ends_with(end), "{head:?}");
}

#[test]
#[allow(clippy::disallowed_methods, reason = "what is compared is time")]
fn what_a_long_offer_costs_grows_with_its_length() {
    // The quickest of several. Eight short ones take about as long as the one that is eight times as long, in turns, so
    // what else runs on the machine interrupts both alike. Cost that grew with the square would be eight times as much.
    let offer = |parameters: usize| {
        let names: Vec<_> = (0..parameters).map(|n| format!("; p{n}")).collect();
        format!("permessage-deflate{}", names.concat())
    };
    let time = |offer: &str, times: usize| {
        let began = Instant::now();
        for _ in 0..times {
            assert_eq!(negotiate([offer], Settings::SHARED), Ok(None));
        }
        began.elapsed()
    };
    let (short, long) = (offer(1_000), offer(8_000));
    let rounds: Vec<_> = (0..15).map(|_| (time(&short, 8), time(&long, 1))).collect();
    let eight = rounds.iter().map(|round| round.0).min().unwrap();
    let one = rounds.iter().map(|round| round.1).min().unwrap();
    assert!(one < 4 * eight, "{eight:?} for eight offers, and {one:?} for one that is eight times as long");
}
