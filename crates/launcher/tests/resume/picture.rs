//! What a subscriber of the computed topics knows, put together as a browser does.

use std::collections::{BTreeMap, BTreeSet};

use crate::element::Element;
use crate::support::session::{Topic, Update, offset};

/// The latest of every element, by what names it, and where to resume.
#[derive(Default)]
pub(crate) struct Picture {
    elements: BTreeMap<(Topic, String), Seen>,
    watermarks: BTreeMap<Topic, String>,
    /// Topics whose snapshot began anew on this connection.
    begun_anew: BTreeSet<Topic>,
    /// Topics in the middle of a drain.
    open: BTreeSet<Topic>,
    digests: BTreeMap<Topic, u64>,
    /// What it was each time when it was told where to resume.
    pub(crate) checkpoints: Vec<Checkpoint>,
}

/// What somebody knew of a topic when nothing at or below the offset was pending.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub(crate) struct Checkpoint {
    pub(crate) offset: u64,
    pub(crate) topic: Topic,
    /// Of all elements: their digests, added up by exclusive or.
    pub(crate) digest: u64,
}

struct Seen {
    element: Element,
    text: String,
    /// A `resume` came with it or after it.
    settled: bool,
}

impl Picture {
    /// Where to resume; `None` before a first drain has ended.
    pub(crate) fn watermark(&self, topic: Topic) -> Option<&str> {
        self.watermarks.get(&topic).map(String::as_str)
    }

    /// Everything at or below the offset has come.
    pub(crate) fn has_reached(&self, topic: Topic, target: u64) -> bool {
        self.watermark(topic).is_some_and(|watermark| offset(watermark) >= target)
    }

    /// Some of a drain has come, and not its end.
    pub(crate) fn is_within_a_drain(&self) -> bool {
        !self.open.is_empty()
    }

    /// The connection is a new one.
    pub(crate) fn reconnected(&mut self) {
        self.begun_anew.clear();
        self.open.clear();
    }

    /// Will resume at an older position than it might, or not at all.
    pub(crate) fn step_back(&mut self, topic: Topic, position: Option<&String>) {
        match position {
            Some(position) => drop(self.watermarks.insert(topic, position.clone())),
            None => drop(self.watermarks.remove(&topic)),
        }
        self.of_mut(topic).for_each(|seen| seen.settled = false);
    }

    /// Takes a message in. Only one that carries `snapshot` starts from nothing; what was settled before may
    /// not come again as it is.
    pub(crate) fn take(&mut self, update: &Update) {
        let topic = update.topic;
        if update.snapshot.is_some() && self.begun_anew.insert(topic) {
            self.elements.retain(|(of, _), _| *of != topic);
            self.digests.remove(&topic);
            self.watermarks.remove(&topic);
        }
        for text in &update.elements {
            self.take_element(topic, text);
        }
        self.open.insert(topic);
        if let Some(resume) = &update.resume {
            self.settle(topic, resume);
        }
    }

    fn take_element(&mut self, topic: Topic, text: &str) {
        let element = Element::read(topic, text);
        let digest = self.digests.entry(topic).or_default();
        *digest ^= element.digest;
        let name = (topic, element.name.clone());
        let seen = Seen { element, text: text.to_owned(), settled: false };
        if let Some(before) = self.elements.insert(name.clone(), seen) {
            *digest ^= before.element.digest;
            let now = &self.elements[&name].element;
            // In a market where no position is ever again what it once was.
            let again = topic == Topic::Positions && before.settled && before.text == text;
            assert!(!again, "sent again, though settled: {text}");
            assert!(before.element.updated_at <= now.updated_at, "{text} after the newer {}", before.text);
        }
    }

    fn settle(&mut self, topic: Topic, resume: &str) {
        self.open.remove(&topic);
        let before = self.watermarks.insert(topic, resume.to_owned());
        assert!(before.is_none_or(|before| offset(&before) < offset(resume)), "{topic:?} fell to {resume}");
        self.of_mut(topic).for_each(|seen| seen.settled = true);
        let digest = self.digests.get(&topic).copied().unwrap_or_default();
        self.checkpoints.push(Checkpoint { offset: offset(resume), topic, digest });
    }

    fn of_mut(&mut self, topic: Topic) -> impl Iterator<Item = &mut Seen> {
        self.elements.iter_mut().filter(move |((of, _), _)| *of == topic).map(|(_, seen)| seen)
    }

    /// Whether both know the same, wherever they would resume.
    pub(crate) fn is_same_as(&self, other: &Picture) -> bool {
        Topic::STATE.iter().all(|topic| self.texts(*topic, |_| true) == other.texts(*topic, |_| true))
    }

    /// Every element of a topic of which `wanted` holds, by what names it.
    pub(crate) fn texts(&self, topic: Topic, wanted: impl Fn(&str) -> bool) -> BTreeMap<&str, &str> {
        let of_topic = self.elements.iter().filter(|((of, name), _)| *of == topic && wanted(name));
        of_topic.map(|((_, name), seen)| (name.as_str(), seen.text.as_str())).collect()
    }
}
