//! What the log holds of a ticker whose seconds can't be marked.

use std::sync::Arc;
use std::time::Duration;

use hub_log::{EmbeddedLog, EventLog, Options};
use hub_testkit::LogLines;
use pms_hub::ticker;
use tokio::time::{sleep, timeout};

/// How long to wait for what must come.
const PATIENCE: Duration = Duration::from_secs(30);

#[tokio::test]
async fn what_fails_every_second_is_told_once() {
    let directory = tempfile::tempdir().unwrap();
    let closed = EmbeddedLog::open(&directory.path().join("hub.db"), Options::default()).unwrap();
    closed.close().unwrap();

    let log = LogLines::default();
    let writer = log.clone();
    let subscriber = tracing_subscriber::fmt().with_ansi(false).with_writer(move || writer.clone()).finish();
    let _guard = tracing::subscriber::set_default(subscriber);
    let failed = async {
        let told = async {
            while log.lines().is_empty() {
                sleep(Duration::from_millis(10)).await;
            }
        };
        timeout(PATIENCE, told).await.expect("it tells of its trouble");
        // Nothing shows that a line is not written but the time in which it would be: one more second. A
        // machine that is slow finds less, never more.
        sleep(Duration::from_millis(1_100)).await;
    };
    tokio::select! {
        () = ticker::run(Arc::new(closed)) => {}
        () = failed => {}
    }
    let lines = log.lines();
    assert_eq!(lines.len(), 1, "{lines:#?}");
    assert!(
        lines[0].contains("a second can't be marked in the log error=the log is closed times=1"),
        "{lines:#?}"
    );
}
