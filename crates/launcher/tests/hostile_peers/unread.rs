//! Subscribers that read nothing (`limits.stall_ms`).

use std::net::SocketAddr;

use hub_testkit::slow::{SlowPeer, TINY_RECEIVE_BYTES};
use hub_testkit::{Error, OverSocket as _, Result, wait};

use crate::market::Market;
use crate::support::bystander::Bystander;
use crate::support::session::{Options, Session, Topic, WIRES, Wire};
use crate::support::{PATIENCE, address, await_metric, hub};
use crate::{await_files, await_resets, closed, metric};

const STALL: (&str, &str) = ("LIMITS__STALL_MS", "400");
const OUTBOX: (&str, &str) = ("LIMITS__OUTBOX_BYTES", "16384");

/// Far less than there is to read, and in the time of a stall far more than the kernel has to have got rid of
/// before it takes something again.
const SIP_BYTES: usize = 8 << 10;

/// A subscriber of state whose socket takes little.
fn subscriber(addr: SocketAddr, wire: Wire) -> Session {
    let mut session = Session::open(addr, wire, Some(TINY_RECEIVE_BYTES)).unwrap();
    session.subscribe(Topic::Positions, &Options::default()).unwrap();
    // What there is already comes first.
    session.fence();
    session
}

/// Says that it lives, and nothing else.
fn beat(session: &mut Session) -> Result<()> {
    match session {
        Session::Stomp(client) => client.send_heart_beat(),
        Session::Native(ws) => ws.send_ping(b""),
    }
}

#[test]
fn a_subscriber_of_state_that_reads_nothing_is_closed_with_4004_however_it_beats() {
    let hub = hub(&[STALL, OUTBOX, ("LIMITS__CLOSE_MS", "60000")]);
    let addr = address(&hub);
    let mut bystander = Bystander::new(addr);
    let mut market = Market::new(addr);
    let files = hub.open_files().unwrap();
    let mut stuck = WIRES.map(|wire| subscriber(addr, wire));
    wait::until(PATIENCE, "all to be closed", || {
        market.go_round();
        bystander.assert_unharmed("a round of the market");
        // Fails once the hub reads no more.
        for session in &mut stuck {
            let _ = beat(session);
        }
        (metric(addr, &closed(4004)) == WIRES.len() as u64).then_some(())
    })
    .unwrap();
    for (wire, session) in WIRES.into_iter().zip(stuck) {
        let mut session = SlowPeer::pause(session).resume().unwrap();
        let end = loop {
            match session.next() {
                Ok(_) => {}
                Err(end) => break end,
            }
        };
        match (wire, end) {
            (Wire::Tcp, Error::Ended { .. }) => {}
            (_, Error::Closed { code, reason, .. }) => {
                assert_eq!(
                    (code, reason.as_str()),
                    (4004, "Nothing was read in time (limits.stall_ms)"),
                    "{wire:?}"
                );
            }
            (_, error) => panic!("{wire:?}: {error}"),
        }
    }
    await_files(&hub, files);
    bystander.assert_unharmed("the end of the others");
}

#[test]
fn nothing_is_kept_of_a_subscriber_that_never_reads_again() {
    let hub = hub(&[STALL, OUTBOX, ("LIMITS__CLOSE_MS", "200")]);
    let addr = address(&hub);
    let mut bystander = Bystander::new(addr);
    let mut market = Market::new(addr);
    let files = hub.open_files().unwrap();
    let stuck = WIRES.map(|wire| subscriber(addr, wire));
    wait::until(PATIENCE, "all to be closed", || {
        market.go_round();
        bystander.assert_unharmed("a round of the market");
        (metric(addr, &closed(4004)) == WIRES.len() as u64).then_some(())
    })
    .unwrap();
    await_resets(&stuck);
    await_files(&hub, files);
    for transport in ["tcp", "sockjs"] {
        let sample = format!("hub_connections{{service=\"analytics\",transport=\"{transport}\"}}");
        await_metric(addr, &sample, 0);
    }
    await_metric(addr, "hub_outbox_bytes", 0);
    bystander.assert_unharmed("the end of the others");
}

#[test]
fn a_subscriber_that_reads_a_little_now_and_then_is_not_closed() {
    let hub = hub(&[("LIMITS__STALL_MS", "1500"), OUTBOX, ("LIMITS__CLOSE_MS", "200")]);
    let addr = address(&hub);
    let mut market = Market::new(addr);
    // Compressed, this market is too little to be slow at.
    let wires = WIRES.into_iter().filter(|wire| *wire != Wire::Deflated);
    let mut slow: Vec<_> = wires.map(|wire| subscriber(addr, wire)).collect();
    // Each of these lives as long as a stall may last: the slow ones have lived longer by then.
    for nth in 1..=2 {
        let stuck = subscriber(addr, Wire::WebSocket);
        wait::until(PATIENCE, "the stuck one to be closed", || {
            market.go_round();
            for session in &mut slow {
                session.socket_mut().receive(SIP_BYTES).unwrap();
            }
            (metric(addr, &closed(4004)) == nth).then_some(())
        })
        .unwrap();
        await_resets([&stuck]);
    }
    market.go_round();
    for session in &mut slow {
        session.socket_mut().receive(SIP_BYTES).unwrap();
    }
}
