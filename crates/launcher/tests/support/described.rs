//! The services as they describe themselves.
#![allow(dead_code, reason = "each test file uses its part")]

use hub_server::Service;
use pms_hub::config::Config;
use pms_hub::wiring::{Wiring, services};

/// All services but the gateway, and what they share: the catalog of topics.
pub(crate) fn described() -> (Wiring, Vec<Service>) {
    let config = Config::default();
    let mut wiring = Wiring::new(&config);
    let services = services(&mut wiring, &config).unwrap();
    (wiring, services)
}
