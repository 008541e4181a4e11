//! The client of a measurement: one thread that publishes and is all
//! receivers, each message looked at as it comes.
//!
//! In open loop a publication has the time at which it was to be sent,
//! whatever the server did meanwhile, and its latency counts from there.

mod clock;
mod inbox;
mod lanes;
mod outcome;
mod publisher;
mod receiver;

use std::io;
use std::net::SocketAddr;
use std::os::fd::AsRawFd as _;
use std::time::Duration;

use anyhow::{Context as _, bail, ensure};
use mio::unix::SourceFd;
use mio::{Events, Interest, Poll, Token};

use crate::opening::Opening;
use crate::stamp::Stamp;
use clock::Clock;
use inbox::Inbox;
pub use inbox::Mark;
use lanes::Lanes;
pub use outcome::Outcome;
use outcome::{Counts, Usage};
use publisher::Publisher;
pub use receiver::Pace;
use receiver::Receiver;

/// Time for which nothing at all may come while something is awaited.
const PATIENCE: u64 = 30_000_000_000;

/// The same where messages are counted, and one may have overtaken another.
const PATIENCE_COUNTED: u64 = 1_000_000_000;

/// Bytes that are read at once.
const BUFFER_BYTES: usize = 256 << 10;

/// Nanoseconds between two looks at slow readers.
const SLOW_STEP: u64 = 10_000_000;

/// Steps that are made up for at most.
const SLOW_STEPS_MAX: u64 = 20;

/// Sockets that are read in one turn.
const EVENTS: usize = 1024;

/// Nanoseconds for which a stall has begun when a publication is due.
const STALL_AHEAD: u64 = 1_000_000;

const TIMER: Token = Token(usize::MAX - 1);
const PUBLISHERS: usize = usize::MAX / 2;

/// Source of what is published.
pub trait Publications {
    /// Path and body of the publication with this stamp.
    fn next(&mut self, stamp: Stamp) -> (&str, &[u8]);
}

/// Rhythm of publications.
#[derive(Clone, Copy, PartialEq, Debug)]
pub enum Drive {
    /// So many per second, whatever the server does.
    Open(f64),
    /// So many outstanding: the next one goes out when one has reached everybody.
    Closed(usize),
}

impl Drive {
    /// Time at which the first publication after so many nanoseconds is due.
    fn due_after(self, nanos: u64) -> u64 {
        match self {
            Drive::Open(per_second) => nanos.next_multiple_of(interval(per_second)),
            Drive::Closed(_) => nanos,
        }
    }
}

/// Nanoseconds from one publication to the next.
fn interval(per_second: f64) -> u64 {
    ((1e9 / per_second) as u64).max(1)
}

/// Addresses of a server under test.
#[derive(Clone, Copy, Debug)]
pub struct Doors {
    /// Receivers connect here.
    pub sockets: SocketAddr,
    /// Publications are posted here.
    pub publish: SocketAddr,
    /// Its process.
    pub pid: u32,
}

/// The client.
pub struct Driver {
    doors: Doors,
    poll: Poll,
    events: Events,
    clock: Clock,
    receivers: Vec<Receiver>,
    /// Receivers that a publication has to reach.
    awaited: usize,
    publishers: Vec<Publisher>,
    publications: Box<dyn Publications>,
    inbox: Inbox,
    buffer: Vec<u8>,
    slow_due: u64,
}

impl Driver {
    /// A client with as many publishers as wanted, each with a lane to every topic.
    pub fn new(
        doors: Doors,
        topics: usize,
        publishers: usize,
        mark: Mark,
        publications: Box<dyn Publications>,
    ) -> anyhow::Result<Driver> {
        let poll = Poll::new()?;
        let clock = Clock::new()?;
        poll.registry().register(&mut SourceFd(&clock.timer.as_raw_fd()), TIMER, Interest::READABLE)?;
        let lanes = Lanes::new(topics * publishers);
        let mut driver = Driver {
            doors,
            poll,
            events: Events::with_capacity(EVENTS),
            clock,
            receivers: Vec::new(),
            awaited: 0,
            publishers: Vec::new(),
            publications,
            inbox: Inbox { mark, lanes, counts: Counts::default(), fault: None },
            buffer: vec![0; BUFFER_BYTES],
            slow_due: 0,
        };
        driver.connect_publishers(publishers)?;
        Ok(driver)
    }

