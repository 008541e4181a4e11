//! The hub, its model, and everybody who subscribes.

use std::collections::{BTreeMap, BTreeSet};
use std::mem;

use hub_core::{Event, Expired, Offset, Record, Timestamp};
use hub_fanout::{Filter, View};

use crate::follower::{Follower, Topic};
use crate::hub::{Hub, START_MILLIS};
use crate::model::Model;
use crate::script::{PORTFOLIOS, Step, With, portfolio};
use crate::watcher::{Truth, Watched, Watcher};

pub(crate) struct World {
    view_bytes: usize,
    log: Vec<Record>,
    micros: i64,
    hub: Hub,
    /// As of the last record, settle and flush.
    applied: Model,
    settled: Model,
    flushed: Model,
    /// As of each flush of the last round of P&L.
    round: BTreeMap<Offset, Model>,
    followers: Vec<Follower>,
    watchers: Vec<Watcher>,
    round_number: i64,
    seen: BTreeSet<&'static str>,
}

impl World {
    pub(crate) fn new(view_bytes: usize) -> World {
        let some = [portfolio(1), portfolio(2), portfolio(PORTFOLIOS + 1)];
        let follower = |topic, wanted, dirty_max, is_quick| Follower::new(topic, wanted, dirty_max, is_quick);
        let mut followers = Vec::new();
        for topic in [Topic::Positions, Topic::Marks] {
            followers.push(follower(topic, None, 1000, true));
            followers.push(follower(topic, None, 3, false));
            followers.push(follower(topic, Some(&some[..]), 1000, true));
            followers.push(follower(topic, Some(&some[..]), 1, false));
        }
        let around = |n, range| Watched::Around { id: portfolio(n), range };
        let all = [
            Watched::Updates { limit: 2 },
            Watched::Updates { limit: 1000 },
            Watched::Top { limit: 2 },
            around(1, 1),
            around(2, 0),
            around(PORTFOLIOS + 1, 1),
        ];
        let watchers =
            all.into_iter().flat_map(|watched| [true, false].map(|quick| Watcher::new(watched, quick)));
        World {
            view_bytes,
            log: Vec::new(),
            micros: START_MILLIS * 1000,
            hub: Hub::of(&[], view_bytes),
            applied: Model::new(),
            settled: Model::new(),
            flushed: Model::new(),
            round: BTreeMap::from([(Offset::START, Model::new())]),
            round_number: i64::MIN,
            followers,
            watchers: watchers.collect(),
            seen: BTreeSet::new(),
        }
    }

