//! Which sockets have something to do: the shard's own little scheduler.
//!
//! A task per connection costs 7-18 % more per delivery (docs/decisions/0001),
//! so the shard is one task and every socket has a waker that puts the
//! socket's slot on this list.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::task::{Context, Poll};

use futures_util::task::{ArcWake, AtomicWaker, WakerRef, waker_ref};

/// Slots of sockets that were woken, each once.
#[derive(Default)]
pub(super) struct ReadyList {
    slots: Mutex<Vec<u32>>,
    shard: AtomicWaker,
}

impl ReadyList {
    /// Moves the woken slots to `into`; pending while there are none.
    pub(super) fn poll_take(&self, cx: &mut Context<'_>, into: &mut Vec<u32>) -> Poll<()> {
        self.shard.register(cx.waker());
        let mut slots = self.slots.lock().unwrap_or_else(PoisonError::into_inner);
        if slots.is_empty() {
            return Poll::Pending;
        }
        into.append(&mut slots);
        Poll::Ready(())
    }

    fn push(&self, slot: u32) {
        self.slots.lock().unwrap_or_else(PoisonError::into_inner).push(slot);
        self.shard.wake();
    }
}

/// One socket's place in the list. A wake that comes after its socket is gone
/// finds an empty slot, or makes the next owner look once in vain.
pub(super) struct ReadySocket {
    slot: u32,
    listed: AtomicBool,
    list: Arc<ReadyList>,
}

impl ReadySocket {
    pub(super) fn new(slot: u32, list: &Arc<ReadyList>) -> Arc<ReadySocket> {
        Arc::new(ReadySocket { slot, listed: AtomicBool::new(false), list: Arc::clone(list) })
    }

    /// The socket's waker, which is not kept: that would be another pointer to
    /// this.
    pub(super) fn waker(self: &Arc<Self>) -> WakerRef<'_> {
        waker_ref(self)
    }

    /// The shard is about to look at the socket: from now on a wake counts
    /// again.
    pub(super) fn unlist(&self) {
        self.listed.store(false, Ordering::Release);
    }

    /// Puts the socket on the list, unless it is there.
    pub(super) fn list(&self) {
        if !self.listed.swap(true, Ordering::AcqRel) {
            self.list.push(self.slot);
        }
    }
}

impl ArcWake for ReadySocket {
    fn wake_by_ref(socket: &Arc<Self>) {
        socket.list();
    }
}
