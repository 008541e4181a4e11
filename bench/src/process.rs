//! Resources that a process has used, from `/proc`.

use std::fs;
use std::time::Duration;

/// CPU time of all threads of a process, user and system, to the nanosecond.
/// Threads that have ended are not in it: the servers measured here keep
/// theirs.
pub fn cpu_time(pid: u32) -> std::io::Result<Duration> {
    let mut nanos = 0;
    for task in fs::read_dir(format!("/proc/{pid}/task"))? {
        let schedstat = fs::read_to_string(task?.path().join("schedstat"))?;
        nanos += schedstat.split(' ').next().and_then(|on_cpu| on_cpu.parse::<u64>().ok()).unwrap_or(0);
    }
    Ok(Duration::from_nanos(nanos))
}

/// Resident memory in bytes.
pub fn rss_bytes(pid: u32) -> std::io::Result<u64> {
    let status = fs::read_to_string(format!("/proc/{pid}/status"))?;
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:")).unwrap_or("0 kB");
    let kib: u64 = line.trim().trim_end_matches(" kB").trim().parse().unwrap_or(0);
    Ok(kib * 1024)
}
