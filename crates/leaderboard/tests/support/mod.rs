//! The projection in a driver, and what its sockets would be sent.
#![allow(dead_code, reason = "every test binary compiles this and uses its part of it")]

pub(crate) mod compared;
pub(crate) mod model;
pub(crate) mod script;

use std::ops::{Deref, DerefMut};
use std::sync::Arc;

use hub_core::event::{PortfolioInfo, RiskMetrics};
use hub_core::views::{PnlView, PortfolioPnl};
use hub_core::{Epoch, Event, Expired, Offset, Outcome, Pnl, PortfolioId, Position, Settings, Timestamp};
use hub_fanout::testing::Driver;
use hub_fanout::{Document, Occasion, Projection};
use hub_leaderboard::{Dialect, LeaderboardConfig, LeaderboardReads, register, sockets};
use hub_server::SocketRoute;
use hub_server::native::{Action, Followed, NativeSession, Query};
use serde_json::Value;

/// Where the tests' log time begins: the beginning of a generation of the
/// default horizon.
pub(crate) const START_MILLIS: i64 = 1_770_460_200_000;
pub(crate) const EPOCH: Epoch = Epoch(0xbeef);

pub(crate) struct Hub {
    pub(crate) driver: Driver,
    pub(crate) reads: LeaderboardReads,
    sockets: Vec<SocketRoute>,
}

impl Hub {
    pub(crate) fn new() -> Hub {
        Hub::with(None, Dialect::Native)
    }

    pub(crate) fn with(pnl: Option<Arc<dyn PortfolioPnl>>, dialect: Dialect) -> Hub {
        Hub::after(None, pnl, dialect)
    }

    /// With a projection in front of the leaderboard's.
    pub(crate) fn after(
        before: Option<Box<dyn Projection>>,
        pnl: Option<Arc<dyn PortfolioPnl>>,
        dialect: Dialect,
    ) -> Hub {
        Hub::configured(before, pnl, &LeaderboardConfig { dialect, ..LeaderboardConfig::default() })
    }

    pub(crate) fn configured(
        before: Option<Box<dyn Projection>>,
        pnl: Option<Arc<dyn PortfolioPnl>>,
        config: &LeaderboardConfig,
    ) -> Hub {
        let (projection, reads) = register(config, pnl);
        let projection: Box<dyn Projection> = Box::new(projection);
        let sockets = sockets(&reads);
        let driver = Driver::of_epoch(EPOCH, START_MILLIS, before.into_iter().chain([projection]).collect());
        Hub { driver, reads, sockets }
    }

    /// Risk metrics that make this score: 30 times Sharpe alone.
    pub(crate) fn sharpe(&mut self, of: u8, sharpe: &str) -> Outcome {
        self.send(risk(of, "0", sharpe, "0"))
    }

    pub(crate) fn name(&mut self, of: u8, name: &str) {
        self.send(named(of, name));
    }

    pub(crate) fn configure(&mut self, resume_horizon_ms: i64) {
        self.send(Event::Settings(Settings { resume_horizon_ms, ..Settings::default() }));
    }

    pub(crate) fn open(&self, path: &str) -> Box<dyn NativeSession> {
        self.sockets.iter().find(|socket| socket.path == path).unwrap().endpoint.open()
    }

    /// What a socket follows that connects to `/ws/...?...`.
    pub(crate) fn follow(&self, url: &str) -> Result<Arc<dyn Document>, String> {
        let (path, query) = url.split_once('?').unwrap_or((url, ""));
        self.open(path).opened(&Query::parse(query)).map(document)
    }

    /// The messages of one occasion, and how far they reach.
    pub(crate) fn compose(&self, document: &dyn Document, occasion: Occasion) -> (Vec<String>, u64) {
        let composed = document.compose(occasion, self.now());
        let text = |message: &bytes::Bytes| String::from_utf8(message.to_vec()).unwrap();
        (composed.messages.iter().map(text).collect(), composed.upto.0)
    }

    /// The one message that a socket is sent on connect.
    pub(crate) fn connect(&self, url: &str) -> String {
        let document = self.follow(url).unwrap();
        let (mut messages, upto) = self.compose(&*document, Occasion::Opened);
        assert_eq!((messages.len(), upto), (1, self.offset));
        messages.remove(0)
    }

    /// What one is sent who has everything up to `after`, if anything.
    pub(crate) fn changed(&self, document: &dyn Document, after: u64) -> Option<String> {
        let (mut messages, upto) = self.compose(document, Occasion::Changed { after: Offset(after) });
        assert!(messages.len() <= 1 && upto >= after);
        messages.pop()
    }
}

