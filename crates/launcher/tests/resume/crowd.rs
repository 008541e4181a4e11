//! Many cutters at once, and what each of them has to know in the end.

use std::collections::BTreeMap;
use std::fmt::Display;
use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::thread::{self, JoinHandle};

use serde_json::Value;
use serde_json::value::RawValue;

use crate::bell::Bell;
use crate::book::{PORTFOLIOS, portfolio};
use crate::cutter::{Cutter, Shown};
use crate::element::Element;
use crate::picture::Picture;
use crate::support::session::{Options, Session, Topic, Update, Wire};
use crate::support::{analysis, buy, ingest};
use crate::whereabouts::Whereabouts;

/// Where the ids begin of the transactions that come after everything.
const NUDGES_FROM: u64 = 1 << 41;

/// What decides: from the environment, where somebody wants to see a failure again.
pub(crate) fn seed() -> u64 {
    std::env::var("RESUME_SEED").map_or(20_260_207, |seed| seed.parse().expect("a number in RESUME_SEED"))
}

/// Cutters at work, each in a thread of its own.
pub(crate) struct Crowd {
    stop: Arc<AtomicBool>,
    cuts: Arc<AtomicUsize>,
    threads: Vec<JoinHandle<Cutter>>,
}

impl Crowd {
    /// So many cutters, each of which cuts until it is stopped or has done so `cuts_each` times.
    pub(crate) fn start(hub: &Whereabouts, cutters: usize, cuts_each: usize, seed: u64) -> Crowd {
        let (stop, cuts) = (Arc::new(AtomicBool::new(false)), Arc::new(AtomicUsize::new(0)));
        let start = |n| {
            let (hub, stop, cuts) = (hub.clone(), Arc::clone(&stop), Arc::clone(&cuts));
            let mut cutter = Cutter::new(n, seed);
            thread::spawn(move || {
                let _shown = Shown(cutter.to_string());
                while !stop.load(Ordering::Relaxed) && cutter.cuts < cuts_each {
                    let place = hub.now();
                    match cutter.cut(place.addr) {
                        Ok(()) => drop(cuts.fetch_add(1, Ordering::Relaxed)),
                        Err(error) => drop(hub.after(place, &error)),
                    }
                }
                cutter
            })
        };
        let threads = (0..cutters).map(start).collect();
        Crowd { stop, cuts, threads }
    }

    /// Cuts so far.
    pub(crate) fn cuts(&self) -> usize {
        self.cuts.load(Ordering::Relaxed)
    }

    /// Whether one of them has failed, or all are done.
    pub(crate) fn is_any_finished(&self) -> bool {
        self.threads.iter().any(JoinHandle::is_finished)
    }

    /// Waits until each has done all its cuts.
    pub(crate) fn finish(self) -> Vec<Cutter> {
        self.threads.into_iter().map(|thread| thread.join().unwrap()).collect()
    }

    /// Has them stop where they are.
    pub(crate) fn stop(self) -> Vec<Cutter> {
        self.stop.store(true, Ordering::Relaxed);
        self.finish()
    }
}

/// What one knows who comes now and gets everything.
pub(crate) fn newcomer(addr: SocketAddr, bell: &Bell) -> Picture {
    let mut session = Session::open(addr, Wire::WebSocket, None).unwrap();
    for topic in Topic::STATE {
        session.subscribe(topic, &Options::default()).unwrap();
    }
    let mut picture = Picture::default();
    read_to_the_bell(&mut session, &mut picture, bell);
    picture
}

pub(crate) fn read_to_the_bell(session: &mut Session, picture: &mut Picture, bell: &Bell) {
    let heard = |picture: &Picture, topic| picture.has_reached(topic, bell.last(topic, |_| true));
    while !Topic::STATE.iter().all(|topic| heard(picture, *topic)) {
        picture.take(&session.next().unwrap());
    }
}

/// After the flow has stopped: everybody knows what `reference` knows, which is what REST says, and whoever
/// comes back then is told nothing.
pub(crate) fn assert_all_know(addr: SocketAddr, mut cutters: Vec<Cutter>, reference: &Picture, bell: &Bell) {
    let rows: Vec<Box<RawValue>> = serde_json::from_str(&analysis(addr)).unwrap();
    let rows = rows.iter().map(|row| row.get());
    let rows: BTreeMap<_, _> = rows.map(|text| (Element::read(Topic::Positions, text).name, text)).collect();
    let rows = rows.iter().map(|(name, text)| (name.as_str(), *text)).collect();
    assert_same(&"the reference", &reference.texts(Topic::Positions, |_| true), &rows);

    for cutter in &mut cutters {
        cutter.catch_up(addr, bell);
        for topic in Topic::STATE {
            let wanted = reference.texts(topic, |name| cutter.wants(name));
            assert_same(cutter, &cutter.picture.texts(topic, |_| true), &wanted);
        }
    }
    assert_quiet(addr, &mut cutters);
}

fn assert_same(who: &dyn Display, found: &BTreeMap<&str, &str>, wanted: &BTreeMap<&str, &str>) {
    let wrong: Vec<_> = wanted.iter().filter(|(name, text)| found.get(*name) != Some(text)).collect();
    let first = wrong.first().map(|(name, text)| (text, found.get(*name)));
    assert!(wrong.is_empty(), "{who}: {} of {} wrong; should be, is {first:?}", wrong.len(), wanted.len());
    let more = found.keys().find(|name| !wanted.contains_key(*name));
    assert_eq!(more, None, "{who}: made up");
}

/// Nothing is sent to those who resume at the newest watermark, up to what happens next.
fn assert_quiet(addr: SocketAddr, cutters: &mut [Cutter]) {
    let mut sessions: Vec<_> = cutters.iter_mut().map(|cutter| cutter.resume(addr, None).unwrap()).collect();
    for (session, cutter) in sessions.iter_mut().zip(cutters.iter()) {
        assert_eq!(session.fence(), [], "{cutter}");
    }
    let nudges: Value = (0..PORTFOLIOS).map(|n| buy(NUDGES_FROM + n, &portfolio(n), "NUDGE", 1)).collect();
    ingest(addr, "transactions", &nudges);
    for (session, cutter) in sessions.iter_mut().zip(cutters.iter()) {
        let mut left = Topic::STATE.to_vec();
        while !left.is_empty() {
            let update = session.next().unwrap();
            left.retain(|topic| *topic != update.topic);
            assert_is_a_nudge(&update, cutter);
        }
    }
}

fn assert_is_a_nudge(update: &Update, cutter: &Cutter) {
    assert!(!update.elements.is_empty(), "{cutter}: {update:?}");
    for text in &update.elements {
        assert!(text.contains("NUDGE"), "{cutter}: sent again, though settled: {text}");
    }
}

/// The seed, and the like, of a test that fails.
pub(crate) fn shown(seed: u64) -> Shown {
    Shown(format!("seed {seed}; RESUME_SEED={seed} makes the same choices again"))
}
