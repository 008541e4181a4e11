//! A subscriber of a state topic, as his shard serves him, and what he makes of it.

use std::collections::{BTreeMap, BTreeSet};

use bytes::Bytes;
use hub_core::{Epoch, Expired, Offset, PortfolioId, Position};
use hub_fanout::{
    Changed, Filter, Room, RowKey, SnapshotReason, Start, StateFlush, StateSubscription, View, honour,
};

use crate::hub::Hub;
use crate::model::Model;
use crate::script::With;

/// The state topics, in their order.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Topic {
    Positions,
    Marks,
}

/// What names an element.
type Key = (PortfolioId, String);
type Known = BTreeMap<Key, String>;

pub(crate) struct Follower {
    topic: Topic,
    wanted: Option<BTreeSet<PortfolioId>>,
    /// Keys that are remembered one by one.
    dirty_max: usize,
    /// He takes a flush at once.
    is_quick: bool,
    owed: Option<StateSubscription>,
    known: Known,
    /// Each `resume` that he was sent, and what he knew then.
    resumes: Vec<(Position, Known)>,
    pub(crate) seen: BTreeSet<&'static str>,
}

impl Follower {
    pub(crate) fn new(
        topic: Topic,
        wanted: Option<&[PortfolioId]>,
        dirty_max: usize,
        is_quick: bool,
    ) -> Follower {
        let wanted = wanted.map(|ids| ids.iter().copied().collect());
        let (known, resumes, seen) = (Known::new(), Vec::new(), BTreeSet::new());
        Follower { topic, wanted, dirty_max, is_quick, owed: None, known, resumes, seen }
    }

    pub(crate) fn come(&mut self, hub: &Hub, with: With) {
        self.leave(hub);
        let stands = hub.stands();
        let (asked, known) = match with {
            With::Nothing => (None, Known::new()),
            With::Resume => self.go_back(self.resumes.len().saturating_sub(1)),
            With::Stale => self.go_back(self.resumes.len() / 2),
            With::UnknownEpoch => (Some(Position { epoch: Epoch(1), ..stands }), self.known.clone()),
        };
        let honoured = asked.map(|asked| honour(asked, stands, hub.flush.horizon));
        let start = match honoured {
            Some(Ok(after)) => Start::After(after),
            Some(Err(_)) | None => Start::Snapshot,
        };
        self.seen.insert(match honoured {
            None => "snapshot",
            Some(Ok(_)) => "resumed",
            Some(Err(reason)) => reason.as_str(),
        });
        assert_ne!(honoured, Some(Err(SnapshotReason::UnknownPosition)), "the log is never cut");
        self.known = known;
        if start == Start::Snapshot {
            self.known.clear();
            self.resumes.clear();
        }
        let filter = self.wanted.clone().map_or(Filter::ALL, Filter::of);
        self.owed = Some(StateSubscription::new(filter, start, stands.offset, self.dirty_max));
        hub.catalog.states()[self.topic as usize].interest().enter();
    }

    /// Has no more than he had at one `resume`; at the last one all that he has by now, parts of a drain that was cut
    /// included.
    fn go_back(&mut self, index: usize) -> (Option<Position>, Known) {
        let is_last = index + 1 == self.resumes.len();
        self.resumes.truncate(index + 1);
        match self.resumes.last() {
            Some((position, _)) if is_last => (Some(*position), self.known.clone()),
            Some((position, known)) => (Some(*position), known.clone()),
            None => (None, Known::new()),
        }
    }

    pub(crate) fn leave(&mut self, hub: &Hub) {
        if self.owed.take().is_some() {
            hub.catalog.states()[self.topic as usize].interest().leave();
        }
    }

    /// A restart ends all sockets, and the interest in topics with them.
    pub(crate) fn cut(&mut self) {
        self.owed = None;
    }

