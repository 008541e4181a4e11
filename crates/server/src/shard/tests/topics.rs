//! What there is to follow in a [`World`](super::world::World).

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex};

use bytes::Bytes;
use hub_core::{Expired, Offset, Parameter, PortfolioId, Timestamp};
use hub_fanout::document::Cadence;
use hub_fanout::{
    Composed, Crowd, Document, EventFilter, FeedId, Filter, Member, Occasion, Options, RowKey, Touched, View,
};
use serde::Deserialize;

use crate::native::{Action, Followed, NativeEndpoint, NativeSession, Query};

/// A state topic: versions and values by key.
#[derive(Clone, Default)]
pub(super) struct Table {
    pub(super) rows: BTreeMap<RowKey, (Offset, u64)>,
    /// Expired after so many looks; `None`: never.
    pub(super) expires: Arc<Mutex<Option<u64>>>,
    /// How often it was asked what changed, and for an element.
    pub(super) asked: Arc<Asked>,
}

#[derive(Default)]
pub(super) struct Asked {
    pub(super) changed: AtomicU64,
    pub(super) elements: AtomicU64,
}

/// The portfolio that a key belongs to: of every four keys one's.
pub(super) fn portfolio_of(key: RowKey) -> PortfolioId {
    PortfolioId::from_bytes([(key % 4) as u8; 16])
}

impl Table {
    fn look(&self) -> Result<(), Expired> {
        match &mut *self.expires.lock().unwrap() {
            Some(0) => Err(Expired),
            Some(looks) => {
                *looks -= 1;
                Ok(())
            }
            None => Ok(()),
        }
    }
}

impl View for Table {
    fn changed(
        &self,
        after: Offset,
        from: Option<RowKey>,
        filter: &Filter,
        limit: usize,
        keys: &mut Vec<RowKey>,
    ) -> Result<bool, Expired> {
        self.look()?;
        self.asked.changed.fetch_add(1, Ordering::Relaxed);
        let is_wanted =
            |key| filter.portfolios().is_none_or(|portfolios| portfolios.contains(&portfolio_of(key)));
        let is_asked = |(key, (version, _)): &(&RowKey, &(Offset, u64))| {
            from.is_none_or(|from| **key > from) && *version > after && is_wanted(**key)
        };
        let mut found = self.rows.iter().filter(is_asked).map(|(key, _)| *key);
        keys.extend(found.by_ref().take(limit));
        Ok(found.next().is_some())
    }

    fn portfolio(&self, key: RowKey) -> Result<Option<PortfolioId>, Expired> {
        self.look()?;
        Ok(Some(portfolio_of(key)))
    }

