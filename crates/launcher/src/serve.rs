//! `pms-hub serve`: from start to signal.

use std::io::Write as _;
use std::time::Duration;

use anyhow::{Context as _, anyhow};
use hub_demo::Feed;
use hub_server::IngestError;
use tokio::signal::unix::{SignalKind, signal};

use crate::banner;
use crate::certificate;
use crate::config::Config;
use crate::hub::Hub;
use crate::ticker;

/// Serves until SIGTERM or SIGINT, then stops gracefully. SIGHUP reloads the
/// certificate.
pub async fn serve(config: &Config) -> anyhow::Result<()> {
    let mut terminate = signal(SignalKind::terminate()).context("SIGTERM")?;
    let mut interrupt = signal(SignalKind::interrupt()).context("SIGINT")?;
    // Unless somebody listens, it ends the process.
    let hangups = signal(SignalKind::hangup()).context("SIGHUP")?;
    // Before it serves there is nothing to write out, and the log needs no
    // more than the process's end.
    let hub = tokio::select! {
        hub = Hub::start(config) => hub?,
        _ = terminate.recv() => return Ok(()),
        _ = interrupt.recv() => return Ok(()),
    };
    let look = Duration::from_millis(config.server.tls_reload_ms);
    let result = tokio::select! {
        result = run(&hub, config) => result,
        never = certificate::keep(hub.certificate(), look, hub.metrics(), hangups) => match never {},
        never = hub.keep_settings(config) => match never {},
        reason = hub.failed() => Err(anyhow!("the hub can't go on: {reason}")),
        _ = terminate.recv() => Ok(()),
        _ = interrupt.recv() => Ok(()),
    };
    tracing::info!("stopping");
    let stopped = hub.stop().await.context("closing the log");
    result.and(stopped)
}

async fn open(hub: &Hub, config: &Config) -> Result<Feed, IngestError> {
    let feed = Feed::open(&config.demo, hub.ingest()).await?;
    #[cfg(feature = "autotrader")]
    if let Some(desk) = hub.desk() {
        return feed.trade_at(desk, &config.demo).await;
    }
    Ok(feed)
}

/// Runs the ticker and, where it is configured, the demo.
async fn run(hub: &Hub, config: &Config) -> anyhow::Result<()> {
    let feed = if config.demo.enabled {
        Some(open(hub, config).await.context("the demo feed's opening")?)
    } else {
        None
    };
    // One write: whoever starts the hub as a child reads whole lines. A closed
    // standard output is no reason to stop.
    let mut out = std::io::stdout();
    let _ = out.write_all(banner::text(hub.services()).as_bytes()).and_then(|()| out.flush());
    let trading = async {
        match feed {
            Some(feed) => feed.run().await,
            None => std::future::pending().await,
        }
    };
    tokio::join!(ticker::run(hub.log()), trading);
    Ok(())
}