    /// A flush, the one before which was at `before`.
    pub(crate) fn deliver(&mut self, hub: &Hub, before: Offset, model: &Model) {
        let StateFlush { view, changed, .. } = &hub.flush.states[self.topic as usize];
        let Some(owed) = &mut self.owed else { return };
        let position = hub.stands().offset;
        if owed.is_ahead_of(position) {
            return;
        }
        let keys = wanted_keys(&**view, changed, before, owed.filter());
        if owed.is_caught_up()
            && let Some(keys) = &keys
            && (self.is_quick || keys.is_empty())
        {
            owed.advance(position);
            let elements = keys.iter().filter_map(|key| view.element(*key).unwrap()).collect();
            self.seen.insert("at once");
            self.learn(elements);
            return self.is_caught_up(hub, model);
        }
        owed.note(keys.as_deref(), position);
    }

    /// His socket has room.
    pub(crate) fn take(&mut self, hub: &Hub, bytes: usize, model: &Model) {
        let Some(owed) = &mut self.owed else { return };
        let view = &hub.flush.states[self.topic as usize].view;
        let mut elements = Vec::new();
        let taken = owed.take(&**view, Room::new(bytes, 0), &mut elements);
        self.learn(elements);
        match taken {
            Ok(true) => self.is_caught_up(hub, model),
            Ok(false) => drop(self.seen.insert("in part")),
            Err(Expired) => drop(self.seen.insert("expired")),
        }
    }

    pub(crate) fn must_be_caught_up(&self) {
        assert!(self.owed.as_ref().is_none_or(StateSubscription::is_caught_up), "{:?}", self.topic);
    }

    fn learn(&mut self, elements: Vec<Bytes>) {
        for element in elements {
            let text = String::from_utf8(element.into()).unwrap();
            let key = self.key(&text);
            if let Some(wanted) = &self.wanted {
                assert!(wanted.contains(&key.0), "not asked for: {text}");
            }
            self.known.insert(key, text);
        }
    }

    fn key(&self, text: &str) -> Key {
        let json: serde_json::Value = serde_json::from_str(text).unwrap();
        let id = |value: &serde_json::Value| value.as_str().unwrap().parse().unwrap();
        match self.topic {
            Topic::Positions => {
                (id(&json["id"]["portfolioId"]), json["id"]["symbol"].as_str().unwrap().to_owned())
            }
            Topic::Marks => (id(&json["portfolio_id"]), String::new()),
        }
    }

    /// He has been handed all that there is at the last flush.
    fn is_caught_up(&mut self, hub: &Hub, model: &Model) {
        let all: Known = match self.topic {
            Topic::Positions => model.rows(),
            Topic::Marks => model.marks().into_iter().map(|(id, mark)| ((id, String::new()), mark)).collect(),
        };
        let wanted = |key: &Key| self.wanted.as_ref().is_none_or(|wanted| wanted.contains(&key.0));
        let expected: Known = all.into_iter().filter(|(key, _)| wanted(key)).collect();
        // A portfolio of whose symbols none has a price any more sends no message: what it said before stays.
        self.known.retain(|key, _| expected.contains_key(key));
        assert_eq!(self.known, expected, "{:?} of {:?} at {}", self.topic, self.wanted, hub.stands());
        self.resumes.push((hub.stands(), self.known.clone()));
    }
}

/// The keys that changed of those that are wanted, as a shard finds them out.
fn wanted_keys(view: &dyn View, changed: &Changed, before: Offset, filter: &Filter) -> Option<Vec<RowKey>> {
    match (changed, filter.portfolios()) {
        (Changed::Keys(keys), None) => Some(keys.to_vec()),
        (Changed::Keys(keys), Some(wanted)) => {
            let of = |key: &RowKey| view.portfolio(*key).unwrap().is_some_and(|id| wanted.contains(&id));
            Some(keys.iter().copied().filter(of).collect())
        }
        (Changed::Unlisted, None) => None,
        (Changed::Unlisted, Some(_)) | (Changed::Apart, _) => {
            let mut keys = Vec::new();
            let more = view.changed(before, None, filter, usize::MAX, &mut keys).unwrap();
            assert!(!more);
            Some(keys)
        }
    }
}
