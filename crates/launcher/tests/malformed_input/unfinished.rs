//! A missing NUL is called a missing NUL, by whichever moment tells it.

use hub_testkit::OverSocket as _;
use hub_testkit::stomp::{StompClient, StompOptions};

use crate::support::carriers::{CARRIERS, tcp};
use crate::support::{address, hub};

#[test]
fn the_frame_behind_a_missing_nul_says_so() {
    let hub = hub(&[]);
    let addr = address(&hub);
    for carrier in CARRIERS {
        let mut client = StompClient::unconnected(carrier(addr));
        client.send_frame_text("CONNECT\naccept-version:1.2\n\n").unwrap();
        client.send_frame_text("SUBSCRIBE\nid:0\ndestination:/topic/transactions\n\n").unwrap();
        let (error, _) = client.expect_error().unwrap();
        let shown = "the CONNECT frame is not ended by a NUL: a SUBSCRIBE frame begins within it";
        assert_eq!(error.text().unwrap(), shown);
    }
}

#[test]
fn a_frame_without_its_nul_is_told_so_when_its_time_is_over() {
    let hub = hub(&[("LIMITS__MESSAGE_MS", "300"), ("LIMITS__HANDSHAKE_MS", "300")]);
    let addr = address(&hub);
    for carrier in CARRIERS {
        let mut client = StompClient::connect(carrier(addr), &StompOptions::default()).unwrap();
        client.send_frame_text("SUBSCRIBE\nid:0\nreceipt:r\ndestination:/topic/transactions\n\n").unwrap();
        let (error, _) = client.expect_error().unwrap();
        assert_eq!(error.header("receipt-id"), Some("r"), "{error}");
        let shown = "a frame must be whole within limits.message_ms = 300: \
            the SUBSCRIBE frame lacks the NUL that ends it";
        assert_eq!(error.text().unwrap(), shown);

        let mut client = StompClient::unconnected(carrier(addr));
        client.send_frame_text("CONNECT\naccept-version:1.2\n\n").unwrap();
        let (error, _) = client.expect_error().unwrap();
        let shown = "a CONNECT must come within limits.handshake_ms = 300: \
            the CONNECT frame lacks the NUL that ends it";
        assert_eq!(error.text().unwrap(), shown);
    }
}

#[test]
fn a_stream_that_ends_within_a_frame_is_told_what_it_lacks() {
    let hub = hub(&[]);
    let mut client = StompClient::connect(tcp(address(&hub)), &StompOptions::default()).unwrap();
    client.send_frame_text("SEND\ndestination:/app/prices\nreceipt:r\ncontent-length:5\n\n{}").unwrap();
    client.socket_mut().shutdown_write().unwrap();
    let (error, _) = client.expect_error().unwrap();
    assert_eq!(error.header("receipt-id"), Some("r"), "{error}");
    let shown = "the stream ended: the SEND frame lacks 3 octets of its content-length, and its NUL";
    assert_eq!(error.text().unwrap(), shown);
}
