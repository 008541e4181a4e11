//! The chain over the log: a digest of each block that rests on all before it.
//!
//! ```text
//! lane(block, kind) = SHA-256 of that kind's records in the block, in their order, each as
//!                     offset u64 | at u64 | length of its bytes u32 | bytes       (integers big-endian)
//! chain(block)      = SHA-256 of chain(block before) | first offset u64 | count u32
//!                     | for each kind there is, ascending: kind u8 | lane(block, kind)
//! chain(none)       = SHA-256 of "pms-hub log" | the epoch that the log was created with u64
//! ```
//!
//! A lane for each kind, since records of single kinds are to be cut from the old end one day: whoever cuts one keeps
//! the 32 bytes of its lane, and what is left of the block, and all that follows, still verifies.

use hub_core::{Epoch, Offset, Timestamp};
use sha2::{Digest, Sha256};

/// Numbers of kinds lie below this.
pub(super) const KINDS: usize = 16;

/// The state of the chain after a block.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) struct Chain(pub(super) [u8; 32]);

/// The lanes of a block that is being read or written.
#[derive(Default)]
pub(super) struct Lanes([Option<Sha256>; KINDS]);

impl Chain {
    /// The chain of a log without records.
    pub(super) fn begin(created: Epoch) -> Chain {
        let mut digest = Sha256::new();
        digest.update(b"pms-hub log");
        digest.update(created.0.to_be_bytes());
        Chain(digest.finalize().into())
    }

    /// The chain after a block of `count` records from `first` on.
    pub(super) fn link(self, first: Offset, count: u32, lanes: Lanes) -> Chain {
        let mut digest = Sha256::new();
        digest.update(self.0);
        digest.update(first.0.to_be_bytes());
        digest.update(count.to_be_bytes());
        for (kind, lane) in (0_u8..).zip(lanes.0) {
            let Some(lane) = lane else { continue };
            digest.update([kind]);
            digest.update(lane.finalize());
        }
        Chain(digest.finalize().into())
    }
}

impl Lanes {
    /// Adds the next record to the lane of its kind, which lies below [`KINDS`].
    pub(super) fn add(&mut self, kind: u8, offset: Offset, at: Timestamp, bytes: &[u8]) {
        let mut head = [0; 20];
        head[..8].copy_from_slice(&offset.0.to_be_bytes());
        head[8..16].copy_from_slice(&at.micros().to_be_bytes());
        head[16..].copy_from_slice(&(bytes.len() as u32).to_be_bytes());
        let lane = self.0[usize::from(kind) % KINDS].get_or_insert_default();
        lane.update(head);
        lane.update(bytes);
    }
}
