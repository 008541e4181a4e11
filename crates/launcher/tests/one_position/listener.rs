//! A subscriber of both topics who writes down what comes.

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::sync::{Arc, OnceLock};
use std::thread::{self, JoinHandle};

use crate::support::session::{Options, Session, Topic, Update, Wire, offset};

/// The offsets of the last changes of positions and of marks, once they are known.
pub(crate) type Last = OnceLock<[u64; 2]>;

pub(crate) struct Listener {
    pub(crate) name: String,
    thread: JoinHandle<Vec<Update>>,
}

/// A drain: what was published at one position.
pub(crate) struct Published {
    pub(crate) offset: u64,
    /// As the topic said it.
    pub(crate) position: String,
    pub(crate) elements: Vec<String>,
}

impl Listener {
    /// Subscribes, and listens until it has heard the last changes.
    pub(crate) fn start(addr: SocketAddr, wire: Wire, options: &Options, last: &Arc<Last>) -> Listener {
        let name = format!("{wire:?} {options:?}");
        let mut session = Session::open(addr, wire, None).unwrap();
        for topic in Topic::STATE {
            session.subscribe(topic, options).unwrap();
        }
        let last = Arc::clone(last);
        Listener { name, thread: thread::spawn(move || listen(session, &last)) }
    }

    /// What it has heard, drain by drain. Of one who was `live` all the time, each drain is one flush, and
    /// its messages say so.
    pub(crate) fn finish(self, live: bool) -> BTreeMap<Topic, Vec<Published>> {
        let mut heard: BTreeMap<_, Vec<Published>> = BTreeMap::new();
        let mut parts: BTreeMap<Topic, Vec<Update>> = BTreeMap::new();
        for update in self.thread.join().unwrap() {
            let drain = parts.entry(update.topic).or_default();
            drain.push(update);
            let [.., Update { topic, resume: Some(resume), .. }] = drain.as_slice() else { continue };
            let (topic, offset, position) = (*topic, offset(resume), resume.clone());
            let is_one = drain.iter().all(|part| part.offset.is_none_or(|of_part| of_part == offset));
            assert!(is_one || !live, "{}: one position for all of a flush: {drain:?}", self.name);
            let elements = drain.drain(..).flat_map(|part| part.elements).collect();
            heard.entry(topic).or_default().push(Published { offset, position, elements });
        }
        heard
    }
}

fn listen(mut session: Session, last: &Last) -> Vec<Update> {
    let mut reached = [0, 0];
    let mut updates: Vec<Update> = Vec::new();
    while last.get().is_none_or(|last| reached.iter().zip(last).any(|(reached, last)| reached < last)) {
        let update = session.next().unwrap();
        let topic = usize::from(update.topic == Topic::Marks);
        reached[topic] = update.resume.as_deref().map_or(reached[topic], offset);
        updates.push(update);
    }
    updates
}
