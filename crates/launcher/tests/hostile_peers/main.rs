//! Peers that hold on to what they were given: each is cut off by a deadline or a limit, and nobody else
//! notices (`docs/limits.md`).

#[path = "../support/mod.rs"]
mod support;

mod closing;
mod crowd;
mod full;
mod market;
mod messages;
mod requests;
mod storm;
mod streams;
mod tls;
mod turns;
mod unread;
mod unread_answers;

use std::net::SocketAddr;

use hub_testkit::process::HubProcess;
use hub_testkit::{OverSocket, wait};

use support::PATIENCE;

/// Answers of HTTP that nobody read, and connections without a request.
const NOT_READ: &str = r#"hub_connections_failed_total{reason="not_read"}"#;
const NO_REQUEST: &str = r#"hub_connections_failed_total{reason="no_request"}"#;

fn closed(code: u16) -> String {
    format!("hub_closed_total{{code=\"{code}\"}}")
}

/// Waits until the hub has no more files open than it had.
fn await_files(hub: &HubProcess, before: usize) {
    let what = format!("no more than {before} open files");
    wait::until(PATIENCE, &what, || (hub.open_files().unwrap() <= before).then_some(())).unwrap();
}

/// Waits until the hub has reset each of these connections, of which none reads.
fn await_resets<'p, P: OverSocket + 'p>(peers: impl IntoIterator<Item = &'p P>) {
    for peer in peers {
        let reset = || peer.socket().was_reset().unwrap().then_some(());
        wait::until(PATIENCE, "a reset", reset).unwrap();
    }
}

/// How many requests of a kind the hub has failed or closed, by now.
fn metric(addr: SocketAddr, sample: &str) -> u64 {
    support::metric(addr, sample)
}
