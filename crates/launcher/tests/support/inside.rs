//! A hub within the test's process, whose services the test can look at.
#![allow(dead_code, reason = "each test file uses its part")]

use std::net::SocketAddr;
use std::path::Path;
use std::sync::Arc;

use hub_server::Service;
use pms_hub::address::ServiceAddress;
use pms_hub::banner;
use pms_hub::config::Config;
use pms_hub::hub::Hub;
use pms_hub::start_error::StartError;
use pms_hub::wiring::Wiring;

/// What a test may know of the hub.
#[derive(Clone)]
pub(crate) struct Inside {
    addresses: Arc<[ServiceAddress]>,
    pub(crate) banner: String,
}

impl Inside {
    pub(crate) fn address(&self, service: &str) -> SocketAddr {
        self.addresses.iter().find(|own| own.name == service).unwrap().bound[0]
    }
}

/// A hub on free ports whose log is in this directory.
fn config(directory: &Path) -> Config {
    let log = directory.join("hub.db").display().to_string();
    let sections = ["ANALYTICS", "LEADERBOARD", "RTTM", "AUTOTRADER", "GATEWAY"];
    let binds = sections.map(|section| (format!("PMS_HUB__{section}__BIND"), "127.0.0.1:0".to_owned()));
    let more =
        [("PMS_HUB__LOG__PATH".to_owned(), log), ("PMS_HUB__SERVER__FLUSH_MS".to_owned(), "5".to_owned())];
    Config::load(None, binds.into_iter().chain(more)).unwrap()
}

/// Has `test` ask a hub with the services that `wire` gives, then stops it.
pub(crate) fn with_hub(
    wire: impl FnOnce(&mut Wiring, &Config) -> Result<Vec<Service>, StartError>,
    test: impl FnOnce(Inside) + Send + 'static,
) {
    let directory = tempfile::tempdir().unwrap();
    let config = config(directory.path());
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    runtime.block_on(async {
        let hub = Hub::serving(&config, wire).await.unwrap();
        let inside = Inside { addresses: hub.addresses().into(), banner: banner::text(hub.services()) };
        tokio::task::spawn_blocking(move || test(inside)).await.unwrap();
        hub.stop().await.unwrap();
    });
}
