//! What the log holds of a ticker whose seconds can't be marked.

use std::sync::Arc;
use std::time::Duration;

use hub_log::{EmbeddedLog, EventLog, Options};
use hub_testkit::LogLines;
use pms_hub::ticker;
use tokio::time::{pause, sleep};

#[tokio::test]
async fn what_fails_every_second_is_told_once() {
    let directory = tempfile::tempdir().unwrap();
    let closed = EmbeddedLog::open(&directory.path().join("hub.db"), Options::default()).unwrap();
    closed.close().unwrap();

    let log = LogLines::default();
    let writer = log.clone();
    let subscriber = tracing_subscriber::fmt().with_ansi(false).with_writer(move || writer.clone()).finish();
    let _guard = tracing::subscriber::set_default(subscriber);
    // By a clock that jumps from one timer to the next: nine seconds or more.
    pause();
    tokio::select! {
        () = ticker::run(Arc::new(closed)) => {}
        () = sleep(Duration::from_secs(10)) => {}
    }
    let lines = log.lines();
    assert_eq!(lines.len(), 1, "{lines:#?}");
    assert!(
        lines[0].contains("a second can't be marked in the log error=the log is closed times=1"),
        "{lines:#?}"
    );
}
