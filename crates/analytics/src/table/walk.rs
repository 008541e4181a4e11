//! A table as it is walked: each element with its version, in the order of their keys.

use hub_core::Offset;
use hub_rows::{Elements, read_elements};
use serde::ser::SerializeSeq as _;
use serde::{Deserialize, Deserializer, Serialize, Serializer};

use super::Table;

impl<T: Serialize> Serialize for Table<T> {
    fn serialize<S: Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        let mut sequence = to.serialize_seq(Some(self.len() as usize))?;
        let mut slots = (0..self.len()).filter_map(|key| self.slot(key));
        slots.try_for_each(|slot| sequence.serialize_element(&(slot.newest, &slot.value)))?;
        sequence.end()
    }
}

impl<T: Clone> Elements for Table<T> {
    type Element = (Offset, T);

    fn add(&mut self, (version, value): (Offset, T)) -> Result<(), &'static str> {
        if self.len() == u32::MAX {
            return Err("there are more elements than keys");
        }
        self.push(version, value);
        Ok(())
    }
}

impl<'de, T: Clone + Deserialize<'de>> Deserialize<'de> for Table<T> {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Table<T>, D::Error> {
        read_elements(from)
    }
}
