//! Time is in the log: when nothing else is written, a tick marks each second.

use std::sync::Arc;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use hub_log::EventLog;
use tokio::time::sleep;

/// Ticks just after each second begins, for as long as it is polled.
pub async fn run(log: Arc<dyn EventLog>) {
    loop {
        let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
        let into_second = Duration::from_nanos(u64::from(now.subsec_nanos()));
        sleep(Duration::from_millis(1001).saturating_sub(into_second)).await;
        if let Err(error) = log.tick().await {
            tracing::warn!(%error, "tick");
        }
    }
}