impl Deref for Hub {
    type Target = Driver;

    fn deref(&self) -> &Driver {
        &self.driver
    }
}

impl DerefMut for Hub {
    fn deref_mut(&mut self) -> &mut Driver {
        &mut self.driver
    }
}

pub(crate) fn document(mut actions: Vec<Action>) -> Arc<dyn Document> {
    assert_eq!(actions.len(), 1);
    match actions.pop() {
        Some(Action::Follow { what: Followed::Document(document), .. }) => document,
        _ => panic!("not a document"),
    }
}

pub(crate) fn portfolio(n: u8) -> PortfolioId {
    let mut bytes = [0; 16];
    bytes[15] = n;
    PortfolioId::from_bytes(bytes)
}

pub(crate) fn risk(of: u8, avg: &str, sharpe: &str, sortino: &str) -> Event {
    risk_of(portfolio(of), avg, sharpe, sortino)
}

pub(crate) fn risk_of(portfolio_id: PortfolioId, avg: &str, sharpe: &str, sortino: &str) -> Event {
    Event::Risk(RiskMetrics {
        portfolio_id,
        avg_rate_of_return: avg.parse().unwrap(),
        sharpe_ratio: sharpe.parse().unwrap(),
        sortino_ratio: sortino.parse().unwrap(),
    })
}

pub(crate) fn named(of: u8, name: &str) -> Event {
    Event::Portfolio(PortfolioInfo {
        portfolio_id: portfolio(of),
        name: name.into(),
        phone_number: None,
        address: None,
    })
}

/// P&L of every portfolio: its last byte; none of number 3.
pub(crate) struct Fixed;

impl PortfolioPnl for Fixed {
    fn settled(&self) -> Box<dyn PnlView> {
        Box::new(FixedAt(Position { epoch: EPOCH, offset: Offset::START }))
    }

    fn at(&self, flush: Position) -> Result<Box<dyn PnlView>, Expired> {
        Ok(Box::new(FixedAt(flush)))
    }
}

struct FixedAt(Position);

impl PnlView for FixedAt {
    fn position(&self) -> Position {
        self.0
    }

    fn pnl(&self, id: PortfolioId) -> Result<Option<Pnl>, Expired> {
        let n = id.to_bytes()[15];
        let amount = || format!("{n}.25").parse().unwrap();
        let stale_as_of = Timestamp::from_millis(START_MILLIS).filter(|_| n == 6);
        Ok((n != 3).then(|| Pnl { amount: amount(), is_partial: n == 7, stale_as_of }))
    }

    fn version(&self, _: PortfolioId) -> Result<Offset, Expired> {
        Ok(Offset::START)
    }

    fn newest(&self) -> Offset {
        Offset::START
    }
}

pub(crate) fn json(text: &str) -> Value {
    serde_json::from_str(text).unwrap()
}

/// The last bytes of the ids of rows, in order.
pub(crate) fn ids(rows: &Value) -> Vec<u8> {
    let id = |row: &Value| id_of(row["portfolioId"].as_str().unwrap());
    rows.as_array().unwrap().iter().map(id).collect()
}

pub(crate) fn id_of(text: &str) -> u8 {
    text.parse::<PortfolioId>().unwrap().to_bytes()[15]
}

/// What a client has who applies every message of `/ws/updates`.
#[derive(Clone, Default)]
pub(crate) struct Client {
    rows: std::collections::BTreeMap<u8, Value>,
}

impl Client {
    pub(crate) fn take(&mut self, message: &str) {
        let message = json(message);
        let data = &message["data"];
        match message["type"].as_str() {
            Some("snapshot") => self.rows.clear(),
            Some("update") => {
                for id in data["removed"].as_array().unwrap() {
                    let gone = self.rows.remove(&id_of(id.as_str().unwrap()));
                    assert!(gone.is_some(), "{id} was not there");
                }
            }
            other => panic!("{other:?}"),
        }
        for row in data["entries"].as_array().unwrap() {
            let before = self.rows.insert(id_of(row["portfolioId"].as_str().unwrap()), row.clone());
            assert_ne!(before.as_ref(), Some(row), "sent without having changed");
        }
    }

    /// The rows by rank.
    pub(crate) fn rows(&self) -> Value {
        let mut rows: Vec<&Value> = self.rows.values().collect();
        rows.sort_by_key(|row| row["rank"].as_u64());
        rows.into_iter().cloned().collect()
    }
}
