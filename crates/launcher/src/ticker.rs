//! Time is in the log: when nothing else is written, a tick marks each second.

use std::sync::Arc;
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use hub_core::trouble::{Extent, Trouble};
use hub_log::EventLog;
use tokio::time::sleep;

/// Ticks just after each second begins, for as long as it is polled.
pub async fn run(log: Arc<dyn EventLog>) {
    let mut trouble = Trouble::default();
    loop {
        let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
        let into_second = Duration::from_nanos(u64::from(now.subsec_nanos()));
        sleep(Duration::from_millis(1001).saturating_sub(into_second)).await;
        let ticked = log.tick().await;
        match ticked {
            Ok(_) => {
                if let Some(Extent { times, lasted }) = trouble.over(Instant::now()) {
                    tracing::info!(times, ?lasted, "seconds are marked in the log again");
                }
            }
            Err(error) => {
                if let Some(times) = trouble.again(Instant::now()) {
                    tracing::warn!(%error, times, "a second can't be marked in the log");
                }
            }
        }
    }
}
