//! The machine and its projections, walked and restored together.

use std::fmt;

use serde::de::{DeserializeSeed, Deserializer, Error, SeqAccess, Visitor};
use serde::ser::SerializeTuple as _;
use serde::{Serialize, Serializer};

use super::{Memory, StateMachine};
use crate::projection::Projection;

/// All that is remembered at the last record applied: the machine's own, then each projection's form and memory.
impl Serialize for StateMachine {
    fn serialize<S: Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        let StateMachine { projections, memory } = self;
        let mut parts = to.serialize_tuple(1 + 2 * projections.len())?;
        parts.serialize_element(memory)?;
        for remembered in projections.iter().map(|projection| projection.remembered()) {
            parts.serialize_element(remembered.form)?;
            parts.serialize_element(remembered.memory)?;
        }
        parts.end()
    }
}

/// Takes a machine that has not applied anything to where another was walked: that of the same log, with the same
/// projections. After an error some of them may be there and others not: whoever restores begins again with new ones.
impl<'de> DeserializeSeed<'de> for &mut StateMachine {
    type Value = ();

    fn deserialize<D: Deserializer<'de>>(self, from: D) -> Result<(), D::Error> {
        from.deserialize_tuple(1 + 2 * self.projections.len(), Parts(self))
    }
}

struct Parts<'a>(&'a mut StateMachine);

impl<'de> Visitor<'de> for Parts<'_> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "what was remembered by {} projections", self.0.projections.len())
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut parts: A) -> Result<(), A::Error> {
        let StateMachine { projections, memory } = self.0;
        let count = projections.len();
        let short = || A::Error::custom(format_args!("is of fewer than {count} projections"));
        let walked: Memory = parts.next_element()?.ok_or_else(short)?;
        let (epoch, here) = (walked.applied.position.epoch, memory.applied.position.epoch);
        if epoch != here {
            return Err(A::Error::custom(format_args!("is of the log {epoch}, and this one is {here}")));
        }
        for projection in &mut *projections {
            let form: String = parts.next_element()?.ok_or_else(short)?;
            let own = projection.remembered().form;
            if form != own {
                return Err(A::Error::custom(format_args!("has {form:?} in the place of {own:?}")));
            }
            parts.next_element_seed(Restored(&mut **projection))?.ok_or_else(short)?;
        }
        *memory = walked;
        for projection in projections {
            projection.settle(memory.applied);
        }
        Ok(())
    }
}

struct Restored<'a>(&'a mut dyn Projection);

impl<'de> DeserializeSeed<'de> for Restored<'_> {
    type Value = ();

    fn deserialize<D: Deserializer<'de>>(self, from: D) -> Result<(), D::Error> {
        self.0.restore(&mut <dyn erased_serde::Deserializer>::erase(from)).map_err(D::Error::custom)
    }
}
