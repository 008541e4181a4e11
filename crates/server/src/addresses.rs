//! How many sessions each peer address has.

use std::collections::HashMap;
use std::net::IpAddr;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use crate::connections::Seat;

/// Counts connections per address. Up to `max` are welcome; as many again are
/// let in to be told so, in whatever they speak; beyond, there is no place.
#[derive(Clone)]
pub struct Addresses {
    counts: Arc<Mutex<HashMap<IpAddr, usize>>>,
    max: usize,
}

/// One connection's place; given back when it is dropped.
pub struct Place {
    addresses: Addresses,
    address: IpAddr,
    welcome: bool,
    /// Its place among all sockets, where it is one.
    seat: Option<Seat>,
}

impl Place {
    /// The same with the socket's seat, to be given back with it.
    pub(crate) fn seated(mut self, seat: Seat) -> Place {
        self.seat = Some(seat);
        self
    }

    /// Whether the address had not had its share before.
    pub fn is_welcome(&self) -> bool {
        self.welcome
    }
}

impl Addresses {
    /// At most `max` connections per address.
    pub fn new(max: usize) -> Addresses {
        Addresses { counts: Arc::default(), max }
    }

    /// A place for one more connection of `address`.
    pub fn enter(&self, address: IpAddr) -> Option<Place> {
        let mut counts = self.lock();
        let count = counts.entry(address).or_default();
        if *count >= self.max.saturating_mul(2) {
            return None;
        }
        *count += 1;
        Some(Place { addresses: self.clone(), address, welcome: *count <= self.max, seat: None })
    }

    fn lock(&self) -> MutexGuard<'_, HashMap<IpAddr, usize>> {
        self.counts.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Drop for Place {
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
    fn a_place_given_back_can_be_taken_again_and_nothing_is_kept_for_those_who_left() {
        let addresses = Addresses::new(2);
        let here = IpAddr::from([127, 0, 0, 1]);
        let places: Vec<Place> = (0..4).filter_map(|_| addresses.enter(here)).collect();
        let welcome: Vec<bool> = places.iter().map(Place::is_welcome).collect();
        assert_eq!(welcome, [true, true, false, false]);
        assert!(addresses.enter(here).is_none());
        assert!(addresses.enter(IpAddr::from([127, 0, 0, 2])).is_some_and(|place| place.is_welcome()));
        drop(places);
        assert!(addresses.lock().is_empty());
        assert!(addresses.enter(here).is_some_and(|place| place.is_welcome()));
    }
}
