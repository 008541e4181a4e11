//! One peer of the model, and what it has been promised.

use std::collections::BTreeMap;

use hub_core::{CloseReason, Position};
use hub_fanout::RowKey;

use super::super::peer::{Peer, Received, Speaks};
use super::super::topics::portfolio_of;
use super::super::world::{FEED_EVENTS, World};
use super::OVERFLOW_MESSAGES;

/// What a peer follows.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Kind {
    State,
    /// The same, not oftener than every 200 ms.
    PacedState,
    /// What belongs to the portfolios 1 and 2.
    OwnState,
    Feed,
    /// The events about portfolio 1.
    OwnFeed,
    Relay,
    Queue,
    /// Of a native socket alone.
    Document,
}

impl Kind {
    /// Its destination, and the options that it is followed with.
    fn destination(self) -> (String, String) {
        let [one, two] = [1, 2].map(portfolio_of);
        let (destination, options) = match self {
            Kind::State | Kind::Document => ("/topic/state", String::new()),
            Kind::PacedState => ("/topic/state", "interval:200\n".to_owned()),
            Kind::OwnState => ("/topic/state", format!("portfolio-ids:{one},{two}\n")),
            Kind::Feed => ("/topic/feed", String::new()),
            Kind::OwnFeed => return (format!("/topic/feed/{one}"), String::new()),
            Kind::Relay => ("/topic/relay/model", String::new()),
            Kind::Queue => ("/queue/model", String::new()),
        };
        (destination.to_owned(), options)
    }

    /// Says whether a key or an event of this ordinal is what it asks for.
    fn admits(self, ordinal: u64) -> bool {
        match self {
            Kind::OwnState => matches!(ordinal % 4, 1 | 2),
            Kind::OwnFeed => ordinal % 4 == 1,
            _ => true,
        }
    }

    fn is_feed(self) -> bool {
        matches!(self, Kind::Feed | Kind::OwnFeed)
    }

    fn is_state(self) -> bool {
        matches!(self, Kind::State | Kind::PacedState | Kind::OwnState)
    }
}

/// One subscription.
struct Following {
    id: String,
    kind: Kind,
    /// Ordinals that came, of events or messages.
    came: Vec<u64>,
    /// The ordinal of the first that has to come, and where it ended.
    from: u64,
    until: Option<u64>,
    /// What the state topic is taken to be.
    values: BTreeMap<RowKey, u64>,
}

pub(super) struct Client {
    pub(super) peer: Peer,
    speaks: Speaks,
    followings: Vec<Following>,
    /// How many events and messages there had been when it had taken all.
    drained_at: (u64, u64),
    tally: u64,
}

impl Client {
    pub(super) fn new(peer: Peer, speaks: Speaks, events: u64) -> Client {
        Client { peer, speaks, followings: Vec::new(), drained_at: (events, 0), tally: 0 }
    }