    /// Connects anew what publishes: a server ends what idles for long.
    fn connect_publishers(&mut self, count: usize) -> anyhow::Result<()> {
        self.publishers.clear();
        for index in 0..count {
            let mut publisher = Publisher::connect(self.doors.publish).context("the door that publishes")?;
            let interest = Interest::READABLE | Interest::WRITABLE;
            self.poll.registry().register(&mut publisher.stream, Token(PUBLISHERS + index), interest)?;
            self.publishers.push(publisher);
        }
        Ok(())
    }

    /// Connects further receivers, each by its own opening.
    pub fn connect(
        &mut self,
        count: usize,
        pace: Pace,
        opening: &dyn Fn(usize) -> Opening,
    ) -> anyhow::Result<()> {
        for _ in 0..count {
            let index = self.receivers.len();
            let due = self.inbox.lanes.due();
            let opened =
                Receiver::open(self.doors.sockets, &opening(index), pace, due, self.inbox.mark.bytes());
            let (mut receiver, came) = opened.with_context(|| format!("receiver {index}"))?;
            if pace == Pace::Ready {
                self.poll.registry().register(&mut receiver.stream, Token(index), Interest::READABLE)?;
                self.awaited += 1;
            }
            self.inbox.take(&mut receiver, &came, 0);
            self.receivers.push(receiver);
        }
        if self.inbox.mark == Mark::Count { self.rest() } else { Ok(()) }
    }

    /// Takes what comes until nothing has come for long, while nothing is published: receivers that only count have what
    /// they begin with before the first publication.
    fn rest(&mut self) -> anyhow::Result<()> {
        let mut read = None;
        while read != Some(self.inbox.counts.reads) {
            read = Some(self.inbox.counts.reads);
            let until = self.clock.now() + PATIENCE_COUNTED;
            while self.clock.now() < until {
                self.turn(until)?;
            }
        }
        Ok(())
    }

    /// Publishes so many, each when everybody has the one before.
    pub fn deliver(&mut self, count: usize) -> anyhow::Result<()> {
        self.connect_publishers(self.publishers.len())?;
        for _ in 0..count {
            self.publish(self.clock.now());
            self.drain()?;
        }
        Ok(())
    }

    /// Publishes in a rhythm for a time, and waits until everybody has everything. The server may stand still within,
    /// for `stall`, from just before a publication after a third of the time.
    pub fn run(&mut self, drive: Drive, time: Duration, stall: Option<Duration>) -> anyhow::Result<Outcome> {
        self.connect_publishers(self.publishers.len())?;
        self.inbox.counts = Counts::default();
        let published = self.inbox.lanes.published;
        let before = Usage::now(self.doors.pid)?;
        let start = self.clock.now();
        let end = start + time.as_nanos() as u64;
        let mut stall = stall.map(|stall| {
            let from = drive.due_after((end - start) / 3).saturating_sub(STALL_AHEAD);
            clock::Stall::new(self.doors.pid, start + from, stall)
        });
        let mut due = start;
        loop {
            let now = self.clock.now();
            if now >= end {
                break;
            }
            let mut wake = end;
            match drive {
                Drive::Open(per_second) => {
                    while due <= now {
                        self.publish(due);
                        due += interval(per_second);
                    }
                    wake = wake.min(due);
                }
                Drive::Closed(outstanding) => {
                    while self.inbox.lanes.outstanding < outstanding {
                        self.publish(now);
                    }
                }
            }
            if let Some(stall) = &mut stall {
                wake = wake.min(stall.step(now)?);
            }
            self.turn(wake)?;
        }
        drop(stall);
        self.inbox.counts.backlog = self.inbox.lanes.outstanding as u64;
        self.drain()?;
        let published = self.inbox.lanes.published - published;
        let usage = Usage::now(self.doors.pid)?.since(&before);
        let counts = std::mem::take(&mut self.inbox.counts);
        Ok(Outcome::new(counts, &usage, published, time))
    }

    fn publish(&mut self, intended: u64) {
        let (lane, ordinal) = self.inbox.lanes.publish(intended, self.awaited);
        let (path, body) = self.publications.next(Stamp { lane, ordinal });
        let publisher = lane % self.publishers.len();
        self.publishers[publisher].post(path, body);
    }

