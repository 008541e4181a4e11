//! What the log holds of a feed whose items are not taken in.

use std::time::Duration;

use hub_demo::{DemoConfig, Feed};
use hub_testkit::LogLines;
use tokio::time::{pause, sleep};

use crate::hub::Hub;

#[tokio::test]
async fn what_fails_ten_times_a_second_is_told_once() {
    let directory = tempfile::tempdir().unwrap();
    let hub = Hub::start(directory.path()).await;
    let config = DemoConfig { portfolios: 20, ..DemoConfig::default() };
    let feed = Feed::open(&config, hub.ingest()).await.unwrap();
    let feed = feed.trade_at(hub.desk(), &config).await.unwrap();
    hub.stop();

    let log = LogLines::default();
    let writer = log.clone();
    let subscriber = tracing_subscriber::fmt().with_ansi(false).with_writer(move || writer.clone()).finish();
    let _guard = tracing::subscriber::set_default(subscriber);
    // By a clock that jumps from one timer to the next: fifty steps of the feed.
    pause();
    tokio::select! {
        () = feed.run() => {}
        () = sleep(Duration::from_secs(5)) => {}
    }
    let lines = log.lines();
    assert_eq!(lines.len(), 1, "{lines:#?}");
    assert!(lines[0].contains("the demo feed is not taken in error=the log is closed times=1"), "{lines:#?}");
}
