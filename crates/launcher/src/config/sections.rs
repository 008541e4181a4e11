//! The sections of the configuration file, with their defaults.

use std::path::PathBuf;

use hub_core::settings::{AlertRules, AutotraderSettings, PipelineSettings, Thresholds};
use hub_core::topic::TopicPattern;
use hub_server::Bind;
use serde::de::Error as _;
use serde::{Deserialize, Deserializer, Serialize};

/// `[server]`: what all services share.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
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
    pub listen_backlog: u32,
    /// Threads that own sockets; 0 is one per core.
    pub workers: usize,
    /// From one publication of changed state to the next, in milliseconds.
    pub flush_ms: u64,
    /// Age up to which a subscriber may resume, in milliseconds of log time.
    pub resume_horizon_ms: u32,
    /// A copy of sockjs-client's script to serve to `SockJS`'s iframe
    /// transports; without one they load it from a public CDN.
    pub sockjs_script: Option<PathBuf>,
    /// Compresses WebSocket messages for clients that offer it.
    pub deflate: bool,
    /// Messages shorter than this are sent as they are, in bytes.
    pub deflate_min_bytes: usize,
    /// zlib's level, 1 (fastest) to 9.
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

/// `[analytics]`: positions and P&L.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct AnalyticsConfig {
    /// Addresses it listens at.
    pub bind: Bind,
    /// Speaks TLS, with the certificate of `[server]`.
    pub tls: bool,
    /// Time for which an applied transaction id is remembered, in hours of log time.
    pub idempotency_hours: u32,
}

impl Default for AnalyticsConfig {
    fn default() -> AnalyticsConfig {
        AnalyticsConfig { bind: Bind::localhost(8086), tls: false, idempotency_hours: 168 }
    }
}

/// Which messages a leaderboard socket is sent unless it asks otherwise.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum LeaderboardDialect {
    /// `{"type","data"}`: snapshots and updates.
    Native,
    /// Messages that the deployed PMS frontend reads: the whole top list.
    Pms,
}

/// `[leaderboard]`: the ranking.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct LeaderboardConfig {
    /// Addresses it listens at.
    pub bind: Bind,
    /// Speaks TLS, with the certificate of `[server]`.
    pub tls: bool,
    /// Which messages `/ws/updates` sends unless `?dialect=` says otherwise.
    #[serde(deserialize_with = "dialect")]
    pub dialect: LeaderboardDialect,
}

impl Default for LeaderboardConfig {
    fn default() -> LeaderboardConfig {
        LeaderboardConfig { bind: Bind::localhost(8000), tls: false, dialect: LeaderboardDialect::Native }
    }
}

/// `[rttm]`: the pipeline watched. Thresholds of alerts (RT-ALERT): a value
/// that reaches one is at it.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct RttmConfig {
    /// Addresses it listens at.
    pub bind: Bind,
    /// Speaks TLS, with the certificate of `[server]`.
    pub tls: bool,
    /// P95 and P99 of a stage's latency over 5 minutes, in milliseconds.
    pub latency_warning_ms: u32,
    /// As above.
    pub latency_critical_ms: u32,
    /// Error events in 5 minutes.
    pub errors_warning: u32,
    /// As above.
    pub errors_critical: u32,
    /// Dead letters in 5 minutes.
    pub dlq_warning: u32,
    /// As above.
    pub dlq_critical: u32,
    /// The largest lag of a consumer group in a partition, in messages.
    pub lag_warning: u32,
    /// As above.
    pub lag_critical: u32,
    /// The most trades received in one second of the last 60.
    pub tps_warning: u32,
    /// As above.
    pub tps_critical: u32,
    /// Trades whose way can be looked at: the newest by their first event.
    pub trades_kept: u32,
    /// Bytes that they take together.
    pub trades_bytes: u32,
    /// Events of one trade: the first that came.
    pub trade_events_kept: u32,
    /// Identities of events, by which one that is sent again is known.
    pub event_ids_kept: u32,
    /// The hub's own rejections that can be looked at.
    pub dead_letters_kept: u32,
    /// Classes into which dead letters are told apart.
    pub dead_letter_classes: u16,
    /// Consumer groups' places in partitions.
    pub queues_kept: u32,
    /// Alerts that were cleared.
    pub cleared_alerts_kept: u32,
}

