//! A thousand cuts while prices and transactions flow.

use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread::{self, JoinHandle};

use crate::bell::Bell;
use crate::crowd::{Crowd, assert_all_know, newcomer, read_to_the_bell, seed, shown};
use crate::market::Market;
use crate::picture::Picture;
use crate::support::session::{Options, Session, Topic, Wire};
use crate::support::{address, hub};
use crate::truth::assert_true_at_every_resume;
use crate::whereabouts::Whereabouts;

/// All combinations of wires, with and without filter and interval.
const CUTTERS: usize = 16;
const CUTS_EACH: usize = 64;

/// One who is never cut.
struct Watcher {
    stop: Arc<AtomicBool>,
    thread: JoinHandle<(Session, Picture)>,
}

impl Watcher {
    fn start(addr: SocketAddr) -> Watcher {
        let stop = Arc::new(AtomicBool::new(false));
        let stopped = Arc::clone(&stop);
        let thread = thread::spawn(move || {
            let mut session = Session::open(addr, Wire::WebSocket, None).unwrap();
            for topic in Topic::STATE {
                session.subscribe(topic, &Options::default()).unwrap();
            }
            let mut picture = Picture::default();
            while !stopped.load(Ordering::Relaxed) {
                picture.take(&session.next().unwrap());
            }
            (session, picture)
        });
        Watcher { stop, thread }
    }

    /// Hands over what it knows, and its connection, while the flow still wakes it.
    fn hand_over(self) -> (Session, Picture) {
        self.stop.store(true, Ordering::Relaxed);
        self.thread.join().unwrap()
    }
}

#[test]
fn whoever_is_cut_a_thousand_times_ends_with_what_one_knows_who_never_was() {
    let seed = seed();
    let _shown = shown(seed);
    // An outbox that large flushes don't fit, so that they come in parts.
    let hub = hub(&[("LIMITS__OUTBOX_BYTES", "16384"), ("SERVER__FLUSH_MS", "20")]);
    let addr = address(&hub);
    let whereabouts = Whereabouts::new(addr);
    let market = Market::open(&whereabouts, seed);
    let watcher = Watcher::start(addr);

    let cutters = Crowd::start(&whereabouts, CUTTERS, CUTS_EACH, seed).finish();
    let (mut session, mut uncut) = watcher.hand_over();
    let mut past = market.close();
    let bell = Bell::ring(&whereabouts, &mut past.book);
    read_to_the_bell(&mut session, &mut uncut, &bell);

    let cuts: usize = cutters.iter().map(|cutter| cutter.cuts).sum();
    let within: usize = cutters.iter().map(|cutter| cutter.cuts_within_a_drain).sum();
    assert!(cuts >= 1_000 && within >= 50, "{within} of {cuts} cuts were within a drain");
    let fresh = newcomer(addr, &bell);
    assert!(fresh.is_same_as(&uncut), "one who comes now is told what one knows who was always there");
    let looked_at = assert_true_at_every_resume(&past, &cutters);
    assert!(looked_at >= 500, "{looked_at} of the cutters' positions");
    assert_all_know(addr, cutters, &uncut, &bell);
}
