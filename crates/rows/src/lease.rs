//! The right of a view to what was kept for it.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use hub_core::Expired;

use crate::word::Word;

/// In place of the number of those who hold on to a view: what only it needed may be overwritten.
const EXPIRED: u64 = u64::MAX;

/// A view's right to the copies that were kept for it: shared by its clones, taken back by the writer.
pub(crate) struct Lease<W = AtomicU64>(W);

impl Default for Lease {
    fn default() -> Lease {
        Lease(AtomicU64::new(0))
    }
}

impl<W: Word> Lease<W> {
    /// Ok if all that was read through the lease so far is what it was kept for.
    ///
    /// Whoever reads a word that was written over a copy finds, behind the fences, that the lease was taken back before.
    pub(crate) fn check(&self) -> Result<(), Expired> {
        W::fence(Ordering::Acquire);
        if self.0.load(Ordering::Relaxed) == EXPIRED { Err(Expired) } else { Ok(()) }
    }

    /// Takes the lease back, before anything is written over what it was for; false if somebody holds on to it.
    pub(crate) fn expire(&self) -> bool {
        let is_expired = self.0.replace(0, EXPIRED);
        W::fence(Ordering::Release);
        is_expired
    }

    /// Adds one who holds on.
    fn pin(&self) -> Result<(), Expired> {
        loop {
            let pins = self.0.load(Ordering::Relaxed);
            if pins == EXPIRED {
                return Err(Expired);
            }
            if self.0.replace(pins, pins + 1) {
                return Ok(());
            }
        }
    }

    fn unpin(&self) {
        loop {
            let pins = self.0.load(Ordering::Relaxed);
            if self.0.replace(pins, pins - 1) {
                return;
            }
        }
    }
}

/// A hold on a view: while it lives, the view does not expire.
pub struct Pin(Arc<Lease>);

impl Pin {
    pub(crate) fn of(lease: &Arc<Lease>) -> Result<Pin, Expired> {
        lease.pin()?;
        Ok(Pin(Arc::clone(lease)))
    }
}

impl Drop for Pin {
    fn drop(&mut self) {
        self.0.unpin();
    }
}

#[cfg(test)]
mod tests {
    use loom::sync::atomic as model;
    use loom::thread;

    use super::*;
    use crate::row::Stored;
    use crate::word::{HEAD_WORDS, load_at_rest, write};

    fn row(stamp: u64) -> Stored<1> {
        Stored { stamp, version: stamp, older: 0, aside: 0, words: [10 * stamp] }
    }

    /// A copy, and the lease of the view that it was kept for.
    type Kept = (Vec<model::AtomicU64>, Lease<model::AtomicU64>);

    fn kept() -> loom::sync::Arc<Kept> {
        let cells: Vec<_> = (0..=HEAD_WORDS).map(|_| model::AtomicU64::new(0)).collect();
        write(&cells, &row(1));
        loom::sync::Arc::new((cells, Lease(model::AtomicU64::new(0))))
    }

    #[test]
    fn a_copy_is_what_was_kept_or_the_view_has_expired() {
        loom::model(|| {
            let kept = kept();
            let writer = loom::sync::Arc::clone(&kept);
            let writer = thread::spawn(move || {
                let (cells, lease) = &*writer;
                assert!(lease.expire());
                write(cells, &row(2));
            });
            let read: Stored<1> = load_at_rest(&kept.0);
            if kept.1.check().is_ok() {
                assert_eq!(read, row(1));
            }
            writer.join().unwrap();
        });
    }

    #[test]
    fn what_somebody_holds_on_to_does_not_expire() {
        loom::model(|| {
            let kept = kept();
            let writer = loom::sync::Arc::clone(&kept);
            let writer = thread::spawn(move || {
                let (cells, lease) = &*writer;
                if lease.expire() {
                    write(cells, &row(2));
                }
            });
            if kept.1.pin().is_ok() {
                assert_eq!(load_at_rest::<_, 1>(&kept.0), row(1));
                assert_eq!(kept.1.check(), Ok(()));
                kept.1.unpin();
            } else {
                assert_eq!(kept.1.check(), Err(Expired));
            }
            writer.join().unwrap();
        });
    }
}