    pub(super) fn subscribe(&mut self, kind: Kind, made: usize, relayed: u64, world: &mut World) {
        let native = self.speaks == Speaks::Native;
        let possible = match kind {
            Kind::Document => native,
            Kind::PacedState | Kind::OwnState | Kind::OwnFeed | Kind::Relay | Kind::Queue => !native,
            Kind::State | Kind::Feed => true,
        };
        if !possible || self.follows(kind) || self.is_closed() {
            return;
        }
        let from = match kind {
            Kind::Feed if native => world.events,
            Kind::Feed | Kind::OwnFeed => world.events.saturating_sub(FEED_EVENTS as u64),
            _ => relayed,
        };
        if kind.is_feed() {
            // It begins with what is retained.
            self.drained_at.0 = self.drained_at.0.min(from);
        }
        let id = format!("{kind:?}-{made}");
        if native {
            let what = ["tally", "state", "feed"][[Kind::Document, Kind::State, Kind::Feed]
                .iter()
                .position(|other| *other == kind)
                .expect("possible")];
            self.peer.send(&format!(r#"{{"type":"follow","what":"{what}"}}"#));
        } else {
            let (destination, options) = kind.destination();
            self.peer.subscribe(&id, &destination, &options);
        }
        let (came, values) = (Vec::new(), BTreeMap::new());
        self.followings.push(Following { id, kind, came, from, until: None, values });
        world.settle();
    }

    pub(super) fn unsubscribe(&mut self, kind: Kind, relayed: u64, world: &mut World) {
        let native = self.speaks == Speaks::Native;
        let active = self.followings.iter_mut().find(|one| one.kind == kind && one.until.is_none());
        // What a native socket followed before and now can't be told apart.
        let Some(following) = active.filter(|_| !native) else { return };
        following.until = Some(if kind.is_feed() { world.events } else { relayed });
        self.peer.send(&format!("UNSUBSCRIBE\nid:{}\n\n\0", following.id));
        world.settle();
    }

    pub(super) fn follows(&self, kind: Kind) -> bool {
        self.followings.iter().any(|one| one.kind == kind && one.until.is_none())
    }

    pub(super) fn has_followed(&self, kind: Kind) -> bool {
        self.followings.iter().any(|one| one.kind == kind)
    }

    pub(super) fn is_closed(&self) -> bool {
        self.peer.close.is_some() || self.peer.is_at_end()
    }

    /// It has taken all there was; unless that ended with a close, it lags no
    /// more.
    pub(super) fn drained(&mut self, events: u64, messages: u64) {
        if !self.is_closed() {
            self.drained_at = (events, messages);
        }
    }

    /// Makes of what came what a client makes of it.
    pub(super) fn digest(&mut self, history: &BTreeMap<RowKey, Vec<u64>>, consumed: &mut Vec<(u64, bool)>) {
        for received in std::mem::take(&mut self.peer.received) {
            if self.speaks == Speaks::Native {
                self.digest_native(&received, history);
            } else {
                self.digest_stomp(&received, history, consumed);
            }
        }
    }

    fn digest_stomp(
        &mut self,
        received: &Received,
        history: &BTreeMap<RowKey, Vec<u64>>,
        consumed: &mut Vec<(u64, bool)>,
    ) {
        assert_eq!(received.command, "MESSAGE", "nothing wrong was sent");
        let id = &received.headers["subscription"];
        let following = self.followings.iter_mut().find(|one| one.id == *id).expect("it was asked for");
        let ordinal = || received.body.trim().parse::<u64>().expect("an ordinal");
        match following.kind {
            Kind::State | Kind::PacedState | Kind::OwnState | Kind::Document => {
                following.digest_element(&received.json());
                if let Some(resume) = received.headers.get("resume") {
                    following.check_resume(resume, history);
                }
            }
            Kind::Queue => consumed.push((ordinal(), received.headers.contains_key("redelivered"))),
            Kind::Feed | Kind::OwnFeed | Kind::Relay => following.came.push(ordinal()),
        }
    }

    fn digest_native(&mut self, received: &Received, history: &BTreeMap<RowKey, Vec<u64>>) {
        let json = received.json();
        let of = |followings: &'_ mut Vec<Following>, kind| {
            followings.iter().position(|one| one.kind == kind).expect("it was asked for")
        };
        if let Some(event) = json.as_u64() {
            let index = of(&mut self.followings, Kind::Feed);
            self.followings[index].came.push(event);
        } else if let Some(tally) = json["tally"].as_u64() {
            assert!(tally >= self.tally, "an older total after a newer one");
            self.tally = tally;
        } else {
            let index = of(&mut self.followings, Kind::State);
            self.followings[index].digest_element(&json["data"]);
            if let Some(resume) = json["resume"].as_str() {
                self.followings[index].check_resume(resume, history);
            }
        }
    }

    /// Everything was taken: it has what was promised, or was told that it has
    /// lost something because it lagged.
    pub(super) fn check(
        &self,
        world: &World,
        history: &BTreeMap<RowKey, Vec<u64>>,
        relayed: u64,
        messages: u64,
    ) {
        let lagged_feed = world.events - self.drained_at.0 > FEED_EVENTS as u64;
        let lagged_relay = messages - self.drained_at.1 > OVERFLOW_MESSAGES;
        let may_lose = self.followings.iter().any(|one| one.kind.is_feed()) && lagged_feed
            || self.has_followed(Kind::Relay) && lagged_relay;
        // Straight over the stream, a drain ends as any other close does.
        let going_away = match &self.peer.close {
            Some((code, _)) => *code == CloseReason::GOING_AWAY.code,
            None => world.is_draining() && !may_lose,
        };
        let closed = self.is_closed() && !going_away;
        assert!(may_lose || !closed, "closed though it could have lost nothing: {:?}", self.peer.close);
        for following in &self.followings {
            following.check(world, history, relayed, closed);
        }
        if self.follows(Kind::Document) && !closed {
            assert_eq!(self.tally, world.position.offset.0);
        }
    }
}

impl Following {
    fn digest_element(&mut self, element: &serde_json::Value) {
        // A snapshot of nothing is an empty array.
        if let (Some(key), Some(value)) = (element["k"].as_u64(), element["v"].as_u64()) {
            let before = self.values.insert(key as RowKey, value);
            assert!(before <= Some(value), "an older value after a newer one");
        }
    }

    /// Nothing at or below the position is still owed.
    fn check_resume(&self, resume: &str, history: &BTreeMap<RowKey, Vec<u64>>) {
        let resume: Position = resume.parse().expect("a position");
        for (key, offsets) in history.iter().filter(|(key, _)| self.kind.admits(u64::from(**key))) {
            let due = offsets.iter().rev().find(|offset| **offset <= resume.offset.0);
            assert!(due <= self.values.get(key), "{resume} is promised, {key} is still owed");
        }
    }

    fn check(&self, world: &World, history: &BTreeMap<RowKey, Vec<u64>>, relayed: u64, closed: bool) {
        let is_over = closed || self.until.is_some();
        let in_order = |until: u64| {
            let expected =
                (self.from..self.until.unwrap_or(until)).filter(|ordinal| self.kind.admits(*ordinal));
            let expected: Vec<u64> = expected.collect();
            // What was sent before an end may have been the last.
            let expected = if is_over { &expected[..self.came.len().min(expected.len())] } else { &expected };
            assert_eq!(self.came, expected, "{}", self.id);
        };
        match self.kind {
            kind if kind.is_state() && !is_over => {
                let newest = history.iter().filter(|(key, _)| kind.admits(u64::from(**key)));
                let newest = newest.map(|(key, offsets)| (*key, *offsets.last().expect("a change")));
                assert_eq!(self.values, newest.collect(), "{}", self.id);
            }
            Kind::Feed | Kind::OwnFeed => in_order(world.events),
            Kind::Relay => in_order(relayed),
            Kind::State | Kind::PacedState | Kind::OwnState | Kind::Queue | Kind::Document => {}
        }
    }
}
