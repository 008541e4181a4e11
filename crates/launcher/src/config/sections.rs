//! The sections of the configuration file, with their defaults.

use std::net::{Ipv4Addr, SocketAddr};
use std::path::PathBuf;

use hub_core::topic::TopicPattern;
use serde::de::Error as _;
use serde::{Deserialize, Deserializer, Serialize};

/// `[server]`: what all services share.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct ServerConfig {
    /// Pages that may connect, as `scheme://host[:port]`, the port possibly
    /// `*`. Empty: see [`Config::allowed_origins`](super::Config::allowed_origins).
    pub allowed_origins: Vec<String>,
    /// Threads that own sockets; 0 is one per core.
    pub workers: usize,
    /// From one publication of changed state to the next, in milliseconds.
    pub flush_ms: u64,
    /// How far back a subscriber may resume, in milliseconds of log time.
    pub resume_horizon_ms: u32,
    /// The certificate chain, a PEM file.
    pub tls_certificate: Option<PathBuf>,
    /// Its private key, a PEM file.
    pub tls_key: Option<PathBuf>,
}

impl Default for ServerConfig {
    fn default() -> ServerConfig {
        ServerConfig {
            allowed_origins: Vec::new(),
            workers: 0,
            flush_ms: 100,
            resume_horizon_ms: 600_000,
            tls_certificate: None,
            tls_key: None,
        }
    }
}

/// `[analytics]`: positions and P&L.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct AnalyticsConfig {
    /// Where it listens; port 0 is any free one.
    #[serde(deserialize_with = "bind_address")]
    pub bind: SocketAddr,
    /// Whether it speaks TLS, with the certificate of `[server]`.
    pub tls: bool,
    /// How long an applied transaction id is remembered, in hours of log time.
    pub idempotency_hours: u32,
}

impl Default for AnalyticsConfig {
    fn default() -> AnalyticsConfig {
        AnalyticsConfig { bind: loopback(8086), tls: false, idempotency_hours: 168 }
    }
}

/// `[log]`: the embedded log.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct LogConfig {
    /// Its file; created, directories included, where it does not exist.
    pub path: PathBuf,
}

impl Default for LogConfig {
    fn default() -> LogConfig {
        LogConfig { path: PathBuf::from("data/hub.db") }
    }
}

/// `[auth]`: who may come in.
#[derive(Clone, PartialEq, Debug, Default, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct AuthConfig {
    /// Says in words that whoever reaches a port may use it.
    pub allow_open: bool,
}

/// `[relay]`: destinations that carry messages as they are.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct RelayConfig {
    /// Which destinations; a computed topic always wins over these.
    pub destinations: Vec<TopicPattern>,
    /// Whether a connected peer's SEND may put messages in.
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

/// `[demo]`: the market that runs where no real one is connected.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct DemoConfig {
    /// Whether it runs; `--demo` on the command line says so, too.
    pub enabled: bool,
    /// The same seed makes the same market.
    pub seed: u64,
    /// How many portfolios trade.
    pub portfolios: u32,
    /// How many symbols are traded.
    pub symbols: u32,
    /// Price ticks per second, over all symbols.
    pub prices_per_second: u32,
    /// Transactions per second, over all portfolios.
    pub transactions_per_second: u32,
    /// The share of transactions that are wrong on purpose, 0 to 1.
    pub invalid_share: f64,
}

impl Default for DemoConfig {
    fn default() -> DemoConfig {
        DemoConfig {
            enabled: false,
            seed: 42,
            portfolios: 300,
            symbols: 40,
            prices_per_second: 200,
            transactions_per_second: 20,
            invalid_share: 0.02,
        }
    }
}

fn loopback(port: u16) -> SocketAddr {
    SocketAddr::from((Ipv4Addr::LOCALHOST, port))
}

/// Says what would be right, which the standard library's error does not.
fn bind_address<'de, D: Deserializer<'de>>(deserializer: D) -> Result<SocketAddr, D::Error> {
    String::deserialize(deserializer)?.parse().map_err(|_| {
        D::Error::custom("must be an IP address and a port, such as 127.0.0.1:8086 or [::1]:8086")
    })
}