    fn element(&self, key: RowKey) -> Result<Option<Bytes>, Expired> {
        self.look()?;
        self.asked.elements.fetch_add(1, Ordering::Relaxed);
        Ok(self.rows.get(&key).map(|(_, value)| format!(r#"{{"k":{key},"v":{value}}}"#).into()))
    }
}

/// A document that counts what was applied.
#[derive(Default)]
pub(super) struct Tally {
    pub(super) total: AtomicU64,
    pub(super) is_whole: AtomicBool,
}

pub(super) const TALLY_CHANGE_MS: u64 = 100;
pub(super) const TALLY_PERIOD_MS: u64 = 5_000;

impl Document for Tally {
    fn cadence(&self) -> Cadence {
        Cadence { on_change_ms: Some(TALLY_CHANGE_MS), period_ms: Some(TALLY_PERIOD_MS) }
    }

    fn period_is_whole(&self) -> bool {
        self.is_whole.load(Ordering::Relaxed)
    }

    fn compose(&self, occasion: Occasion, at: Timestamp) -> Composed {
        let total = self.total.load(Ordering::Relaxed);
        let message = match occasion {
            Occasion::Opened => Some(format!(r#"{{"tally":{total}}}"#)),
            Occasion::Changed { after } => {
                (total > after.0).then(|| format!(r#"{{"tally":{total},"after":{after}}}"#, after = after.0))
            }
            Occasion::Period => Some(format!(r#"{{"tally":{total},"at":{}}}"#, at.millis())),
        };
        Composed { messages: message.into_iter().map(Bytes::from).collect(), upto: Offset(total) }
    }
}

/// Two documents that are touched by turns, each by one of two flushes.
pub(super) struct Turns {
    tally: Arc<Tally>,
    /// Changes that each was asked for.
    pub(super) asked: [AtomicU64; 2],
    /// Nothing is told for good beyond this offset.
    pub(super) stood: AtomicU64,
}

/// One of them.
pub(super) struct Turn {
    pub(super) turns: Arc<Turns>,
    number: u64,
}

impl Turn {
    pub(super) fn two(tally: &Arc<Tally>) -> [Arc<Turn>; 2] {
        let turns = Arc::new(Turns {
            tally: Arc::clone(tally),
            asked: Default::default(),
            stood: AtomicU64::new(u64::MAX),
        });
        [0, 1].map(|number| Arc::new(Turn { turns: Arc::clone(&turns), number }))
    }
}

impl Crowd for Turns {
    fn touched(&self, since: Offset) -> Touched {
        let total = self.tally.total.load(Ordering::Relaxed);
        let stood = since.min(Offset(self.stood.load(Ordering::Relaxed)));
        let is_touched = |number: &u64| (since.0 + 1..=total).any(|flush| flush % 2 == *number);
        Touched { members: Some([0, 1].into_iter().filter(is_touched).collect()), stood, upto: Offset(total) }
    }
}

impl Document for Turn {
    fn cadence(&self) -> Cadence {
        Cadence { on_change_ms: Some(TALLY_CHANGE_MS), period_ms: None }
    }

    fn compose(&self, occasion: Occasion, _: Timestamp) -> Composed {
        let (number, total) = (self.number, self.turns.tally.total.load(Ordering::Relaxed));
        let message = match occasion {
            Occasion::Changed { after } => {
                self.turns.asked[number as usize].fetch_add(1, Ordering::Relaxed);
                format!(r#"{{"turn":{number},"total":{total},"after":{after}}}"#, after = after.0)
            }
            _ => format!(r#"{{"turn":{number}}}"#),
        };
        Composed { messages: vec![message.into()], upto: Offset(total) }
    }

    fn member(&self) -> Option<Member> {
        let crowd: Arc<dyn Crowd> = Arc::clone(&self.turns) as Arc<dyn Crowd>;
        Some(Member { crowd, number: self.number })
    }
}

/// A native socket: `{"type":"follow","what":"tally"|"turn-0"|"turn-1"|"feed"|"state"}`,
/// and `unfollow` likewise.
#[derive(Clone)]
pub(super) struct Follower {
    pub(super) tally: Arc<Tally>,
    pub(super) turns: [Arc<Turn>; 2],
    pub(super) feed: FeedId,
}

impl NativeEndpoint for Follower {
    fn parameters(&self) -> &'static [Parameter] {
        &[]
    }

    fn open(&self) -> Box<dyn NativeSession> {
        Box::new(self.clone())
    }
}

#[derive(Deserialize)]
struct Command {
    what: String,
}

impl NativeSession for Follower {
    fn opened(&mut self, _: &Query) -> Result<Vec<Action>, String> {
        Ok(Vec::new())
    }

    fn command(&mut self, kind: &str, json: &str) -> Result<Vec<Action>, String> {
        let command: Command = serde_json::from_str(json).map_err(|error| error.to_string())?;
        let (name, what) = match &*command.what {
            "tally" => ("tally", Followed::Document(Arc::clone(&self.tally) as Arc<dyn Document>)),
            "turn-0" => ("turn-0", Followed::Document(Arc::clone(&self.turns[0]) as Arc<dyn Document>)),
            "turn-1" => ("turn-1", Followed::Document(Arc::clone(&self.turns[1]) as Arc<dyn Document>)),
            "feed" => ("feed", Followed::Feed { feed: self.feed, filter: EventFilter::All }),
            _ => {
                let destination = "/topic/state".parse().expect("a destination");
                ("state", Followed::Topic { destination, options: Options::default() })
            }
        };
        Ok(vec![if kind == "follow" { Action::Follow { name, what } } else { Action::Unfollow { name } }])
    }
}
