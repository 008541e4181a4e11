//! What the log holds of a feed and a ticker whose records are not taken in.

use std::io::{self, Write};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use hub_log::{EmbeddedLog, EventLog, Options};
use pms_hub::config::DemoConfig;
use pms_hub::feed::Feed;
use pms_hub::ticker;
use tokio::time::{sleep, timeout};

use crate::hub::Hub;

/// How long to wait for what must come.
const PATIENCE: Duration = Duration::from_secs(30);

/// Everything that is logged on this thread.
#[derive(Clone, Default)]
struct Told(Arc<Mutex<Vec<u8>>>);

impl Told {
    fn lines(&self) -> Vec<String> {
        let bytes = self.0.lock().unwrap();
        String::from_utf8_lossy(&bytes).lines().map(str::to_owned).collect()
    }
}

impl Write for Told {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.lock().unwrap().write(bytes)
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

#[tokio::test]
async fn what_fails_ten_times_a_second_is_told_once() {
    let (directory, closed) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    let hub = Hub::start(directory.path()).await;
    let config = DemoConfig { portfolios: 20, ..DemoConfig::default() };
    let feed = Feed::open(&config, hub.ingest()).await.unwrap();
    let feed = feed.trade_at(hub.desk(), &config).await.unwrap();
    hub.stop();
    let log = EmbeddedLog::open(&closed.path().join("hub.db"), Options::default()).unwrap();
    log.close().unwrap();

    let told = Told::default();
    let writer = told.clone();
    let subscriber = tracing_subscriber::fmt().with_ansi(false).with_writer(move || writer.clone()).finish();
    let _guard = tracing::subscriber::set_default(subscriber);
    let both_failed = async {
        let both_told = async {
            while told.lines().len() < 2 {
                sleep(Duration::from_millis(10)).await;
            }
        };
        timeout(PATIENCE, both_told).await.expect("both tell of their trouble");
        // Nothing shows that a line is not written but the time in which it would be: ten more steps of the
        // feed, a second more of the ticker. A machine that is slow finds less, never more.
        sleep(Duration::from_millis(1_100)).await;
    };
    tokio::select! {
        () = feed.run() => {}
        () = ticker::run(Arc::new(log)) => {}
        () = both_failed => {}
    }
    let mut lines: Vec<String> = told.lines();
    lines.sort_by_key(|line| line.contains("a second can't be marked"));
    assert_eq!(lines.len(), 2, "{lines:#?}");
    assert!(lines[0].contains("the demo feed is not taken in error=the log is closed times=1"), "{lines:#?}");
    assert!(
        lines[1].contains("a second can't be marked in the log error=the log is closed times=1"),
        "{lines:#?}"
    );
}
