//! A subscriber of the leaderboard, and what he makes of its messages.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use bytes::Bytes;
use hub_core::{Offset, PortfolioId, Position};
use hub_fanout::{Document, Member, Occasion};

use crate::hub::Hub;
use crate::model::{Model, PnlOf};
use crate::script::With;

/// What is watched.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Watched {
    Updates { limit: usize },
    Top { limit: usize },
    Around { id: PortfolioId, range: usize },
}

/// By portfolio.
type Rows = BTreeMap<String, String>;

pub(crate) struct Watcher {
    watched: Watched,
    /// He is asked at each flush.
    is_quick: bool,
    document: Option<Arc<dyn Document>>,
    /// He has everything up to here.
    upto: Offset,
    /// Up to here it was asked whether the window was touched.
    asked: Offset,
    rows: Rows,
    center: Option<usize>,
    /// Each `resume` that he was sent, and what he had then.
    resumes: Vec<(String, Rows)>,
    pub(crate) seen: BTreeSet<&'static str>,
}

/// The hub, and what its model says: as of the last flush, and as of the last settle.
pub(crate) struct Truth<'a> {
    pub(crate) hub: &'a Hub,
    pub(crate) flushed: &'a Model,
    pub(crate) settled: &'a Model,
    /// As of each flush of this round of P&L.
    pub(crate) round: &'a BTreeMap<Offset, Model>,
    /// No view expires.
    pub(crate) is_exact: bool,
}

impl Truth<'_> {
    /// P&L of the flush; once the hub no longer has that, the newest.
    fn pnl(&self) -> impl Fn(PortfolioId) -> (String, String) {
        |id| {
            let has_expired = self.hub.analytics.flushed().pnl(id).is_err();
            if has_expired { self.settled.pnl(id) } else { self.flushed.pnl(id) }
        }
    }
}

impl Truth<'_> {
    fn round_began(&self) -> Offset {
        *self.round.keys().next().unwrap()
    }

    /// The hub knows what was shown at a flush.
    fn is_known(&self, after: Offset, watched: Watched) -> bool {
        let state = self.hub.leaderboard.flushed();
        let is_past_known = match watched {
            Watched::Updates { limit } | Watched::Top { limit } => state.top_at(after, limit).is_some(),
            Watched::Around { .. } => state.board_at(after).is_some(),
        };
        let flush = Position { offset: after, ..self.hub.stands() };
        self.is_exact && is_past_known && self.hub.analytics.at(flush).is_ok()
    }
}

impl Watcher {
    pub(crate) fn new(watched: Watched, is_quick: bool) -> Watcher {
        Watcher {
            watched,
            is_quick,
            document: None,
            upto: Offset::START,
            asked: Offset::START,
            rows: Rows::new(),
            center: None,
            resumes: Vec::new(),
            seen: BTreeSet::new(),
        }
    }

    pub(crate) fn come(&mut self, truth: &Truth<'_>, with: With) {
        let mut url = match self.watched {
            Watched::Updates { limit } => format!("/ws/updates?limit={limit}"),
            Watched::Top { limit } => format!("/ws/top?n={limit}"),
            Watched::Around { id, range } => format!("/ws/around?portfolioId={id}&range={range}"),
        };
        let had = match with {
            With::Resume => self.resumes.last().cloned(),
            With::Stale => self.resumes.get(self.resumes.len() / 2).cloned(),
            With::UnknownEpoch => Some((format!("000000000000dead-{}", self.upto.0), Rows::new())),
            With::Nothing => None,
        };
        self.rows.clear();
        if let (Watched::Updates { .. }, Some((resume, rows))) = (self.watched, had) {
            url = format!("{url}&resume={resume}");
            self.rows = rows;
        }
        let document = truth.hub.follow(&url);
        self.document = Some(document);
        self.compose(truth, Occasion::Opened);
        self.asked = Offset::START;
    }

    pub(crate) fn leave(&mut self) {
        self.document = None;
    }

