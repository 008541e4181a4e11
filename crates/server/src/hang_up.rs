//! Ending an HTTP connection, whatever the HTTP server waits for.
//!
//! Actix has a deadline for the head of a connection's first request and one
//! for the time between two requests. It has none for a later head that never
//! ends, for a body that is not wanted and never ends, and for an answer that
//! nobody reads.

use std::cell::Cell;
use std::rc::Rc;
use std::task::Waker;
use std::time::Duration;

use tokio::sync::Notify;
use tokio::time::{Instant, sleep, sleep_until};

/// Time for which a connection may keep the hub waiting.
#[derive(Clone, Copy)]
pub(crate) struct HangUpTimeouts {
    /// For the answer to be written, once a handler wants the end.
    pub(crate) grace: Duration,
    /// For its peer to take a byte of what waits for it.
    pub(crate) stall: Duration,
    /// For a request to begin, its head having come.
    pub(crate) idle: Duration,
}

/// One HTTP connection, as its task, its stream and its handlers know it.
#[derive(Clone)]
pub(crate) struct HangUp(Rc<Watch>);

struct Watch {
    timeouts: HangUpTimeouts,
    asked: Notify,
    /// Something may be due before what is slept for.
    sooner: Notify,
    slept_for: Cell<Option<Instant>>,
    requests: Cell<usize>,
    /// Those among them whose answer lasts until the peer goes.
    streams: Cell<usize>,
    peer_shut: Cell<bool>,
    body_broke: Cell<bool>,
    /// Number of requests that were answered.
    answers: Cell<u64>,
    /// The task that waits for the next answer to be given.
    awaits_answer: Cell<Option<Waker>>,
    idle_since: Cell<Instant>,
    /// While a write waits for its peer.
    stall: Cell<Option<Stall>>,
    stalled: Cell<bool>,
    /// Goes up with everything that is read or written.
    moves: Cell<u64>,
    /// Bytes that the kernel had taken at the last write, in all.
    taken: Cell<u64>,
}

#[derive(Clone, Copy)]
struct Stall {
    since: Instant,
    /// Bytes that the kernel had taken then, in all.
    taken: u64,
}

/// Reason to end a connection.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum HangUpReason {
    /// A handler asked for it.
    Asked,
    /// Its peer reads nothing.
    Stalled,
    /// No request began.
    Idle,
    /// Its peer has shut its side, and what it is answered has no end.
    Gone,
}

/// A request that is being answered.
pub(crate) struct RequestGuard {
    hang_up: HangUp,
    is_stream: bool,
}

impl HangUp {
    pub(crate) fn new(timeouts: HangUpTimeouts) -> HangUp {
        HangUp(Rc::new(Watch {
            timeouts,
            asked: Notify::new(),
            sooner: Notify::new(),
            slept_for: Cell::default(),
            requests: Cell::default(),
            streams: Cell::default(),
            peer_shut: Cell::default(),
            body_broke: Cell::default(),
            answers: Cell::default(),
            awaits_answer: Cell::default(),
            idle_since: Cell::new(Instant::now()),
            stall: Cell::default(),
            stalled: Cell::default(),
            moves: Cell::default(),
            taken: Cell::default(),
        }))
    }

    /// A handler's way to end its connection soon, after the answer.
    /// `Connection: close` alone does not: actix first reads a chunked body to
    /// its end.
    pub(crate) fn ask(&self) {
        self.0.asked.notify_one();
    }

    /// A request has begun; it ends when what it gives is dropped. Who shuts
    /// its side is answered all the same, unless the answer `is_stream` and
    /// would last as long as the connection.
    pub(crate) fn begin(&self, is_stream: bool) -> RequestGuard {
        let watch = &*self.0;
        watch.requests.set(watch.requests.get() + 1);
        if is_stream {
            watch.streams.set(watch.streams.get() + 1);
            self.recheck();
        }
        RequestGuard { hang_up: self.clone(), is_stream }
    }

