//! Peers that don't answer a Close, or go on as if there had been none (`limits.close_ms`).

use hub_testkit::stomp::{Carrier, StompClient, StompOptions};
use hub_testkit::ws::{WsClient, WsOptions};
use hub_testkit::{OverSocket as _, Socket, wait};

use crate::await_files;
use crate::support::bystander::Bystander;
use crate::support::{PATIENCE, address, hub};

#[test]
fn a_peer_that_never_answers_our_close_is_cut_off() {
    let hub = hub(&[("LIMITS__CLOSE_MS", "200"), ("LIMITS__HANDSHAKE_MS", "200")]);
    let addr = address(&hub);
    let mut bystander = Bystander::new(addr);
    let files = hub.open_files().unwrap();
    let options = WsOptions { deadline: PATIENCE, answer_close: false, ..WsOptions::default() };
    // Closed with 4002, as it sends no CONNECT; it reads that, and says nothing.
    let mut silent = WsClient::connect(addr, "/ws", &options).unwrap();
    // This one goes on sending.
    let mut busy = WsClient::connect(addr, "/ws", &options).unwrap();
    let mut refused = StompClient::unconnected(Carrier::Tcp(Socket::connect(addr, PATIENCE).unwrap()));
    refused.send_frame_text("NONSENSE\n\n\0").unwrap();
    wait::until(PATIENCE, "the end of who goes on", || {
        bystander.assert_unharmed("a peer that is closed");
        busy.send_ping(b"still here").is_err().then_some(())
    })
    .unwrap();
    assert_eq!(silent.expect_close().unwrap().0, 4002);
    await_files(&hub, files);
    drop((silent, busy, refused));
}

#[test]
fn a_peer_that_disconnects_and_stays_is_cut_off() {
    let hub = hub(&[("LIMITS__CLOSE_MS", "200")]);
    let addr = address(&hub);
    let mut bystander = Bystander::new(addr);
    let files = hub.open_files().unwrap();
    let mut raw =
        StompClient::connect(Carrier::tcp(addr, PATIENCE).unwrap(), &StompOptions::default()).unwrap();
    raw.disconnect_with_receipt().unwrap();
    // Its own side is never shut.
    await_files(&hub, files);
    bystander.assert_unharmed("a peer that stays");
    raw.socket_mut().expect_end().unwrap();
}
