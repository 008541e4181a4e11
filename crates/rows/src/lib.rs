//! Rows that one thread edits in place, while others read them as of a position.
//!
//! A [`Rows`] is a table of rows of so many 64-bit words, with dense keys from 0; each row knows the offset that last
//! changed it, its version. One thread owns it and edits it. A [`RowsView`] is the table as it was at one position:
//! taking one costs the same however large the table is, and it never changes.
//!
//! ```
//! use hub_core::Offset;
//! let mut rows = hub_rows::Rows::<1>::default();
//! let key = rows.push(Offset(1), Offset(1), 0, [10]);
//! let before = rows.view(Offset(1));
//! rows.set(key, Offset(2), Offset(2), [20]);
//! let after = rows.view(Offset(2));
//! assert_eq!([before, after].map(|view| view.get(key).unwrap().unwrap().words), [[10], [20]]);
//! ```
//!
//! # How it works
//!
//! Rows lie in blocks that never move, as atomic words. The first edit of a row since a view was taken copies it aside
//! and leaves a link to the copy; then the row is written in place. A reader copies the row's words and looks whether
//! it was written meanwhile (a sequence lock, whose sequence is the offset of the last write); if that write is younger
//! than its view, it goes on to the copy. Copies that no view needs are used again.
//!
//! So what an edit costs grows neither with the table nor with how often views are taken, the writer never waits for
//! a reader, and a reader begins again only where the row that it reads is being written. A view that is held for long
//! costs a copy of each row that changes meanwhile, and the copies of the views after it, which are given back in their
//! order.
//!
//! What does not fit a row's words is beside it, among [`Values`] that never change: the row has the number of one.
//!
//! # Beside tables
//!
//! What a writer keeps for itself next to a table grows in small steps, too: a [`Column`] has items by the same keys, a
//! [`Queue`] gives them back from the front, an [`Index`] finds things by keys of another kind. A [`SharedIndex`] is
//! only added to, and readers look into it at any time; [`Chains`] are, too: records by what they were of. Nothing here
//! doubles as a whole for the sake of one item.
//!
//! # To be saved and restored
//!
//! Tables, columns, queues and chains are walked (`serde`) element by element, each as it is now; what is kept for views is
//! not. Nor is an index: it follows from what it leads to, and is made again.
//!
//! Without `unsafe`: what two threads may touch at once is atomic, and what a reader could read in pieces it reads
//! again.

mod blocks;
mod chains;
mod column;
mod index;
mod kept;
mod lease;
mod queue;
mod row;
mod shared_index;
mod values;
mod view;
mod walk;
mod word;
mod writer;

pub use chains::{Chains, ChainsView, Link};
pub use column::Column;
pub use index::{Index, KeyHash};
pub use lease::Pin;
pub use queue::Queue;
pub use row::Row;
pub use shared_index::{IndexReader, SharedIndex};
pub use values::{Values, ValuesReader, Weight};
pub use view::RowsView;
pub use walk::{Elements, WalkedAs, read_elements};
pub use writer::Rows;
