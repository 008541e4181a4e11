//! One value per key, for as long as somebody holds it: documents of equal
//! parameters are one, so that what they compose is shared.

use std::collections::HashMap;
use std::hash::Hash;
use std::sync::{Arc, Mutex, PoisonError, Weak};

/// Values by key. Those that nobody holds any more are swept out whenever the
/// map has doubled, so there are at most twice as many as are held, and a few.
pub struct Interned<K, V: ?Sized>(Mutex<Inner<K, V>>);

struct Inner<K, V: ?Sized> {
    /// Looked up, and swept; its order is random.
    values: HashMap<K, Weak<V>>,
    sweep_at: usize,
}

const SWEEP_MIN: usize = 64;

impl<K, V: ?Sized> Default for Interned<K, V> {
    fn default() -> Interned<K, V> {
        Interned(Mutex::new(Inner { values: HashMap::new(), sweep_at: SWEEP_MIN }))
    }
}

impl<K: Eq + Hash, V: ?Sized> Interned<K, V> {
    /// The value with this key, made now if nobody holds it.
    pub fn get(&self, key: K, make: impl FnOnce(&K) -> Arc<V>) -> Arc<V> {
        // Every critical section leaves the map whole, panicking or not.
        let mut inner = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(value) = inner.values.get(&key).and_then(Weak::upgrade) {
            return value;
        }
        let value = make(&key);
        inner.values.insert(key, Arc::downgrade(&value));
        if inner.values.len() >= inner.sweep_at {
            inner.values.retain(|_, value| value.strong_count() > 0);
            inner.sweep_at = SWEEP_MIN.max(2 * inner.values.len());
        }
        value
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn equal_keys_share_and_what_nobody_holds_is_swept_out() {
        let interned = Interned::default();
        let held = interned.get(0, |key| Arc::new(*key));
        assert!(Arc::ptr_eq(&held, &interned.get(0, |_| unreachable!("it is held"))));
        for key in 1..1000 {
            interned.get(key, |key| Arc::new(*key));
            assert!(interned.0.lock().unwrap().values.len() <= SWEEP_MIN);
        }
        assert!(Arc::ptr_eq(&held, &interned.get(0, |_| unreachable!("it is held"))));
        let all: Vec<_> = (0..1000).map(|key| interned.get(key, |key| Arc::new(*key))).collect();
        assert_eq!(interned.0.lock().unwrap().values.len(), all.len());
    }
}
