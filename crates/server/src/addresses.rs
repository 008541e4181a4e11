//! Sessions of each peer address, counted.

use std::collections::HashMap;
use std::net::{IpAddr, SocketAddr, SocketAddrV6};
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

/// Permit of one connection of an address; given back when it is dropped. As
/// every connection has one, it is also what knows the peer.
pub struct AddressPermit {
    addresses: Addresses,
    address: IpAddr,
    port: u16,
    /// Of IPv6: the link, by its number, of an address that is one there only.
    scope: u32,
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

    /// Address of the peer, without the flow label that IPv6 may have.
    pub fn peer(&self) -> SocketAddr {
        match self.address {
            IpAddr::V4(address) => (address, self.port).into(),
            IpAddr::V6(address) => SocketAddrV6::new(address, self.port, 0, self.scope).into(),
        }
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

    /// A permit for one more connection of the address of `peer`.
    pub fn enter(&self, peer: SocketAddr) -> Option<AddressPermit> {
        let address = peer.ip();
        let mut counts = self.lock();
        let count = counts.entry(address).or_default();
        if *count >= self.0.max.saturating_mul(2) {
            return None;
        }
        *count += 1;
        Some(AddressPermit {
            addresses: self.clone(),
            address,
            port: peer.port(),
            scope: if let SocketAddr::V6(peer) = peer { peer.scope_id() } else { 0 },
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
        let here = SocketAddr::from(([127, 0, 0, 1], 1));
        let permits: Vec<AddressPermit> = (0..4).filter_map(|_| addresses.enter(here)).collect();
        let welcome: Vec<bool> = permits.iter().map(AddressPermit::is_within_limit).collect();
        assert_eq!(welcome, [true, true, false, false]);
        assert!(addresses.enter(here).is_none());
        assert!(addresses.enter(([127, 0, 0, 2], 1).into()).is_some_and(|permit| permit.is_within_limit()));
        drop(permits);
        assert!(addresses.lock().is_empty());
        assert!(addresses.enter(here).is_some_and(|permit| permit.is_within_limit()));
    }

    #[test]
    fn a_permit_knows_its_peer() {
        let addresses = Addresses::new(9);
        for peer in ["127.0.0.1:4711", "[2001:db8::1]:1", "[fe80::1%3]:65535"] {
            let peer: SocketAddr = peer.parse().expect("an address");
            assert_eq!(addresses.enter(peer).map(|permit| permit.peer()), Some(peer));
        }
    }
}