    /// Everybody is there from the start, if so; takes all steps; then everybody comes, and has everything.
    pub(crate) fn run(mut self, from_the_start: bool, steps: &[Step]) -> BTreeSet<&'static str> {
        let all = self.followers.len() + self.watchers.len();
        (0..all).filter(|_| from_the_start).for_each(|who| self.come(who, With::Nothing));
        for step in steps {
            self.step(step);
        }
        self.flush();
        for who in 0..all {
            self.come(who, With::Resume);
            self.take(who, usize::MAX);
        }
        self.followers.iter().for_each(Follower::must_be_caught_up);
        let seen = self.followers.iter().map(|it| &it.seen).chain(self.watchers.iter().map(|it| &it.seen));
        self.seen.extend(seen.flatten());
        self.seen
    }

    fn step(&mut self, step: &Step) {
        match step {
            Step::Record { pause, event, ahead } => self.record(*pause, event.clone(), *ahead),
            Step::Settle => self.settle(),
            Step::Flush => self.flush(),
            Step::Restart { saved } => self.restart(*saved),
            Step::Come { who, with } => self.come(*who, *with),
            Step::Leave { who } => match self.place(*who) {
                Place::Follower(at) => self.followers[at].leave(&self.hub),
                Place::Watcher(at) => self.watchers[at].leave(),
            },
            Step::Take { who, bytes } => self.take(*who, *bytes),
        }
    }

    fn record(&mut self, pause: i64, event: Event, ahead: Option<i64>) {
        self.micros += pause;
        let at = Timestamp::from_micros(self.micros).unwrap();
        let offset = Offset(self.log.len() as u64 + 1);
        let event = claim(event, self.micros, ahead);
        let record = Record { offset, at, event };
        let verdict = self.applied.apply(&record);
        assert_eq!(self.hub.apply(&record), verdict, "{record:?}");
        self.seen.insert(verdict.0);
        if matches!(record.event, Event::Upstream(_)) {
            self.seen.insert(if verdict.0 == "accepted" { "relayed" } else { "computed already" });
        }
        self.log.push(record);
    }

    fn settle(&mut self) {
        self.hub.driver.settle();
        self.settled = self.applied.clone();
        self.look();
    }

    /// A settle, too, and all who are there are told.
    fn flush(&mut self) {
        let before = self.hub.flush();
        self.settled = self.applied.clone();
        let model = mem::replace(&mut self.flushed, self.applied.clone());
        self.flushed_in_round();
        self.look();
        for follower in &mut self.followers {
            follower.deliver(&self.hub, before.position.offset, &self.flushed);
        }
        let truth = Truth {
            hub: &self.hub,
            flushed: &self.flushed,
            settled: &self.settled,
            round: &self.round,
            is_exact: self.view_bytes > 0,
        };
        self.watchers.iter_mut().for_each(|watcher| watcher.deliver(&truth));
        // Whoever still reads the flush before (a shard that lags) finds in it what was, or that it has expired.
        let shown = [texts(&*before.states[0].view), texts(&*before.states[1].view)];
        let was = [model.rows().into_values().collect(), model.marks().into_values().collect()];
        for (shown, was) in shown.into_iter().zip(was) {
            let Ok(shown) = shown else { continue };
            assert_eq!(shown, was, "at {}", before.position);
            self.seen.insert("the flush before");
        }
    }

    fn restart(&mut self, saved: bool) {
        self.followers.iter_mut().for_each(Follower::cut);
        self.watchers.iter_mut().for_each(Watcher::leave);
        let walk = self.hub.driver.walk();
        self.hub =
            if saved { Hub::restored(&walk, self.view_bytes) } else { Hub::of(&self.log, self.view_bytes) };
        assert!(self.hub.driver.walk() == walk, "the same log, and other memories of it");
        self.settled = self.applied.clone();
        self.flushed = self.applied.clone();
        self.round_number = i64::MIN;
        self.flushed_in_round();
        self.look();
    }

    /// P&L is told in rounds of a second.
    fn flushed_in_round(&mut self) {
        let number = self.hub.flush.at.millis().div_euclid(1000);
        if mem::replace(&mut self.round_number, number) != number {
            self.round.clear();
        }
        self.round.insert(self.hub.stands().offset, self.flushed.clone());
    }

    fn come(&mut self, who: usize, with: With) {
        let truth = Truth {
            hub: &self.hub,
            flushed: &self.flushed,
            settled: &self.settled,
            round: &self.round,
            is_exact: self.view_bytes > 0,
        };
        match self.place(who) {
            Place::Follower(at) => self.followers[at].come(&self.hub, with),
            Place::Watcher(at) => self.watchers[at].come(&truth, with),
        }
    }

    fn take(&mut self, who: usize, bytes: usize) {
        let truth = Truth {
            hub: &self.hub,
            flushed: &self.flushed,
            settled: &self.settled,
            round: &self.round,
            is_exact: self.view_bytes > 0,
        };
        match self.place(who) {
            Place::Follower(at) => self.followers[at].take(&self.hub, bytes, &self.flushed),
            Place::Watcher(at) if bytes == 1 => self.watchers[at].period(&truth),
            Place::Watcher(at) => self.watchers[at].take(&truth),
        }
    }

    fn place(&self, who: usize) -> Place {
        let who = who % (self.followers.len() + self.watchers.len());
        who.checked_sub(self.followers.len()).map_or(Place::Follower(who), Place::Watcher)
    }

    /// REST's readers see what is settled.
    fn look(&self) {
        let state = self.hub.analytics.settled();
        let json = |row: hub_analytics::Row| String::from_utf8(row.json().into()).unwrap();
        let rows: BTreeSet<String> = state.positions().map(|row| json(row.unwrap())).collect();
        assert_eq!(rows, self.settled.rows().into_values().collect());
        let mark = |id| state.mark(id).unwrap().map(|mark| String::from_utf8(mark.into()).unwrap());
        let marks: BTreeSet<String> = state.portfolios().filter_map(|id| mark(id.unwrap())).collect();
        assert_eq!(marks, self.settled.marks().into_values().collect());
        let settled = self.hub.leaderboard.settled();
        let ranked: Vec<_> = settled.board().rows(0, usize::MAX).map(|(_, row)| row.id).collect();
        assert_eq!(ranked, self.settled.ranked_ids());
    }
}

/// Texts of all elements.
fn texts(view: &dyn View) -> Result<BTreeSet<String>, Expired> {
    let mut keys = Vec::new();
    view.changed(Offset::START, None, &Filter::ALL, usize::MAX, &mut keys)?;
    let text = |key| Ok(view.element(key)?.map(|text| String::from_utf8(text.into()).unwrap()));
    keys.into_iter().filter_map(|key| text(key).transpose()).collect()
}

enum Place {
    Follower(usize),
    Watcher(usize),
}

fn claim(mut event: Event, micros: i64, ahead: Option<i64>) -> Event {
    let claimed = ahead.and_then(|ahead| Timestamp::from_micros(micros + ahead));
    match &mut event {
        Event::Transaction(transaction) => transaction.timestamp = claimed,
        Event::Price(quote) => quote.timestamp = claimed,
        _ => {}
    }
    event
}
