//! Walks: what is remembered, listed in one place and gone through in one form, by whatever saves and restores it.
//!
//! The form is serde's. What a [`Projection`](crate::Projection) remembers says of itself what it holds, in the order
//! in which it is written, and whoever walks it brings a format: bytes of a file, or a digest by which two nodes of one
//! log are compared.

use std::collections::BTreeMap;
use std::hash::Hash;

use serde::de::DeserializeOwned;
use serde::{Serialize, Serializer};

/// Memory of a projection, to be walked.
#[derive(Clone, Copy)]
pub struct Remembered<'a> {
    /// The projection, and the number of the form in which its memory is walked, such as `analytics/1`. The number
    /// is raised whenever anything is walked in another way: what was saved in another form is not restored.
    pub form: &'static str,
    /// All of it.
    pub memory: &'a dyn erased_serde::Serialize,
}

/// Something that was walked, to be read in the same form.
pub type Walked<'a, 'de> = &'a mut dyn erased_serde::Deserializer<'de>;

/// A reason why something that was walked can't be restored.
pub use erased_serde::Error as WalkError;

impl Remembered<'_> {
    /// Of a projection that remembers nothing.
    pub fn nothing(form: &'static str) -> Remembered<'static> {
        Remembered { form, memory: &() }
    }
}

/// Reads a memory: all of it, or none.
pub fn read<T: DeserializeOwned>(from: Walked<'_, '_>) -> Result<T, WalkError> {
    erased_serde::deserialize(from)
}

/// An error of what was read and can't be.
pub fn damaged(what: &str) -> WalkError {
    serde::de::Error::custom(what)
}

/// Walks a map whose own order is random in that of its keys: `#[serde(serialize_with = "walk::sorted")]` of a field that
/// is a reference to one. It is read as any map.
pub fn sorted<'a, M, K, V, S>(map: &M, to: S) -> Result<S::Ok, S::Error>
where
    M: Copy + IntoIterator<Item = (&'a K, &'a V)>,
    K: Ord + Hash + Serialize + 'a,
    V: Serialize + 'a,
    S: Serializer,
{
    // Of references; nothing is copied.
    map.into_iter().collect::<BTreeMap<_, _>>().serialize(to)
}
