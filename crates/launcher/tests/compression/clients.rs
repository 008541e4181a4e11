//! What clients send.

use hub_testkit::OverSocket as _;
use hub_testkit::ws::deflate::deflate;
use hub_testkit::ws::{WsClient, WsOptions, frame};

use crate::support::bystander::Bystander;
use crate::support::{PATIENCE, address, await_metric, hub};

const CONNECT: &str =
    "CONNECT\naccept-version:1.2\nheart-beat:0,0\nhost:x\nx:aaaaaaaaaaaaaaaaaaaaaaaaaaaaaa\n\n\0";

fn deflating() -> WsOptions {
    WsOptions { deadline: PATIENCE, ..WsOptions::deflating() }
}

#[test]
fn what_a_client_compresses_is_understood_whole_and_in_fragments() {
    let hub = hub(&[]);
    let mut ws = WsClient::connect(address(&hub), "/ws", &deflating()).unwrap();
    ws.send_compressed(frame::TEXT, &deflate(CONNECT.as_bytes())).unwrap();
    assert!(ws.next_text().unwrap().starts_with("CONNECTED\n"));
    let send = "SUBSCRIBE\nid:0\ndestination:/topic/relay/x\nreceipt:r\n\n\0";
    let payload = deflate(send.as_bytes());
    let (first, rest) = payload.split_at(payload.len() / 2);
    ws.send_frame(false, frame::COMPRESSED | frame::BINARY, first).unwrap();
    assert_eq!(ws.fence().unwrap(), [], "not whole yet");
    ws.send_frame(true, frame::CONTINUATION, rest).unwrap();
    assert!(ws.next_text().unwrap().starts_with("RECEIPT\n"));
}

#[test]
fn a_client_may_point_back_where_that_was_agreed() {
    // "Hello" twice (RFC 7692, section 7.2.3.2), to a socket that says what is wrong with it.
    let hello = [0xf2, 0x48, 0xcd, 0xc9, 0xc9, 0x07, 0x00];
    let again = [0xf2, 0x00, 0x11, 0x00, 0x00];
    for takeover in [true, false] {
        let hub = hub(&[("SERVER__DEFLATE_CLIENT_TAKEOVER", if takeover { "true" } else { "false" })]);
        let mut ws = WsClient::connect(address(&hub), "/ws/positions?topics=", &deflating()).unwrap();
        ws.send_compressed(frame::TEXT, &hello).unwrap();
        assert_eq!(ws.next_json().unwrap()["type"], "error");
        ws.send_compressed(frame::TEXT, &again).unwrap();
        if takeover {
            assert_eq!(ws.next_json().unwrap()["type"], "error");
        } else {
            assert_eq!(ws.expect_close().unwrap(), (1007, "invalid compressed data".to_owned()));
        }
    }
}

#[test]
fn data_that_cannot_be_inflated_and_bits_out_of_place_close_that_connection_alone() {
    let hub = hub(&[]);
    let addr = address(&hub);
    let mut bystander = Bystander::new(addr);
    let whole = deflate(CONNECT.as_bytes());
    let cases = [
        (frame::COMPRESSED | frame::TEXT, vec![0xff; 20], 1007, "invalid compressed data"),
        (frame::COMPRESSED | frame::TEXT, whole[..whole.len() / 2].to_vec(), 1007, "invalid compressed data"),
        (frame::COMPRESSED | frame::TEXT, deflate(b"\xc3\x28\xc3\x28\xc3\x28"), 1007, "invalid UTF-8"),
        (frame::COMPRESSED | frame::PING, vec![], 1002, "reserved bit set"),
        (frame::COMPRESSED | frame::CONTINUATION, vec![], 1002, "reserved bit set"),
    ];
    for (opcode, payload, code, reason) in cases {
        let mut ws = WsClient::connect(addr, "/ws", &deflating()).unwrap();
        ws.send_frame(true, opcode, &payload).unwrap();
        assert_eq!(ws.expect_close().unwrap(), (code, reason.to_owned()));
        bystander.assert_unharmed(reason);
    }
    await_metric(addr, r#"hub_errors_total{kind="websocket"}"#, 5);
}

#[test]
fn a_decompression_bomb_goes_off_at_the_limit() {
    let hub = hub(&[("LIMITS__MESSAGE_BYTES", "16384")]);
    let addr = address(&hub);
    let mut bystander = Bystander::new(addr);
    // 16 MiB in 16 KiB, and then with one byte more than may be.
    let before = hub.rss_bytes().unwrap();
    for said in [16 << 20, 16_385] {
        let bomb = deflate(&vec![b' '; said]);
        assert!(bomb.len() < 16_384 + 2_048);
        let mut peers: Vec<_> =
            (0..50).map(|_| WsClient::connect(addr, "/ws", &deflating()).unwrap()).collect();
        for ws in &mut peers {
            ws.send_compressed(frame::TEXT, &bomb).unwrap();
        }
        for mut ws in peers {
            assert_eq!(
                ws.expect_close().unwrap(),
                (1009, "message too big: limits.message_bytes = 16384".to_owned())
            );
        }
        bystander.assert_unharmed("a bomb");
    }
    let grown = hub.rss_bytes().unwrap().saturating_sub(before);
    assert!(grown < 8 << 20, "{grown} bytes for 100 bombs of up to 16 MiB");
    // The limit itself still fits.
    let mut ws = WsClient::connect(addr, "/ws", &deflating()).unwrap();
    let connect = CONNECT.replace("\n\n\0", &format!("\n\n{}\0", "x".repeat(16_384 - CONNECT.len())));
    assert_eq!(connect.len(), 16_384);
    ws.send_compressed(frame::TEXT, &deflate(connect.as_bytes())).unwrap();
    assert!(ws.next_text().unwrap().starts_with("CONNECTED\n"));
    ws.socket_mut().reset_on_drop().unwrap();
}