    /// Waits until everybody has everything; not for ever.
    fn drain(&mut self) -> anyhow::Result<()> {
        let is_counted = self.inbox.mark == Mark::Count;
        let patience = if is_counted { PATIENCE_COUNTED } else { PATIENCE };
        let (mut until, mut messages) = (self.clock.now() + patience, self.inbox.counts.messages);
        while self.inbox.lanes.outstanding > 0 || self.publishers.iter().any(Publisher::is_waiting) {
            if self.clock.now() >= until {
                let is_quiet = self.inbox.counts.messages == messages;
                if is_quiet && is_counted {
                    self.settle();
                    break;
                }
                let outstanding = self.inbox.lanes.outstanding;
                ensure!(!is_quiet, "{outstanding} publications never reached everybody");
                (until, messages) = (self.clock.now() + patience, self.inbox.counts.messages);
            }
            self.turn(until)?;
        }
        Ok(())
    }

    /// Takes what is missing for overtaken by what came: messages that are only counted don't tell.
    fn settle(&mut self) {
        self.inbox.lanes.settle();
        let due = self.inbox.lanes.due();
        for receiver in &mut self.receivers {
            receiver.due.clone_from(&due);
        }
    }

    /// Sends what is to be sent, and takes what comes until `wake`.
    fn turn(&mut self, wake: u64) -> anyhow::Result<()> {
        for publisher in &mut self.publishers {
            publisher.flush()?;
        }
        self.clock.wake_at(wake.min(self.slow_due_or(wake)))?;
        let mut events = std::mem::replace(&mut self.events, Events::with_capacity(0));
        match self.poll.poll(&mut events, None) {
            Err(error) if error.kind() == io::ErrorKind::Interrupted => events.clear(),
            polled => polled?,
        }
        for event in &events {
            match event.token() {
                TIMER => self.clock.woken(),
                Token(token) if token >= PUBLISHERS => {
                    self.publishers[token - PUBLISHERS].read(&mut self.buffer)?;
                }
                Token(token) => self.receive(token),
            }
        }
        self.events = events;
        self.read_slow();
        match self.inbox.fault.take() {
            Some(fault) => bail!("{fault}"),
            None => Ok(()),
        }
    }

    fn receive(&mut self, token: usize) {
        let receiver = &mut self.receivers[token];
        loop {
            match receiver.read(&mut self.buffer) {
                None => return,
                Some(0) => {
                    self.inbox.fault = Some(format!("receiver {token} was closed"));
                    return;
                }
                Some(count) => {
                    self.inbox.take(receiver, &self.buffer[..count], self.clock.now());
                    // What did not fill the buffer was all there was: whatever comes later is another event.
                    if count < self.buffer.len() {
                        return;
                    }
                }
            }
        }
    }

    fn slow_due_or(&self, otherwise: u64) -> u64 {
        let is_slow = |receiver: &Receiver| matches!(receiver.pace, Pace::Slow(_));
        if self.receivers.last().is_some_and(is_slow) { self.slow_due } else { otherwise }
    }

    /// Reads of the slow ones, which are the last, what their pace allows.
    fn read_slow(&mut self) {
        let now = self.clock.now();
        if now < self.slow_due {
            return;
        }
        // A turn may have been long; of what was missed before any came, nothing is made up for.
        let elapsed = (now + SLOW_STEP - self.slow_due).min(SLOW_STEPS_MAX * SLOW_STEP);
        self.slow_due = now + SLOW_STEP;
        for receiver in self.receivers.iter_mut().rev() {
            let Pace::Slow(per_second) = receiver.pace else { return };
            let allowed = (per_second as u64 * elapsed / 1_000_000_000) as usize;
            match receiver.read(&mut self.buffer[..allowed.min(BUFFER_BYTES)]) {
                Some(0) => receiver.is_open = false,
                Some(count) => self.inbox.take(receiver, &self.buffer[..count], now),
                None => {}
            }
        }
    }

    /// Number of slow and stalled receivers that the server has closed. They are given up: what they had not read is
    /// thrown away.
    pub fn closed(&mut self) -> usize {
        let mut closed = 0;
        for receiver in self.receivers.iter_mut().filter(|receiver| receiver.pace != Pace::Ready) {
            receiver.pace = Pace::Stalled;
            while receiver.is_open {
                match receiver.read(&mut self.buffer) {
                    Some(0) => receiver.is_open = false,
                    Some(_) => {}
                    None => break,
                }
            }
            closed += usize::from(!receiver.is_open);
        }
        closed
    }
}
