//! Settings of prices.

use serde::{Deserialize, Serialize};

use crate::Timestamp;
use crate::freshness::Freshness;

/// Settings of prices.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct PriceSettings {
    /// Age from which on a price is stale, in milliseconds from its event's time; 0: none ever is.
    pub stale_ms: u32,
}

impl Default for PriceSettings {
    fn default() -> PriceSettings {
        PriceSettings { stale_ms: 60_000 }
    }
}

impl PriceSettings {
    /// Which prices are fresh at this instant of log time.
    pub fn at(self, now: Timestamp) -> Freshness {
        Freshness::new(self, now)
    }

    /// The instant from which on a price of this time is stale; `None`: never.
    pub fn stale_from(self, time: Timestamp) -> Option<Timestamp> {
        (self.stale_ms != 0).then(|| time.plus_millis(self.stale_ms.into()))
    }
}