    /// The peer has shut its side.
    pub(crate) fn peer_shut(&self) {
        self.0.peer_shut.set(true);
        self.recheck();
    }

    /// The body of a request turned out to be none.
    pub(crate) fn body_broke(&self) {
        self.0.body_broke.set(true);
    }

    /// True if the body of a request turned out to be none.
    pub(crate) fn has_body_broken(&self) -> bool {
        self.0.body_broke.get()
    }

    /// Number of requests that were answered, to the last byte.
    pub(crate) fn answers(&self) -> u64 {
        self.0.answers.get()
    }

    /// Wakes `waker` when that is one more.
    pub(crate) fn wake_when_answered(&self, waker: &Waker) {
        self.0.awaits_answer.set(Some(waker.clone()));
    }

    /// Something was read.
    pub(crate) fn moved(&self) {
        self.0.moves.set(self.0.moves.get().wrapping_add(1));
    }

    /// A count that changes with everything that is read or written.
    pub(crate) fn moves(&self) -> u64 {
        self.0.moves.get()
    }

    /// A write is done, or `waits` for the peer; the kernel has `taken` so
    /// many bytes by now. The clock is asked only where a wait begins.
    pub(crate) fn wrote(&self, taken: u64, waits: bool, now: impl FnOnce() -> Instant) {
        let watch = &*self.0;
        // A flush of nothing is done at once, each time.
        if watch.taken.replace(taken) != taken {
            self.moved();
        }
        let before = watch.stall.get().filter(|stall| stall.taken == taken);
        if !waits {
            watch.stall.set(before);
        } else if before.is_none() {
            watch.stall.set(Some(Stall { since: now(), taken }));
            self.recheck();
        }
    }

    /// True if it is ended because its peer reads nothing.
    pub(crate) fn is_stalled(&self) -> bool {
        self.0.stalled.get()
    }

    /// Resolves when the connection has to end.
    pub(crate) async fn due(&self) -> HangUpReason {
        let watch = &*self.0;
        loop {
            let next = watch.next();
            if let Some((at, end)) = next
                && at <= Instant::now()
            {
                watch.stalled.set(end == HangUpReason::Stalled);
                return end;
            }
            let at = next.map(|(at, _)| at);
            watch.slept_for.set(at);
            tokio::select! {
                () = watch.asked.notified() => {
                    sleep(watch.timeouts.grace).await;
                    return HangUpReason::Asked;
                }
                () = watch.sooner.notified() => {}
                () = passed(at) => {}
            }
        }
    }

    /// Wakes the connection's task if it would sleep too long.
    fn recheck(&self) {
        let watch = &*self.0;
        if let Some((at, _)) = watch.next()
            && watch.slept_for.get().is_none_or(|slept_for| at < slept_for)
        {
            watch.sooner.notify_one();
        }
    }
}

impl Watch {
    /// The next deadline, as things are, and the reason to end the connection then.
    fn next(&self) -> Option<(Instant, HangUpReason)> {
        let stalled =
            self.stall.get().map(|stall| (stall.since + self.timeouts.stall, HangUpReason::Stalled));
        let is_idle = self.requests.get() == 0;
        let idle = is_idle.then(|| (self.idle_since.get() + self.timeouts.idle, HangUpReason::Idle));
        let is_gone = self.peer_shut.get() && self.streams.get() > 0;
        let gone = is_gone.then(|| (self.idle_since.get(), HangUpReason::Gone));
        [stalled, idle, gone].into_iter().flatten().min_by_key(|(at, _)| *at)
    }
}

impl Drop for RequestGuard {
    fn drop(&mut self) {
        let watch = &*self.hang_up.0;
        watch.requests.set(watch.requests.get().saturating_sub(1));
        if self.is_stream {
            watch.streams.set(watch.streams.get().saturating_sub(1));
        }
        watch.idle_since.set(Instant::now());
        watch.answers.set(watch.answers.get() + 1);
        if let Some(waker) = watch.awaits_answer.take() {
            waker.wake();
        }
        self.hang_up.recheck();
    }
}

