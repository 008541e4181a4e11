//! One row.

use hub_core::Offset;

/// A row at one version.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Row<const N: usize> {
    /// The offset that last changed it.
    pub version: Offset,
    /// Number beside its words that it was made with, and keeps.
    pub aside: u32,
    /// Its words.
    pub words: [u64; N],
}

/// A row as it lies in memory.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) struct Stored<const N: usize> {
    /// The offset of the last write, which need not have changed what it shows.
    pub(crate) stamp: u64,
    pub(crate) version: u64,
    /// The copy from before, from 1 on; 0: none was kept.
    pub(crate) older: u32,
    pub(crate) aside: u32,
    pub(crate) words: [u64; N],
}

impl<const N: usize> Stored<N> {
    pub(crate) fn row(&self) -> Row<N> {
        Row { version: Offset(self.version), aside: self.aside, words: self.words }
    }
}
