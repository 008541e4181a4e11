//! How many sessions each peer address has.

use std::collections::HashMap;
use std::net::IpAddr;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

/// Counts sessions per address, up to a limit.
#[derive(Clone)]
pub struct Addresses {
    counts: Arc<Mutex<HashMap<IpAddr, usize>>>,
    max: usize,
}

/// One session's place; given back when it is dropped.
pub struct Place {
    addresses: Addresses,
    address: IpAddr,
}

impl Addresses {
    /// At most `max` sessions per address.
    pub fn new(max: usize) -> Addresses {
        Addresses { counts: Arc::default(), max }
    }

    /// A place for one more session of `address`, unless it has its share.
    pub fn enter(&self, address: IpAddr) -> Option<Place> {
        let mut counts = self.lock();
        let count = counts.entry(address).or_default();
        if *count >= self.max {
            return None;
        }
        *count += 1;
        Some(Place { addresses: self.clone(), address })
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
        let first = addresses.enter(here);
        let second = addresses.enter(here);
        assert!(first.is_some() && second.is_some());
        assert!(addresses.enter(here).is_none());
        assert!(addresses.enter(IpAddr::from([127, 0, 0, 2])).is_some());
        drop(first);
        assert!(addresses.enter(here).is_some());
        drop(second);
        assert!(addresses.lock().is_empty());
    }
}