async fn passed(at: Option<Instant>) {
    match at {
        Some(at) => sleep_until(at).await,
        None => std::future::pending().await,
    }
}

#[cfg(test)]
mod tests {
    use futures_util::FutureExt as _;

    use super::*;

    const TIMEOUTS: HangUpTimeouts = HangUpTimeouts { grace: SECOND, stall: SECOND, idle: SECOND };
    const SECOND: Duration = Duration::from_secs(1);

    /// A connection, and what is due next, in milliseconds since it began.
    struct Scene(HangUp, Instant);

    impl Scene {
        fn new() -> Scene {
            let hang_up = HangUp::new(TIMEOUTS);
            let began = hang_up.0.idle_since.get();
            Scene(hang_up, began)
        }

        fn at(&self, millis: u64) -> Instant {
            self.1 + Duration::from_millis(millis)
        }

        fn next(&self) -> Option<(u128, HangUpReason)> {
            self.0.0.next().map(|(at, end)| ((at - self.1).as_millis(), end))
        }
    }

    #[test]
    fn a_connection_ends_so_long_after_its_last_request() {
        let scene = Scene::new();
        let hang_up = &scene.0;
        assert_eq!(scene.next(), Some((1000, HangUpReason::Idle)));
        let [first, pipelined] = [hang_up.begin(false), hang_up.begin(false)];
        assert_eq!(scene.next(), None);
        drop(first);
        assert_eq!(scene.next(), None);
        drop(pipelined);
        hang_up.0.idle_since.set(scene.at(300));
        assert_eq!(scene.next(), Some((1300, HangUpReason::Idle)));
    }

    #[test]
    fn a_write_that_waits_ends_it_unless_the_kernel_takes_a_byte() {
        let scene = Scene::new();
        let hang_up = &scene.0;
        let _request = hang_up.begin(false);
        hang_up.wrote(5, false, || unreachable!("nothing waits"));
        assert_eq!(scene.next(), None);
        hang_up.wrote(5, true, || scene.at(100));
        assert_eq!(scene.next(), Some((1100, HangUpReason::Stalled)));
        hang_up.wrote(5, true, || scene.at(200));
        // TLS has taken something, and the kernel has not.
        hang_up.wrote(5, false, || scene.at(300));
        assert_eq!(scene.next(), Some((1100, HangUpReason::Stalled)));
        hang_up.wrote(6, true, || scene.at(400));
        assert_eq!(scene.next(), Some((1400, HangUpReason::Stalled)));
        hang_up.wrote(7, false, || scene.at(500));
        assert_eq!(scene.next(), None);
    }

    #[test]
    fn a_peer_that_shuts_its_side_is_answered_unless_the_answer_is_a_stream() {
        let scene = Scene::new();
        let hang_up = &scene.0;
        let request = hang_up.begin(false);
        hang_up.peer_shut();
        assert_eq!(scene.next(), None);
        let stream = hang_up.begin(true);
        assert_eq!(scene.next(), Some((0, HangUpReason::Gone)));
        drop(stream);
        assert_eq!(scene.next(), None);
        drop(request);
    }

    #[test]
    fn only_what_is_due_sooner_than_what_is_slept_for_wakes_the_task() {
        let scene = Scene::new();
        let hang_up = &scene.0;
        let woken = || hang_up.0.sooner.notified().now_or_never().is_some();
        hang_up.0.slept_for.set(Some(scene.at(1000)));
        let request = hang_up.begin(false);
        hang_up.wrote(0, true, || scene.at(500));
        assert!(!woken());
        hang_up.0.slept_for.set(Some(scene.at(2000)));
        hang_up.wrote(1, true, || scene.at(600));
        assert!(woken());
        hang_up.0.slept_for.set(None);
        drop(request);
        assert!(woken());
    }
}
