//! Resources that a process uses, from `/proc` (proc(5)).

use std::time::Duration;

use crate::error::excerpt;
use crate::{Error, Result};

/// Clock ticks of `/proc` per second: `USER_HZ`, 100 on every Linux that Rust has a standard library for.
const TICKS_PER_SECOND: u64 = 100;

/// Resident memory in bytes.
pub(crate) fn rss_bytes(pid: u32) -> Result<u64> {
    let status = read(pid, "status")?;
    let kib = status
        .lines()
        .find_map(|line| line.strip_prefix("VmRSS:"))
        .and_then(|value| value.trim().strip_suffix("kB"))
        .and_then(|value| value.trim().parse::<u64>().ok());
    kib.and_then(|kib| kib.checked_mul(1024))
        .ok_or_else(|| Error::unexpected("VmRSS", excerpt(status.as_bytes())))
}

/// Time on a CPU so far, in the program and in the kernel for it, all threads.
pub(crate) fn cpu_time(pid: u32) -> Result<Duration> {
    let stat = read(pid, "stat")?;
    // The second field is the program's name in brackets, and may hold blanks; utime and stime are the
    // fields 14 and 15, so 12 and 13 after it.
    let mut after_name = stat.rsplit(')').next().unwrap_or_default().split_whitespace().skip(11);
    let mut ticks = || after_name.next()?.parse::<u64>().ok();
    let total = ticks().and_then(|user| user.checked_add(ticks()?));
    total
        .map(|ticks| Duration::from_millis(ticks.saturating_mul(1000 / TICKS_PER_SECOND)))
        .ok_or_else(|| Error::unexpected("utime and stime", excerpt(stat.as_bytes())))
}

/// File descriptors, sockets among them.
pub(crate) fn open_files(pid: u32) -> Result<usize> {
    let path = format!("/proc/{pid}/fd");
    let entries = std::fs::read_dir(&path).map_err(Error::io(path))?;
    Ok(entries.count())
}

fn read(pid: u32, file: &str) -> Result<String> {
    let path = format!("/proc/{pid}/{file}");
    std::fs::read_to_string(&path).map_err(Error::io(path))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn cpu_time_grows_with_work() {
        let pid = std::process::id();
        let before = cpu_time(pid).unwrap();
        let used = crate::wait::until(Duration::from_secs(30), "20 ms of work", || {
            std::hint::black_box((0..1_000_000_u64).fold(0, |sum, n| sum ^ std::hint::black_box(n)));
            cpu_time(pid).ok()?.checked_sub(before).filter(|used| *used >= Duration::from_millis(20))
        });
        assert!(used.is_ok());
    }
}
