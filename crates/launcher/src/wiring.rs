//! Which services there are. Removing one from [`parts`] leaves the rest
//! building and working: each stands behind a feature of its name.

#[cfg(feature = "analytics")]
mod analytics;
#[cfg(feature = "autotrader")]
mod autotrader;
#[cfg(feature = "leaderboard")]
mod leaderboard;
#[cfg(feature = "rttm")]
mod rttm;

use std::sync::Arc;

use hub_core::views::PortfolioPnl;
use hub_fanout::{Catalog, Projection};
use hub_server::{Endpoint, Routes};

use crate::config::{Bind, Config};
use crate::hub::StartError;

/// What services share while they are put together.
pub(crate) struct Wiring {
    /// Every destination.
    pub(crate) catalog: Catalog,
    /// What others may know of portfolios' P&L; none without analytics.
    pub(crate) pnl: Option<Arc<dyn PortfolioPnl>>,
    /// Where the demo's traders look.
    #[cfg(feature = "autotrader")]
    pub(crate) trading: Option<hub_autotrader::AutotraderReads>,
}

/// One service.
pub(crate) struct Part {
    /// Its name in the banner, in metrics and in log lines.
    pub(crate) name: &'static str,
    /// Its section of the configuration.
    pub(crate) section: &'static str,
    pub(crate) bind: Bind,
    pub(crate) tls: bool,
    pub(crate) projection: Box<dyn Projection>,
    pub(crate) routes: Routes,
    /// The paths that these are at or below.
    pub(crate) rest: &'static [&'static str],
    pub(crate) endpoints: Vec<(&'static str, Endpoint)>,
    /// Where STOMP over `SockJS` is mounted.
    pub(crate) sockjs: Vec<&'static str>,
    /// Whether STOMP straight over TCP is served.
    pub(crate) raw_stomp: bool,
}

/// Puts one service together.
type MakePart = fn(&mut Wiring, &Config) -> Result<Part, StartError>;

/// Every service, in the order in which their projections see a record: who
/// tells comes before who is told, and RTTM, which looks at what the others
/// rejected, comes last.
pub(crate) fn parts(wiring: &mut Wiring, config: &Config) -> Result<Vec<Part>, StartError> {
    let all: Vec<MakePart> = vec![
        #[cfg(feature = "analytics")]
        analytics::part,
        #[cfg(feature = "leaderboard")]
        leaderboard::part,
        #[cfg(feature = "autotrader")]
        autotrader::part,
        #[cfg(feature = "rttm")]
        rttm::part,
    ];
    all.into_iter().map(|part| part(wiring, config)).collect()
}
