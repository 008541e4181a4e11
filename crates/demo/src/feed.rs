//! The demo feed's driver: what the market makes goes through the same doors
//! as everybody's items and commands.

#[cfg(feature = "autotrader")]
mod trading;

use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use hub_core::event::Provenance;
use hub_core::normalize::{self, BodyForm, Kind};
use hub_core::trouble::{Extent, Trouble};
use hub_core::{Date, Outcome, Timestamp};
use hub_server::{Ingest, IngestError};
use tokio::time::{MissedTickBehavior, interval};

use crate::config::DemoConfig;
use crate::market::{BATCH_MAX_ITEMS, Batch, Market};

/// Time from one move of the market to the next.
const STEP: Duration = Duration::from_millis(100);

/// A market that is open.
pub struct Feed {
    market: Market,
    ingest: Ingest,
    #[cfg(feature = "autotrader")]
    trading: Option<trading::Trading>,
}

impl Feed {
    /// Opens the market: symbols, portfolios, first prices, first positions
    /// and first risk metrics are in when this returns. What an earlier run
    /// put in already is recognised by its ids.
    pub async fn open(config: &DemoConfig, ingest: Ingest) -> Result<Feed, IngestError> {
        let market = Market::new(config, now().millis().unsigned_abs());
        let feed = Feed {
            market,
            ingest,
            #[cfg(feature = "autotrader")]
            trading: None,
        };
        // Somebody who comes again has their days by now, which values that are told would replace.
        if feed.submit(&feed.market.opening()).await?.is_new {
            feed.submit(&feed.market.past(today(now()))).await?;
        }
        Ok(feed)
    }

    /// From here on somebody trades at the auto-trader's desk, too: when this
    /// returns, each session holds a trade.
    #[cfg(feature = "autotrader")]
    pub async fn trade_at(
        mut self,
        desk: hub_autotrader::Desk,
        config: &DemoConfig,
    ) -> Result<Feed, IngestError> {
        let mut trading = trading::Trading::new(config, desk);
        trading.step().await?;
        self.trading = Some(trading);
        Ok(self)
    }

    /// Trades for as long as it is polled.
    pub async fn run(mut self) {
        let mut steps = interval(STEP);
        steps.set_missed_tick_behavior(MissedTickBehavior::Delay);
        let mut last = Instant::now();
        let mut trouble = Trouble::default();
        loop {
            steps.tick().await;
            let elapsed = last.elapsed();
            last = Instant::now();
            match self.step(elapsed, now()).await {
                Ok(()) => {
                    if let Some(Extent { times, lasted }) = trouble.over(Instant::now()) {
                        tracing::info!(times, ?lasted, "the demo feed is taken in again");
                    }
                }
                Err(error) => {
                    if let Some(times) = trouble.again(Instant::now()) {
                        tracing::warn!(%error, times, "the demo feed is not taken in");
                    }
                }
            }
        }
    }

    /// Takes in the events of the `elapsed` before `now`; all of it is applied when
    /// this returns.
    pub async fn step(&mut self, elapsed: Duration, now: Timestamp) -> Result<(), IngestError> {
        let batches = self.market.step(elapsed, now);
        let submitted = self.submit(&batches).await.map(drop);
        // Traders go on also where some of the batches were not taken in.
        #[cfg(feature = "autotrader")]
        if let Some(trading) = &mut self.trading {
            return submitted.and(trading.step().await);
        }
        submitted
    }

    /// Takes all batches in, in order; small ones go together and share the
    /// log's commits.
    async fn submit(&self, batches: &[Batch]) -> Result<Taken, IngestError> {
        let mut taken = Taken::default();
        let mut items_before = 0;
        let together = |(_, before): &Batch, (_, next): &Batch| {
            items_before += before.len();
            let fits = items_before + next.len() <= BATCH_MAX_ITEMS;
            items_before = if fits { items_before } else { 0 };
            fits
        };
        for group in batches.chunk_by(together) {
            taken.is_new |= self.submit_together(group).await?.is_new;
        }
        Ok(taken)
    }

    async fn submit_together(&self, batches: &[Batch]) -> Result<Taken, IngestError> {
        let mut under_way = Vec::with_capacity(batches.len());
        for (kind, items) in batches {
            let body = format!("[{}]", items.join(","));
            let way = Provenance { door: "demo", ..Provenance::default() };
            match normalize::events(*kind, body.as_bytes(), BodyForm::Json, items.len(), &way) {
                Ok(events) => under_way.push((*kind, self.ingest.append(events)?)),
                Err(error) => tracing::error!(%error, "the demo feed made a malformed body"),
            }
        }
        let mut taken = Taken::default();
        for (kind, ingesting) in under_way {
            let verdicts = ingesting.applied().await?.verdicts;
            let is_accepted = verdicts.iter().any(|(_, verdict)| verdict.outcome == Outcome::Accepted);
            taken.is_new |= kind == Kind::Transactions && is_accepted;
        }
        Ok(taken)
    }
}

/// Outcome of batches.
#[derive(Clone, Copy, Default, Debug)]
struct Taken {
    /// True if a transaction among them was not there before.
    is_new: bool,
}

fn today(now: Timestamp) -> Date {
    let days = now.millis().div_euclid(24 * 60 * 60 * 1000);
    i32::try_from(days).ok().and_then(Date::from_days).unwrap_or_default()
}

fn now() -> Timestamp {
    Timestamp::since_1970(SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default())
}