    /// A flush.
    pub(crate) fn deliver(&mut self, truth: &Truth<'_>) {
        if self.is_quick {
            self.take(truth);
        }
    }

    /// He is up to date after it.
    pub(crate) fn take(&mut self, truth: &Truth<'_>) {
        let Some(document) = &self.document else { return };
        if let Some(Member { crowd, number }) = document.member() {
            let since = self.asked;
            let touched = crowd.touched(since);
            self.asked = touched.upto;
            assert!(touched.stood <= since);
            let is_touched = touched.members.is_none_or(|members| members.contains(&number));
            if !is_touched {
                self.seen.insert("not touched");
                return self.check(truth, self.upto.max(touched.upto.min(truth.round_began())));
            }
            self.upto = self.upto.max(touched.stood);
        }
        self.compose(truth, Occasion::Changed { after: self.upto });
    }

    /// Every 30 seconds.
    pub(crate) fn period(&mut self, truth: &Truth<'_>) {
        if self.document.is_some() && matches!(self.watched, Watched::Updates { .. }) {
            self.compose(truth, Occasion::Period);
        }
    }

    fn compose(&mut self, truth: &Truth<'_>, occasion: Occasion) {
        let Some(document) = &self.document else { return };
        let composed = document.compose(occasion, truth.hub.now());
        assert!(composed.messages.len() <= 1);
        let before = (self.center, self.rows.clone());
        let is_told = !composed.messages.is_empty();
        assert!(!is_told || composed.upto == truth.hub.stands().offset, "a flush is what is shown");
        assert!(composed.upto >= truth.round_began(), "who is told nothing is up to date but for this round");
        for message in composed.messages {
            self.learn(truth, &message, occasion);
        }
        if let Occasion::Changed { after } = occasion
            && is_told
            && truth.is_known(after, self.watched)
        {
            let ranks = |(center, rows): &(_, Rows)| (*center, without_pnl(rows));
            let now = (self.center, self.rows.clone());
            assert_ne!(now, before, "told what it knew");
            let is_pnl = ranks(&now) == ranks(&before);
            assert!(!is_pnl || after < truth.round_began(), "P&L alone is told once in a round");
            self.seen.extend(is_pnl.then_some("P&L alone"));
        }
        self.upto = composed.upto;
        self.check(truth, self.upto);
    }