impl Default for RttmConfig {
    fn default() -> RttmConfig {
        let PipelineSettings {
            trades_kept,
            trades_bytes,
            trade_events_kept,
            event_ids_kept,
            dead_letters_kept,
            dead_letter_classes,
            queues_kept,
            cleared_alerts_kept,
        } = PipelineSettings::default();
        RttmConfig {
            bind: Bind::localhost(8087),
            tls: false,
            latency_warning_ms: 1000,
            latency_critical_ms: 3000,
            errors_warning: 5,
            errors_critical: 20,
            dlq_warning: 10,
            dlq_critical: 50,
            lag_warning: 1000,
            lag_critical: 5000,
            tps_warning: 10_000,
            tps_critical: 15_000,
            trades_kept,
            trades_bytes,
            trade_events_kept,
            event_ids_kept,
            dead_letters_kept,
            dead_letter_classes,
            queues_kept,
            cleared_alerts_kept,
        }
    }
}

impl RttmConfig {
    /// Each pair of thresholds, by what its keys begin with.
    pub(super) fn thresholds(&self) -> [(&'static str, Thresholds); 5] {
        let at = |warning, critical| Thresholds { warning, critical };
        [
            ("latency", at(self.latency_warning_ms, self.latency_critical_ms)),
            ("errors", at(self.errors_warning, self.errors_critical)),
            ("dlq", at(self.dlq_warning, self.dlq_critical)),
            ("lag", at(self.lag_warning, self.lag_critical)),
            ("tps", at(self.tps_warning, self.tps_critical)),
        ]
    }

    /// As projections read them.
    pub(super) fn alerts(&self) -> AlertRules {
        let [(_, latency_ms), (_, error_rate), (_, dlq), (_, queue_lag), (_, tps)] = self.thresholds();
        AlertRules { latency_ms, error_rate, dlq, queue_lag, tps, ..AlertRules::default() }
    }

    /// As projections read them.
    pub(super) fn settings(&self) -> PipelineSettings {
        PipelineSettings {
            trades_kept: self.trades_kept,
            trades_bytes: self.trades_bytes,
            trade_events_kept: self.trade_events_kept,
            event_ids_kept: self.event_ids_kept,
            dead_letters_kept: self.dead_letters_kept,
            dead_letter_classes: self.dead_letter_classes,
            queues_kept: self.queues_kept,
            cleared_alerts_kept: self.cleared_alerts_kept,
        }
    }
}

/// `[autotrader]`: trading sessions.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct AutotraderConfig {
    /// Addresses it listens at.
    pub bind: Bind,
    /// Speaks TLS, with the certificate of `[server]`.
    pub tls: bool,
    /// Sessions that may be active at a time.
    pub active_sessions_max: u32,
    /// Stopped sessions that can still be looked at.
    pub stopped_sessions_kept: u32,
    /// Open trades of one session.
    pub open_trades_max: u32,
    /// Closed trades of one session that can still be looked at.
    pub closed_trades_kept: u32,
}

impl Default for AutotraderConfig {
    fn default() -> AutotraderConfig {
        let AutotraderSettings {
            active_sessions_max,
            stopped_sessions_kept,
            open_trades_max,
            closed_trades_kept,
        } = AutotraderSettings::default();
        AutotraderConfig {
            bind: Bind::localhost(4025),
            tls: false,
            active_sessions_max,
            stopped_sessions_kept,
            open_trades_max,
            closed_trades_kept,
        }
    }
}

impl AutotraderConfig {
    /// As projections read them.
    pub(super) fn settings(&self) -> AutotraderSettings {
        AutotraderSettings {
            active_sessions_max: self.active_sessions_max,
            stopped_sessions_kept: self.stopped_sessions_kept,
            open_trades_max: self.open_trades_max,
            closed_trades_kept: self.closed_trades_kept,
        }
    }
}

/// `[gateway]`: everything on one origin.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
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

/// Says what there is to choose from.
fn dialect<'de, D: Deserializer<'de>>(deserializer: D) -> Result<LeaderboardDialect, D::Error> {
    match String::deserialize(deserializer)?.as_str() {
        "native" => Ok(LeaderboardDialect::Native),
        "pms" => Ok(LeaderboardDialect::Pms),
        _ => Err(D::Error::custom("must be native or pms")),
    }
}
