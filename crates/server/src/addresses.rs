//! Sessions of each peer address, counted.

use std::collections::HashMap;
use std::net::IpAddr;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use crate::connections::ConnectionPermit;

/// Counts connections per address. Up to `max` are welcome; as many again are
/// let in to be told so, in whatever they speak; beyond, there is no permit.
#[derive(Clone)]
pub struct Addresses(Arc<Counts>);

struct Counts {
    counts: Mutex<HashMap<IpAddr, usize>>,
    max: usize,
}

/// Permit of one connection of an address; given back when it is dropped.
pub struct AddressPermit {
    addresses: Addresses,
    address: IpAddr,
    welcome: bool,
    /// Among all sockets, where it is one.
    connection: Option<ConnectionPermit>,
}

impl AddressPermit {
    /// Adds the socket's own permit, to be given back with it.
    pub(crate) fn with_connection(mut self, permit: ConnectionPermit) -> AddressPermit {
        self.connection = Some(permit);
        self
    }

    /// True unless the address had its share of sessions before this one.
    pub fn is_within_limit(&self) -> bool {
        self.welcome
    }
}

impl Addresses {
    /// At most `max` connections per address.
    pub fn new(max: usize) -> Addresses {
        Addresses(Arc::new(Counts { counts: Mutex::default(), max }))
    }

    /// A permit for one more connection of `address`.
    pub fn enter(&self, address: IpAddr) -> Option<AddressPermit> {
        let mut counts = self.lock();
        let count = counts.entry(address).or_default();
        if *count >= self.0.max.saturating_mul(2) {
            return None;
        }
        *count += 1;
        Some(AddressPermit {
            addresses: self.clone(),
            address,
            welcome: *count <= self.0.max,
            connection: None,
        })
    }

    fn lock(&self) -> MutexGuard<'_, HashMap<IpAddr, usize>> {
        self.0.counts.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Drop for AddressPermit {
    fn drop(&mut self) {
        let mut counts = self.addresses.lock();
        if let Some(count) = counts.get_mut(&self.address) {
            *count -= 1;
            if *count == 0 {
                counts.remove(&self.address);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_permit_given_back_can_be_taken_again_and_nothing_is_kept_for_those_who_left() {
        let addresses = Addresses::new(2);
        let here = IpAddr::from([127, 0, 0, 1]);
        let permits: Vec<AddressPermit> = (0..4).filter_map(|_| addresses.enter(here)).collect();
        let welcome: Vec<bool> = permits.iter().map(AddressPermit::is_within_limit).collect();
        assert_eq!(welcome, [true, true, false, false]);
        assert!(addresses.enter(here).is_none());
        assert!(addresses.enter(IpAddr::from([127, 0, 0, 2])).is_some_and(|permit| permit.is_within_limit()));
        drop(permits);
        assert!(addresses.lock().is_empty());
        assert!(addresses.enter(here).is_some_and(|permit| permit.is_within_limit()));
    }
}
