//! The services that watch the demo, fed by hand, in the demo's own time.

use std::sync::Arc;
use std::time::Duration;

use hub_autotrader::AutotraderReads;
use hub_core::event::trading::TradingRequest;
use hub_core::normalize::{self, BodyForm, Kind};
use hub_core::{Event, Offset, Outcome, Record, Rejection, Timestamp};
use hub_demo::{Batch, DemoConfig, Market, Trader};
use hub_fanout::Catalog;
use hub_fanout::testing::Driver;
use hub_leaderboard::{LeaderboardConfig, LeaderboardReads};
use hub_rttm::RttmReads;

/// From one step to the next.
pub(crate) const STEP_MILLIS: i64 = 100;

/// 2026-02-07T10:30:00.000Z.
pub(crate) const OPENING_MILLIS: i64 = 1_770_460_200_000;

pub(crate) struct World {
    market: Market,
    traders: Vec<Trader>,
    driver: Driver,
    /// Everything that was taken in.
    pub(crate) log: Vec<Record>,
    pub(crate) ranks: LeaderboardReads,
    pub(crate) pipeline: RttmReads,
    pub(crate) trading: AutotraderReads,
    pub(crate) now: Timestamp,
    /// What was asked of the auto-trader and refused.
    pub(crate) refused: Vec<Rejection>,
}

impl World {
    /// After the opening, at 2026-02-07T10:30:00.000Z.
    pub(crate) fn open(config: &DemoConfig) -> World {
        let (leaderboard, ranks) = hub_leaderboard::register(&LeaderboardConfig::default(), None);
        let (rttm, pipeline) = hub_rttm::register();
        let (autotrader, trading) = hub_autotrader::register(&mut Catalog::default());
        let driver =
            Driver::new(OPENING_MILLIS, vec![Box::new(autotrader), Box::new(leaderboard), Box::new(rttm)]);
        let mut world = World {
            market: Market::new(config, 1),
            traders: Trader::all(config),
            driver,
            log: Vec::new(),
            ranks,
            pipeline,
            trading,
            now: Timestamp::from_millis(OPENING_MILLIS).unwrap(),
            refused: Vec::new(),
        };
        world.restart(config, 1);
        world
    }

    /// What is derived stays, who makes it up begins anew.
    pub(crate) fn restart(&mut self, config: &DemoConfig, run: u64) {
        self.market = Market::new(config, run);
        self.traders = Trader::all(config);
        self.take(&self.market.opening());
        self.trade();
    }

    pub(crate) fn step(&mut self) -> Vec<Batch> {
        self.now = self.now.plus_millis(STEP_MILLIS);
        let batches = self.market.step(Duration::from_millis(STEP_MILLIS.unsigned_abs()), self.now);
        self.take(&batches);
        self.trade();
        batches
    }

    pub(crate) fn pass(&mut self, seconds: i64) {
        (0..seconds * 1000 / STEP_MILLIS).for_each(|_| drop(self.step()));
    }

    fn take(&mut self, batches: &[Batch]) {
        for (kind, items) in batches {
            for item in items {
                let event = read(*kind, item);
                let is_wrong_on_purpose = *kind == Kind::Transactions;
                match event.map(|event| self.apply(event)) {
                    Ok(Outcome::Accepted) => {}
                    _ if is_wrong_on_purpose => {}
                    other => panic!("{kind:?} {item} is {other:?}"),
                }
            }
        }
        self.settle();
    }

    /// As the feed does.
    fn trade(&mut self) {
        let mut traders = std::mem::take(&mut self.traders);
        for trader in &mut traders {
            for _ in 0..10 {
                let Some(request) = trader.next(&self.trading.settled()) else { break };
                self.ask(trader, request);
            }
        }
        self.traders = traders;
    }

    fn ask(&mut self, trader: &mut Trader, request: TradingRequest) {
        let outcome = self.apply(Event::Trading(request));
        self.settle();
        if let Outcome::Rejected(rejection) = outcome {
            trader.refused(&rejection, self.now);
            self.refused.push(rejection);
        } else {
            let state = self.trading.settled();
            trader.answered(&state.answer(Offset(self.driver.offset)).unwrap().answer);
        }
    }

    pub(crate) fn apply(&mut self, event: Event) -> Outcome {
        let record = Record { offset: Offset(self.driver.offset + 1), at: self.now, event };
        let outcome = self.driver.apply(&record);
        self.log.push(record);
        outcome
    }

    pub(crate) fn settle(&mut self) {
        self.driver.settle();
    }

    /// Portfolios by rank.
    pub(crate) fn ranking(&self) -> Vec<hub_core::PortfolioId> {
        self.ranks.settled().board().rows(0, usize::MAX).map(|(_, entry)| entry.id).collect()
    }

    /// Open trades of each session.
    pub(crate) fn open_trades(&self) -> Vec<Vec<Arc<hub_autotrader::Trade>>> {
        let state = self.trading.settled();
        let sessions = state.sessions_from(hub_core::event::trading::SessionId(0));
        sessions.map(|session| session.open_trades().cloned().collect()).collect()
    }
}

/// What the hub makes of an item.
pub(crate) fn read(kind: Kind, item: &str) -> Result<Event, Rejection> {
    let items = normalize::items(item.as_bytes(), BodyForm::Json, 1).unwrap();
    normalize::item(kind, &items[0])
}
