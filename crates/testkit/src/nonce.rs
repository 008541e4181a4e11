//! Keys for handshakes and masks: all different, and the same in each run.

use std::sync::atomic::{AtomicU64, Ordering};

/// The next 64 bits of a sequence that mixes well (`SplitMix64`). No secret: a test protects nobody.
pub(crate) fn next() -> u64 {
    static STATE: AtomicU64 = AtomicU64::new(0);
    const STEP: u64 = 0x9e37_79b9_7f4a_7c15;
    let mut z = STATE.fetch_add(STEP, Ordering::Relaxed).wrapping_add(STEP);
    z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    z ^ (z >> 31)
}
