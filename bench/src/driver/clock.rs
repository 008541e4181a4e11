//! Time of a driver, by which it is woken to the microsecond, and the stall
//! that shows whether it is measured as time.

use std::io;
use std::time::{Duration, Instant};

use rustix::fd::OwnedFd;
use rustix::process::{Pid, Signal, kill_process};
use rustix::time::{
    Itimerspec, TimerfdClockId, TimerfdFlags, TimerfdTimerFlags, Timespec, timerfd_create, timerfd_settime,
};

/// Nanoseconds since it was made.
pub(super) struct Clock {
    origin: Instant,
    /// Readable when it is time.
    pub(super) timer: OwnedFd,
    /// For when it is set.
    set: u64,
}

impl Clock {
    pub(super) fn new() -> io::Result<Clock> {
        let timer =
            timerfd_create(TimerfdClockId::Monotonic, TimerfdFlags::NONBLOCK | TimerfdFlags::CLOEXEC)?;
        Ok(Clock { origin: Instant::now(), timer, set: 0 })
    }

    pub(super) fn now(&self) -> u64 {
        self.origin.elapsed().as_nanos() as u64
    }

    /// Sets the timer, unless it is set for then.
    pub(super) fn wake_at(&mut self, at: u64) -> io::Result<()> {
        if self.set == at {
            return Ok(());
        }
        self.set = at;
        // Zero would switch it off.
        let left = at.saturating_sub(self.now()).max(1);
        let zero = Timespec { tv_sec: 0, tv_nsec: 0 };
        let it_value = Timespec {
            tv_sec: (left / 1_000_000_000).cast_signed(),
            tv_nsec: (left % 1_000_000_000).cast_signed(),
        };
        timerfd_settime(
            &self.timer,
            TimerfdTimerFlags::empty(),
            &Itimerspec { it_interval: zero, it_value },
        )?;
        Ok(())
    }

    /// Notes that it has rung; the next setting of it makes it silent.
    pub(super) fn woken(&mut self) {
        self.set = 0;
    }
}

/// A time for which a process stands still.
pub(super) struct Stall {
    pid: Option<Pid>,
    from: u64,
    to: u64,
    is_stopped: bool,
}

impl Stall {
    pub(super) fn new(pid: u32, from: u64, time: Duration) -> Stall {
        let pid = i32::try_from(pid).ok().and_then(Pid::from_raw);
        Stall { pid, from, to: from + time.as_nanos() as u64, is_stopped: false }
    }

    /// Does what is due; when there is more to do.
    pub(super) fn step(&mut self, now: u64) -> io::Result<u64> {
        if now >= self.to {
            self.go_on()?;
            return Ok(u64::MAX);
        }
        if now < self.from {
            return Ok(self.from);
        }
        if let Some(pid) = self.pid.filter(|_| !self.is_stopped) {
            kill_process(pid, Signal::STOP)?;
            self.is_stopped = true;
        }
        Ok(self.to)
    }

    fn go_on(&mut self) -> io::Result<()> {
        if let Some(pid) = self.pid.filter(|_| std::mem::take(&mut self.is_stopped)) {
            kill_process(pid, Signal::CONT)?;
        }
        Ok(())
    }
}

impl Drop for Stall {
    fn drop(&mut self) {
        // A process that is gone can't go on.
        let _ = self.go_on();
    }
}
