//! Relays, and answers, close whoever is slow.

use hub_testkit::slow::SlowPeer;
use hub_testkit::ws::Close;
use hub_testkit::{OverSocket as _, wait};

use crate::support::{PATIENCE, address, hub, metric, publish, subscribe, subscriber};
use crate::{CLOSED, OUTBOX, OUTBOX_BYTES, slow_session};

const RELAY: &str = "/topic/relay/ticker";

#[test]
fn a_slow_relay_subscriber_is_closed_with_4000_after_an_unbroken_run_and_nobody_else_is() {
    let hub = hub(&[OUTBOX, ("LIMITS__CLOSE_MS", "60000")]);
    let addr = address(&hub);
    let mut live = subscriber(addr, &[("relay", RELAY)]);
    let mut other = subscriber(addr, &[("relay", "/topic/relay/other")]);
    let mut client = slow_session(addr);
    subscribe(&mut client, "relay", RELAY);
    let slow = SlowPeer::pause(client);

    let mut sent = 0_u64;
    wait::until(PATIENCE, "the slow subscriber to be closed", || {
        sent += 1;
        let body = format!("{sent} {}", "x".repeat(32 << 10));
        publish(addr, RELAY, &[], body.as_bytes());
        // In step with the one that reads: it never has much to catch up with.
        assert_eq!(live.next_message("relay").unwrap().text().unwrap(), body);
        (metric(addr, CLOSED) > 0).then_some(())
    })
    .unwrap();

    let mut client = slow.resume().unwrap();
    let mut got = 0;
    let close = loop {
        match client.next_message("relay") {
            Ok(message) => {
                got += 1;
                assert!(
                    message.text().unwrap().starts_with(&format!("{got} ")),
                    "a gap before message {got}"
                );
            }
            Err(hub_testkit::Error::Closed { code, reason, .. }) => break Close { code, reason },
            Err(error) => panic!("after {got} of {sent}: {error}"),
        }
    };
    assert_eq!(
        close,
        Close {
            code: 4000,
            reason: "Too slow: messages would have been lost (limits.outbox_bytes, limits.feed_bytes, limits.feed_events)"
                .to_owned()
        }
    );
    client.socket_mut().expect_end().unwrap();
    assert!((1..sent).contains(&got), "{got} of {sent}");
    assert_eq!(metric(addr, CLOSED), 1);

    for (client, destination) in [(&mut live, RELAY), (&mut other, "/topic/relay/other")] {
        publish(addr, destination, &[], b"on");
        assert_eq!(client.next_message("relay").unwrap().body, b"on");
    }
}

#[test]
fn a_peer_that_makes_the_hub_answer_and_does_not_read_is_closed_with_4000() {
    // What one message makes the hub answer may lie beside a full outbox.
    let hub = hub(&[OUTBOX, ("LIMITS__MESSAGE_BYTES", "16384")]);
    let addr = address(&hub);
    let mut live = subscriber(addr, &[("relay", RELAY)]);
    let mut flood = slow_session(addr);
    // Each is answered by its receipt, 7,000 bytes long.
    let request = format!("UNSUBSCRIBE\nid:x\nreceipt:{}\n\n\0", "r".repeat(7_000));
    let mut asked = 0_u64;
    wait::until(PATIENCE, "the flood to be closed", || {
        // Fails once the hub has closed it.
        asked += u64::from(flood.send_frame_text(&request).is_ok());
        (metric(addr, CLOSED) > 0).then_some(())
    })
    .unwrap();
    assert!(metric(addr, "hub_outbox_bytes") < 8 * OUTBOX_BYTES, "after {asked} requests");
    publish(addr, RELAY, &[], b"on");
    assert_eq!(live.next_message("relay").unwrap().body, b"on");
}
