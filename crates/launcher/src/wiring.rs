//! The services there are. Removing one from [`services`] leaves the rest
//! building and working: each stands behind a feature of its name.

use std::sync::Arc;

use hub_core::views::PortfolioPnl;
use hub_fanout::Catalog;
use hub_server::Service;

use crate::config::Config;
use crate::start_error::StartError;

/// The things that services share while they are put together.
pub struct Wiring {
    /// Every destination.
    pub catalog: Catalog,
    /// Portfolios' P&L, for those who show it beside; none without analytics.
    pub pnl: Option<Arc<dyn PortfolioPnl>>,
    /// Positions and P&L, for whom others tell what they know.
    #[cfg(feature = "analytics")]
    pub analytics: Option<hub_analytics::AnalyticsReads>,
    /// The sessions that the demo's traders look at.
    #[cfg(feature = "autotrader")]
    pub trading: Option<hub_autotrader::AutotraderReads>,
}

impl Wiring {
    /// Relays what is configured; nothing is wired yet.
    pub fn new(config: &Config) -> Wiring {
        Wiring {
            catalog: Catalog::new(config.relay.destinations.clone()),
            pnl: None,
            #[cfg(feature = "analytics")]
            analytics: None,
            #[cfg(feature = "autotrader")]
            trading: None,
        }
    }
}

/// Puts one service together.
type Wire = fn(&mut Wiring, &Config) -> Result<Service, StartError>;

/// Every service but the gateway, in the order in which their projections see a record: who
/// tells comes before who is told, and RTTM, which looks at what the others
/// rejected, comes last.
pub fn services(wiring: &mut Wiring, config: &Config) -> Result<Vec<Service>, StartError> {
    let all: Vec<Wire> = vec![
        #[cfg(feature = "analytics")]
        analytics,
        #[cfg(feature = "leaderboard")]
        leaderboard,
        #[cfg(feature = "autotrader")]
        autotrader,
        #[cfg(feature = "rttm")]
        rttm,
    ];
    all.into_iter().map(|wire| wire(wiring, config)).collect()
}

#[cfg(feature = "analytics")]
#[expect(clippy::unnecessary_wraps, reason = "services are wired by one shape of function")]
fn analytics(wiring: &mut Wiring, config: &Config) -> Result<Service, StartError> {
    let symbol_case = config.symbols.case();
    let (service, reads) =
        hub_analytics::service(&config.analytics, symbol_case, &config.limits, &mut wiring.catalog);
    wiring.pnl = Some(Arc::new(reads.clone()));
    wiring.analytics = Some(reads);
    Ok(service)
}

#[cfg(feature = "leaderboard")]
#[expect(clippy::unnecessary_wraps, reason = "services are wired by one shape of function")]
fn leaderboard(wiring: &mut Wiring, config: &Config) -> Result<Service, StartError> {
    let (service, reads) = hub_leaderboard::service(&config.leaderboard, wiring.pnl.clone());
    #[cfg(feature = "analytics")]
    if let Some(analytics) = &wiring.analytics {
        analytics.tell_scores(reads.scores());
    }
    #[cfg(not(feature = "analytics"))]
    drop(reads);
    Ok(service)
}

#[cfg(feature = "autotrader")]
#[expect(clippy::unnecessary_wraps, reason = "services are wired by one shape of function")]
fn autotrader(wiring: &mut Wiring, config: &Config) -> Result<Service, StartError> {
    let symbol_case = config.symbols.case();
    let (service, reads) =
        hub_autotrader::service(&config.autotrader, symbol_case, &config.limits, &mut wiring.catalog);
    wiring.trading = Some(reads);
    Ok(service)
}

#[cfg(feature = "rttm")]
fn rttm(_: &mut Wiring, config: &Config) -> Result<Service, StartError> {
    let host = hub_rttm::HostMetrics::start().map_err(StartError::Thread)?;
    Ok(hub_rttm::service(&config.rttm, Arc::new(host)))
}
