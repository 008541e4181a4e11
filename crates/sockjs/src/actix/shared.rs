//! A session that several threads use: one lock, held for no longer than a
//! step of the state machine takes, and who is to be woken after it.

use std::sync::{Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll, Waker};
use std::time::Instant;

use crate::session::{Changes, Session};

/// The one clock of sessions.
#[allow(clippy::disallowed_methods, reason = "the side that does I/O")]
pub(super) fn now() -> Instant {
    Instant::now()
}

/// Waiter for a session.
#[derive(Clone, Copy)]
pub(super) enum Party {
    /// A response, for frames.
    Receiver,
    /// The application, for messages.
    Reader,
    /// The application, for room.
    Writer,
    /// A request that sends, for room.
    Sender,
}

/// A session and who waits for it: one of each kind, the last that came.
pub(super) struct Shared {
    state: Mutex<State>,
}

struct State {
    session: Session,
    wakers: [Option<Waker>; 4],
    /// A request that sends waits for room; others are refused meanwhile, so
    /// that order is kept.
    sender_waits: bool,
}

impl Shared {
    pub(super) fn new(session: Session) -> Shared {
        Shared { state: Mutex::new(State { session, wakers: Default::default(), sender_waits: false }) }
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        // No step of the state machine leaves it half done.
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Does a step, and wakes whom it concerns.
    pub(super) fn with<R>(&self, step: impl FnOnce(&mut Session) -> R) -> R {
        let mut state = self.lock();
        let result = step(&mut state.session);
        wake(state);
        result
    }

    /// Does a step that may have to wait, for one of each kind at a time.
    pub(super) fn poll<R>(
        &self,
        party: Party,
        cx: &mut Context<'_>,
        step: impl FnOnce(&mut Session) -> Poll<R>,
    ) -> Poll<R> {
        let mut state = self.lock();
        let result = step(&mut state.session);
        if result.is_pending() {
            state.register(party, cx);
        }
        wake(state);
        result
    }

    /// Brings messages in; `Ready(false)`: another request waits already.
    /// `messages` are gone when they are taken; `waits` says whether this
    /// request is the one that waits and is to be passed to
    /// [`Shared::stop_waiting`] at the end.
    pub(super) fn poll_offer(
        &self,
        cx: &mut Context<'_>,
        messages: &mut Vec<String>,
        waits: &mut bool,
    ) -> Poll<bool> {
        let mut state = self.lock();
        if state.sender_waits && !*waits {
            return Poll::Ready(false);
        }
        let result = match state.session.offer(std::mem::take(messages)) {
            Ok(()) => Poll::Ready(true),
            Err(refused) => {
                *messages = refused;
                state.register(Party::Sender, cx);
                Poll::Pending
            }
        };
        *waits = result.is_pending();
        state.sender_waits = *waits;
        wake(state);
        result
    }

    /// The request that waited is gone.
    pub(super) fn stop_waiting(&self) {
        self.lock().sender_waits = false;
    }
}

impl State {
    fn register(&mut self, party: Party, cx: &mut Context<'_>) {
        match &mut self.wakers[party as usize] {
            Some(waker) => waker.clone_from(cx.waker()),
            none => *none = Some(cx.waker().clone()),
        }
    }
}

/// Wakes whom changes concern, once the lock is free.
fn wake(mut state: MutexGuard<'_, State>) {
    let Changes { outbound, outbound_room, inbound, inbound_room } = state.session.take_changes();
    let changed = [outbound, inbound, outbound_room, inbound_room];
    let mut woken: [Option<Waker>; 4] = Default::default();
    for ((waker, changed), woken) in state.wakers.iter_mut().zip(changed).zip(&mut woken) {
        if changed {
            *woken = waker.take();
        }
    }
    drop(state);
    woken.into_iter().flatten().for_each(Waker::wake);
}
