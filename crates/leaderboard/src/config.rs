//! The service's section of the configuration.

use hub_server::Bind;
use schemars::JsonSchema;
use serde::de::Error as _;
use serde::{Deserialize, Deserializer, Serialize};

/// `[leaderboard]`: the ranking.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct LeaderboardConfig {
    /// Addresses it listens at.
    pub bind: Bind,
    /// Speaks TLS, with the certificate of `[server]`.
    pub tls: bool,
    /// Messages that `/ws/updates` sends unless `?dialect=` says otherwise.
    #[serde(deserialize_with = "dialect")]
    pub dialect: Dialect,
    /// Interval, in milliseconds of log time, in each of which a row whose P&L moved is sent again, at most once.
    #[schemars(range(min = 100, max = 3_600_000))]
    pub pnl_ms: u32,
}

impl Default for LeaderboardConfig {
    fn default() -> LeaderboardConfig {
        LeaderboardConfig { bind: Bind::localhost(8000), tls: false, dialect: Dialect::Native, pnl_ms: 1000 }
    }
}

/// The form in which `/ws/updates` speaks.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum Dialect {
    /// `{"type","data"}`: `snapshot` and `update`.
    Native,
    /// As the deployed PMS frontend reads it (LB-WS): the whole top list on
    /// change.
    Pms,
}

impl Dialect {
    /// The names there are to choose from, in words.
    pub(crate) const MUST_BE: &str = "must be native or pms";

    /// The dialect of this name.
    pub(crate) fn named(name: &str) -> Option<Dialect> {
        match name {
            "native" => Some(Dialect::Native),
            "pms" => Some(Dialect::Pms),
            _ => None,
        }
    }
}

/// Says what there is to choose from.
fn dialect<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Dialect, D::Error> {
    Dialect::named(&String::deserialize(deserializer)?).ok_or_else(|| D::Error::custom(Dialect::MUST_BE))
}
