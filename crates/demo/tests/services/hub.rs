//! A real log with the auto-trader on it, without a socket.

use std::ops::Deref;
use std::path::Path;

use hub_autotrader::{AutotraderConfig, AutotraderReads, Desk};
use hub_core::SymbolCase;
use hub_core::limits::Limits;
use hub_server::testing::ServiceOnLog;

pub(crate) struct Hub {
    service: ServiceOnLog,
    pub(crate) trading: AutotraderReads,
}

impl Hub {
    /// Replays the log that is there.
    pub(crate) async fn start(directory: &Path) -> Hub {
        let (config, limits) = (AutotraderConfig::default(), Limits::default());
        let mut trading = None;
        let service = ServiceOnLog::start(directory, |catalog| {
            let (service, reads) = hub_autotrader::service(&config, SymbolCase::Kept, &limits, catalog);
            trading = Some(reads);
            service
        });
        Hub { service: service.await, trading: trading.unwrap() }
    }

    pub(crate) fn desk(&self) -> Desk {
        Desk::new(self.ingest(), self.trading.clone())
    }

    pub(crate) fn stop(self) {
        self.service.stop();
    }
}

impl Deref for Hub {
    type Target = ServiceOnLog;

    fn deref(&self) -> &ServiceOnLog {
        &self.service
    }
}