    fn learn(&mut self, truth: &Truth<'_>, message: &Bytes, occasion: Occasion) {
        let text = str::from_utf8(message).unwrap();
        if let Watched::Updates { limit } = self.watched {
            if let Some(data) = text.strip_prefix(r#"{"type":"update","data":{"generatedAt":""#) {
                let is_known =
                    matches!(occasion, Occasion::Changed { after } if truth.is_known(after, self.watched));
                self.update(truth, limit, data, is_known);
            } else {
                self.snapshot(truth, limit, text, occasion);
            }
            return self.resumes.push((truth.hub.stands().to_string(), self.rows.clone()));
        }
        let (center, rows) = self.whole(truth);
        let expected = match self.watched {
            Watched::Around { .. } => {
                let center = center.map_or("null".to_owned(), |rank| rank.to_string());
                format!(r#"{{"type":"around","centerRank":{center},"data":[{}]}}"#, rows.join(","))
            }
            _ => format!(r#"{{"type":"top-performers","data":[{}]}}"#, rows.join(",")),
        };
        assert_eq!(text, expected);
        if occasion != Occasion::Opened {
            self.seen.insert("window changed");
        }
        (self.center, self.rows) = (center, by_id(&rows));
    }

    fn snapshot(&mut self, truth: &Truth<'_>, limit: usize, text: &str, occasion: Occasion) {
        let (now, total) = (truth.hub.now(), truth.flushed.total());
        let rows = truth.flushed.top(limit, &truth.pnl());
        let whole = format!(
            r#"{{"type":"snapshot","data":{{"generatedAt":"{now}","total":{total},"entries":[{}]}},"resume":"{}""#,
            rows.join(","),
            truth.hub.stands()
        );
        let rest = text.strip_prefix(&whole);
        assert!(rest.is_some(), "{text}\nis no\n{whole}");
        self.seen.insert(match rest.unwrap_or_default() {
            "}" if occasion == Occasion::Opened => "snapshot",
            "}" if occasion == Occasion::Period => "period",
            "}" => "snapshot on change",
            r#","snapshot":"unknown-epoch"}"# => "unknown-epoch",
            r#","snapshot":"beyond-horizon"}"# => "beyond-horizon",
            other => panic!("{other}"),
        });
        self.rows = by_id(&rows);
    }

    /// Replaces rows and removes others, each for a reason.
    fn update(&mut self, truth: &Truth<'_>, limit: usize, data: &str, is_known: bool) {
        let (now, entries) = data.split_once(r#"","entries":["#).unwrap();
        assert_eq!(now, truth.hub.now().to_string());
        let (entries, removed) = entries.rsplit_once(r#"],"removed":["#).unwrap();
        let (removed, resume) = removed.split_once(r#"]},"resume":""#).unwrap();
        assert_eq!(resume, format!(r#"{}"}}"#, truth.hub.stands()));
        for id in removed.split(',').filter(|id| !id.is_empty()) {
            assert!(self.rows.remove(id.trim_matches('"')).is_some(), "{id} was not there");
        }
        let current = truth.flushed.top(limit, &truth.pnl());
        let mut rest = entries;
        while !rest.is_empty() {
            // A row ends where another begins.
            let end = rest[1..].find(r#",{"rank":"#).map_or(rest.len(), |at| at + 1);
            let row = &rest[..end];
            assert!(current.iter().any(|known| known == row), "{row} is none of {current:?}");
            let old = self.rows.insert(id_of(row), row.to_owned());
            assert!(!is_known || old.as_deref() != Some(row), "{row} was sent without having changed");
            rest = rest[end..].trim_start_matches(',');
        }
        self.seen.insert("update");
    }

    /// The part of the ranking that he watches.
    fn whole(&self, truth: &Truth<'_>) -> (Option<usize>, Vec<String>) {
        self.part(truth.flushed, &truth.pnl())
    }

    fn part(&self, model: &Model, pnl: PnlOf<'_>) -> (Option<usize>, Vec<String>) {
        match self.watched {
            Watched::Updates { limit } | Watched::Top { limit } => (None, model.top(limit, pnl)),
            Watched::Around { id, range } => model.around(id, range, pnl),
        }
    }

    /// He has what is to be seen: the ranks of now, and the P&L of a flush of this round.
    fn check(&self, truth: &Truth<'_>, upto: Offset) {
        let (center, rows) = self.whole(truth);
        let ranks = (center, without_pnl(&by_id(&rows)));
        assert_eq!((self.center, without_pnl(&self.rows)), ranks, "{:?}", self.watched);
        if truth.is_exact {
            let then = &truth.round[&upto];
            let (center, rows) = self.part(then, &|id| then.pnl(id));
            assert_eq!((self.center, &self.rows), (center, &by_id(&rows)), "{:?} at {upto:?}", self.watched);
        }
    }
}

fn by_id(rows: &[String]) -> Rows {
    rows.iter().map(|row| (id_of(row), row.clone())).collect()
}

fn id_of(row: &str) -> String {
    let (_, id) = row.split_once(r#""portfolioId":""#).unwrap();
    id[..36].to_owned()
}

/// The same rows without their P&L.
fn without_pnl(rows: &Rows) -> Rows {
    let without = |row: &String| {
        let (head, tail) = row.split_once(r#","pnl":"#).unwrap();
        let (_, tail) = tail.split_once(r#","compositeScore":"#).unwrap();
        let end = tail.find(r#","pnl"#).unwrap_or(tail.len() - 1);
        format!("{head} {}", &tail[..end])
    };
    rows.iter().map(|(id, row)| (id.clone(), without(row))).collect()
}
