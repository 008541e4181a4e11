//! The feed at a real log's doors.

use std::time::{Duration, SystemTime};

use hub_core::Timestamp;
use hub_core::event::trading::SessionId;
use hub_demo::{DemoConfig, Feed};

use crate::hub::Hub;

/// Of each session, the ids of its trades: open ones, and how many ended.
fn sessions(hub: &Hub) -> Vec<(u64, Vec<u64>, usize)> {
    let state = hub.trading.settled();
    let of_session = |session: &std::sync::Arc<hub_autotrader::Session>| {
        let open: Vec<u64> = session.open_trades().map(|trade| trade.id.0).collect();
        (session.id.0, open.clone(), session.trades().len() - open.len())
    };
    state.sessions_from(SessionId(0)).map(of_session).collect()
}

async fn open(hub: &Hub, config: &DemoConfig) -> Feed {
    let feed = Feed::open(config, hub.ingest()).await.unwrap();
    feed.trade_at(hub.desk(), config).await.unwrap()
}

async fn steps(feed: &mut Feed, hub: &Hub, count: usize) {
    for _ in 0..count {
        let now = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).unwrap().as_millis();
        let now = Timestamp::from_millis(i64::try_from(now).unwrap()).unwrap();
        feed.step(Duration::from_millis(100), now).await.unwrap();
        assert!(sessions(hub).iter().all(|(_, open, _)| !open.is_empty()), "{:?}", sessions(hub));
    }
}

#[tokio::test]
async fn sessions_hold_a_trade_from_the_opening_on_and_after_a_restart() {
    let directory = tempfile::tempdir().unwrap();
    let config = DemoConfig { portfolios: 20, ..DemoConfig::default() };

    let hub = Hub::start(directory.path()).await;
    let mut feed = open(&hub, &config).await;
    let opening = sessions(&hub);
    assert_eq!(opening, [(1, vec![1, 2, 3], 0), (2, vec![4, 5, 6], 0)]);
    steps(&mut feed, &hub, 100).await;
    let before = sessions(&hub);
    assert!(before.iter().all(|(_, open, ended)| open.len() >= 2 && *ended > 0), "{before:?}");
    drop(feed);
    hub.stop();

    let hub = Hub::start(directory.path()).await;
    assert_eq!(sessions(&hub), before);
    let mut feed = open(&hub, &config).await;
    steps(&mut feed, &hub, 50).await;
    let after = sessions(&hub);
    assert_eq!(after.iter().map(|(id, ..)| *id).collect::<Vec<_>>(), [1, 2], "the same sessions");
    assert!(
        after.iter().zip(&before).all(|(after, before)| after.1[0] == before.1[0]),
        "what was held is held"
    );
    hub.stop();
}

#[tokio::test]
async fn a_hub_where_nobody_trades_is_fed_all_the_same() {
    let directory = tempfile::tempdir().unwrap();
    let hub = Hub::start(directory.path()).await;
    let config = DemoConfig { portfolios: 20, ..DemoConfig::default() };
    let mut feed = Feed::open(&config, hub.ingest()).await.unwrap();
    steps(&mut feed, &hub, 10).await;
    assert!(sessions(&hub).is_empty());
    hub.stop();
}
