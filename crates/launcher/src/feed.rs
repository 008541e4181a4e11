//! The demo feed's driver: what the market makes goes through the same door
//! as everybody's items.

use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use hub_core::Timestamp;
use hub_core::normalize::{self, BodyForm};
use hub_server::{Ingest, IngestError};
use tokio::time::{MissedTickBehavior, interval};

use crate::config::DemoConfig;
use crate::demo::{Batch, Market};

/// How often the market moves.
const STEP: Duration = Duration::from_millis(100);

/// A market that is open.
pub struct Feed {
    market: Market,
    ingest: Ingest,
}

impl Feed {
    /// Opens the market: symbols, portfolios, first prices and first
    /// positions are in when this returns. What an earlier run put in already
    /// is recognised by its ids.
    pub async fn open(config: &DemoConfig, ingest: Ingest) -> Result<Feed, IngestError> {
        let market = Market::new(config, now().millis().unsigned_abs());
        let feed = Feed { market, ingest };
        for batch in feed.market.opening() {
            feed.submit(&batch).await?;
        }
        Ok(feed)
    }

    /// Trades for as long as it is polled.
    pub async fn run(mut self) {
        let mut steps = interval(STEP);
        steps.set_missed_tick_behavior(MissedTickBehavior::Delay);
        let mut last = Instant::now();
        loop {
            steps.tick().await;
            let elapsed = last.elapsed();
            last = Instant::now();
            for batch in self.market.step(elapsed, now()) {
                if let Err(error) = self.submit(&batch).await {
                    tracing::warn!(%error, "demo feed");
                }
            }
        }
    }

    async fn submit(&self, (kind, items): &Batch) -> Result<(), IngestError> {
        let body = format!("[{}]", items.join(","));
        match normalize::items(body.as_bytes(), BodyForm::Json, items.len()) {
            Ok(items) => self.ingest.submit(*kind, &items).await.map(drop),
            Err(error) => {
                tracing::error!(%error, "the demo feed made a malformed body");
                Ok(())
            }
        }
    }
}

fn now() -> Timestamp {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    Timestamp::default().plus_millis(since.as_millis() as i64)
}
