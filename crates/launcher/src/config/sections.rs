//! The sections of the configuration file that are the launcher's, with their defaults and ranges. That of a
//! service is in its crate.

use std::path::PathBuf;

use hub_core::SymbolCase;
use hub_core::settings::PriceSettings;
use hub_core::topic::TopicPattern;
use hub_server::Bind;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// `[server]`: what all services share.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct ServerConfig {
    /// Pages that may connect, as `scheme://host[:port]`, the port possibly
    /// `*`. Empty: see [`Config::allowed_origins`](super::Config::allowed_origins).
    pub allowed_origins: Vec<String>,
    /// Host names by which services on loopback may be asked for, beside those
    /// of this machine; see [`Config::allowed_hosts`](super::Config::allowed_hosts).
    pub allowed_hosts: Vec<String>,
    /// Connections that may wait for each listener to accept them; 0 is as many
    /// as the system allows, which cuts any number to that.
    #[schemars(range(max = i32::MAX))]
    pub listen_backlog: u32,
    /// Threads that own sockets; 0 is one per core.
    #[schemars(range(max = 1024))]
    pub workers: usize,
    /// From one publication of changed state to the next, in milliseconds.
    #[schemars(range(min = 1, max = 60_000))]
    pub flush_ms: u64,
    /// Age up to which a subscriber may resume, in milliseconds of log time.
    #[schemars(range(min = 1_000, max = 86_400_000))]
    pub resume_horizon_ms: u32,
    /// A copy of sockjs-client's script to serve to `SockJS`'s iframe
    /// transports; without one they load it from a public CDN.
    pub sockjs_script: Option<PathBuf>,
    /// Compresses WebSocket messages for clients that offer it.
    pub deflate: bool,
    /// Messages shorter than this are sent as they are, in bytes.
    #[schemars(range(max = 1 << 30))]
    pub deflate_min_bytes: usize,
    /// zlib's level, 1 (fastest) to 9.
    #[schemars(range(min = 1, max = 9))]
    pub deflate_level: u32,
    /// Lets a client's compressed messages point back to its earlier ones.
    pub deflate_client_takeover: bool,
    /// The certificate chain, a PEM file.
    pub tls_certificate: Option<PathBuf>,
    /// Its private key, a PEM file.
    pub tls_key: Option<PathBuf>,
    /// Interval at which these files are looked at, in milliseconds; 0 is at SIGHUP only.
    pub tls_reload_ms: u64,
}

impl Default for ServerConfig {
    fn default() -> ServerConfig {
        ServerConfig {
            allowed_origins: Vec::new(),
            allowed_hosts: Vec::new(),
            listen_backlog: 0,
            workers: 0,
            flush_ms: 100,
            resume_horizon_ms: 600_000,
            sockjs_script: None,
            deflate: true,
            deflate_min_bytes: 1024,
            deflate_level: 3,
            deflate_client_takeover: false,
            tls_certificate: None,
            tls_key: None,
            tls_reload_ms: 10_000,
        }
    }
}

/// `[gateway]`: everything on one origin.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct GatewayConfig {
    /// Addresses it listens at.
    pub bind: Bind,
    /// Speaks TLS, with the certificate of `[server]`.
    pub tls: bool,
    /// Its URL as browsers see it, where that is not what their requests say.
    pub public_url: String,
}

impl Default for GatewayConfig {
    fn default() -> GatewayConfig {
        GatewayConfig { bind: Bind::localhost(8080), tls: false, public_url: String::new() }
    }
}

/// `[log]`: the embedded log.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct LogConfig {
    /// Its file; created, directories included, where it does not exist.
    pub path: PathBuf,
    /// True: members of items that nobody reads are kept in their records.
    pub keep_unknown: bool,
}

impl Default for LogConfig {
    fn default() -> LogConfig {
        LogConfig { path: PathBuf::from("data/hub.db"), keep_unknown: false }
    }
}

/// `[auth]`: who may come in.
#[derive(Clone, PartialEq, Debug, Default, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct AuthConfig {
    /// Says in words that whoever reaches a port may use it.
    pub allow_open: bool,
}

/// `[prices]`: how old prices may be.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct PricesConfig {
    /// Age from which on a price is stale, and whatever was worked out with it, in milliseconds of log time from its
    /// event's time; 0: none ever is.
    #[schemars(range(max = 604_800_000))]
    pub stale_ms: u32,
}

impl Default for PricesConfig {
    fn default() -> PricesConfig {
        PricesConfig { stale_ms: PriceSettings::default().stale_ms }
    }
}

impl PricesConfig {
    /// The same as projections read it.
    pub fn settings(&self) -> PriceSettings {
        PriceSettings { stale_ms: self.stale_ms }
    }
}

/// `[symbols]`: names of what is traded.
#[derive(Clone, PartialEq, Debug, Default, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct SymbolsConfig {
    /// Takes ASCII letters of a symbol in upper case, however they come in.
    pub fold_case: bool,
}

impl SymbolsConfig {
    /// The case of symbols that come in.
    pub fn case(&self) -> SymbolCase {
        if self.fold_case { SymbolCase::Upper } else { SymbolCase::Kept }
    }
}

/// `[relay]`: destinations that carry messages as they are.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct RelayConfig {
    /// Which destinations; a computed topic always wins over these.
    #[schemars(with = "Vec<String>")]
    pub destinations: Vec<TopicPattern>,
    /// Lets a connected peer's SEND put messages in.
    pub client_send: bool,
}

impl Default for RelayConfig {
    fn default() -> RelayConfig {
        let destinations = ["/topic/relay/**", "/queue/relay/**"]
            .iter()
            .filter_map(|pattern| pattern.parse().ok())
            .collect();
        RelayConfig { destinations, client_send: false }
    }
}
