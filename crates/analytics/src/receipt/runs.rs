//! Values that were said last at a position of the log, and the records that said so.

use std::sync::Arc;

use hub_core::{Offset, Record, Timestamp};
use hub_log::{EventLog, LogError};

use super::ticks::read_back;

/// A value that was said.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) struct Said<V> {
    /// Of the records that say the same one after another, the first.
    pub(crate) offset: Offset,
    /// Time at which the log took it.
    pub(crate) at: Timestamp,
    pub(crate) value: V,
}

/// The key that a record says a value of, and the value; `None` of any other record.
type Reading<K, V> = Arc<dyn Fn(&Record) -> Option<(K, V)> + Send + Sync>;

/// A search for the values of some keys that were said last up to a position, backwards from there: up to a record that
/// says another, or the first that says any.
pub(crate) struct Runs<K, V> {
    /// Records up to here are to be gone through.
    until: Offset,
    read: Reading<K, V>,
    wanted: Vec<Asked<K, V>>,
}

struct Asked<K, V> {
    key: K,
    /// No record before it says a value.
    first: Offset,
    found: Option<Said<V>>,
    is_known: bool,
}

impl<K: PartialEq, V: PartialEq> Runs<K, V> {
    /// A search up to `until`, each key with the first record that can say its value.
    pub(crate) fn new(
        until: Offset,
        wanted: impl IntoIterator<Item = (K, Offset)>,
        read: impl Fn(&Record) -> Option<(K, V)> + Send + Sync + 'static,
    ) -> Runs<K, V> {
        let wanted = wanted.into_iter().map(|(key, first)| {
            let first = first.max(Offset::START.next());
            Asked { key, first, found: None, is_known: first > until }
        });
        Runs { until, read: Arc::new(read), wanted: wanted.collect() }
    }

    /// True if there is nothing left to look for.
    pub(crate) fn is_done(&self) -> bool {
        self.wanted.iter().all(|wanted| wanted.is_known)
    }

    /// The value of a key that was found.
    pub(crate) fn found(&self, key: &K) -> Option<&Said<V>> {
        self.wanted.iter().find(|wanted| wanted.key == *key)?.found.as_ref()
    }

    /// Goes through some more records.
    pub(crate) fn go_on(&mut self, log: &dyn EventLog) -> Result<(), LogError> {
        let unknown = self.wanted.iter().filter(|wanted| !wanted.is_known);
        let Some(first) = unknown.map(|wanted| wanted.first).min() else { return Ok(()) };
        let records = read_back(log, first, self.until)?;
        for record in records.iter().rev() {
            self.look(record);
        }
        let oldest = records.first().map_or(first, |record| record.offset);
        self.until = Offset(oldest.0 - 1);
        let until = self.until;
        self.wanted.iter_mut().for_each(|wanted| wanted.is_known |= wanted.first > until);
        Ok(())
    }

    /// A record, older than all that were looked at.
    fn look(&mut self, record: &Record) {
        let Some((key, value)) = (self.read)(record) else { return };
        let mut wanted = self.wanted.iter_mut();
        let Some(wanted) = wanted.find(|wanted| !wanted.is_known && wanted.key == key) else { return };
        if wanted.found.as_ref().is_some_and(|found| found.value != value) {
            wanted.is_known = true;
        } else {
            wanted.found = Some(Said { offset: record.offset, at: record.at, value });
        }
    }
}
