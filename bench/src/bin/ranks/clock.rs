//! Time of the processor: others' turns on a shared machine are not in it.

use rustix::time::{ClockId, clock_gettime};

/// Microseconds that this thread has computed for.
pub(crate) fn cpu_micros() -> f64 {
    let now = clock_gettime(ClockId::ThreadCPUTime);
    now.tv_sec as f64 * 1e6 + now.tv_nsec as f64 / 1e3
}
