//! The hub's configuration: built-in defaults, a TOML file over them, the
//! environment over that.
//!
//! An environment variable is `PMS_HUB__SECTION__KEY` in upper case
//! (`PMS_HUB__ANALYTICS__BIND` is `analytics.bind`); a list is separated by
//! commas. Whatever is wrong stops the start with one line that names the key,
//! its value, where it was set and what would be right.
//!
//! To add a key: a field of its section, with its default and its range (of a
//! service in the service's `config.rs`, of `[limits]` in [`Limits`], of
//! `[demo]` in [`DemoConfig`], of others in [`sections`]), and a line in
//! `configs/default.toml`. Known keys and their types are read off
//! [`Config::default`], their ranges off its schema.

mod check;
mod error;
mod fault;
mod layer;
mod origins;
mod ranges;
mod schema;
pub mod sections;
mod services;
mod values;

use std::path::Path;

use hub_core::limits::Limits;
use hub_core::{Settings, Timestamp};
use hub_demo::DemoConfig;
use hub_server::{Bind, Service};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

pub use error::{ConfigError, Origin};
pub use sections::{
    AuthConfig, GatewayConfig, LogConfig, PricesConfig, RelayConfig, ServerConfig, SymbolsConfig,
};

use check::Listener;
use fault::Fault;
use layer::Layer;
use schema::Schema;

use crate::start_error::StartError;

/// Everything that can be configured, checked.
#[derive(Clone, PartialEq, Debug, Default, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct Config {
    /// Keys that all services share.
    pub server: ServerConfig,
    /// Positions and P&L.
    #[cfg(feature = "analytics")]
    pub analytics: hub_analytics::AnalyticsConfig,
    /// The ranking.
    #[cfg(feature = "leaderboard")]
    pub leaderboard: hub_leaderboard::LeaderboardConfig,
    /// The pipeline watched.
    #[cfg(feature = "rttm")]
    pub rttm: hub_rttm::RttmConfig,
    /// Trading sessions.
    #[cfg(feature = "autotrader")]
    pub autotrader: hub_autotrader::AutotraderConfig,
    /// Everything on one origin.
    pub gateway: GatewayConfig,
    /// The embedded log.
    pub log: LogConfig,
    /// Credentials that a peer has to show.
    pub auth: AuthConfig,
    /// Prices, and how old they may be.
    pub prices: PricesConfig,
    /// Names of what is traded.
    pub symbols: SymbolsConfig,
    /// Destinations that carry messages as they are.
    pub relay: RelayConfig,
    /// The limits that can be set.
    pub limits: Limits,
    /// The demo feed.
    pub demo: DemoConfig,
}

impl Config {
    /// The defaults under `file` (where there is one) under those of the
    /// variables in `env` that begin with `PMS_HUB__`.
    ///
    /// ```
    /// use pms_hub::config::Config;
    /// let variable = ("PMS_HUB__SERVER__FLUSH_MS".to_owned(), "0".to_owned());
    /// let error = Config::load(None, [variable].into_iter()).unwrap_err();
    /// assert_eq!(
    ///     error.to_string(),
    ///     "server.flush_ms = 0 (environment variable PMS_HUB__SERVER__FLUSH_MS): must be 1 to 60000"
    /// );
    /// ```
    pub fn load(
        file: Option<&Path>,
        env: impl Iterator<Item = (String, String)>,
    ) -> Result<Config, ConfigError> {
        let schema = Schema::of(&Config::default(), services::LEFT_OUT)?;
        let mut layers = vec![Layer::from_defaults(&schema)];
        if let Some(path) = file {
            layers.push(Layer::from_file(path, &schema)?);
        }
        layers.push(Layer::from_environment(env, &schema)?);

        let config = merge(&layers)?;
        ranges::check(&layers).and_then(|()| check::check(&config)).map_err(|fault| fault.locate(&layers))?;
        Ok(config)
    }

    /// Checks the listeners of services, whoever brings them, as those of the configuration's own
    /// sections are checked when it is loaded.
    pub(crate) fn check_services(&self, services: &[Service]) -> Result<(), StartError> {
        let listeners: Vec<Listener<'_>> = services
            .iter()
            .map(|Service { section, bind, tls, .. }| Listener { section, bind, tls: *tls })
            .collect();
        check::check_listeners(&listeners, self).map_err(|fault| StartError::Service(fault.to_string()))
    }

    /// The part that projections read while they apply records, as of a time: the ends of days are told from there on.
    pub fn settings(&self, now: Timestamp) -> Settings {
        services::settings(self, now)
    }

    /// The listeners of each service: its section, its addresses, and true where TLS is on.
    pub fn listeners(&self) -> impl Iterator<Item = (&'static str, &Bind, bool)> {
        services::listeners(self).into_iter().map(|listener| (listener.section, listener.bind, listener.tls))
    }

    /// The origins that may connect: those configured or, where none are and
    /// every service is bound to loopback, any page served from this machine.
    pub fn allowed_origins(&self) -> Vec<String> {
        if !(self.server.allowed_origins.is_empty() && self.is_local()) {
            return self.server.allowed_origins.clone();
        }
        // Where the hub itself speaks TLS, so do pages that it serves.
        let tls = self.listeners().any(|(_, _, tls)| tls);
        let schemes = if tls { &["http", "https"][..] } else { &["http"] };
        let hosts = |scheme| ["localhost", "127.0.0.1", "[::1]"].map(|host| format!("{scheme}://{host}:*"));
        schemes.iter().flat_map(hosts).collect()
    }

    /// The host names, in lower case and without a port, by which services on
    /// loopback may be asked for, beside those of this machine:
    /// `server.allowed_hosts` and the hosts of `server.allowed_origins` and
    /// `gateway.public_url`.
    pub fn allowed_hosts(&self) -> Vec<String> {
        let urls = self.server.allowed_origins.iter().chain([&self.gateway.public_url]);
        let hosts = self.server.allowed_hosts.iter().map(String::as_str);
        let hosts = hosts.chain(urls.filter_map(|url| origins::host(url)));
        let mut hosts: Vec<String> = hosts.map(str::to_ascii_lowercase).collect();
        hosts.sort_unstable();
        hosts.dedup();
        hosts
    }

    /// True if no other machine can reach any port.
    pub fn is_local(&self) -> bool {
        self.listeners().all(|(_, bind, _)| bind.is_loopback())
    }
}

/// Later layers win.
fn merge(layers: &[Layer]) -> Result<Config, ConfigError> {
    let mut builder = ::config::Config::builder();
    for layer in layers {
        builder = builder.add_source(layer.clone());
    }
    let merged = builder.build().map_err(|error| ConfigError::Layering(error.to_string()))?;
    merged.try_deserialize().map_err(|error| Fault::from(error).locate(layers))
}
