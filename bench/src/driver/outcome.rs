//! Results of a driver's run.

use std::fs;
use std::io;
use std::time::{Duration, Instant};

use crate::latency::Latencies;
use crate::process::{cpu_time, rss_bytes};

/// Counts of all receivers together.
#[derive(Default)]
pub(super) struct Counts {
    /// Messages of those that publications have to reach.
    pub(super) messages: u64,
    /// Bytes as they were on the wire.
    pub(super) bytes: u64,
    /// Bytes of messages, less the headers of WebSocket frames.
    pub(super) payload: u64,
    pub(super) reads: u64,
    /// Publications on their way when the last had been sent.
    pub(super) backlog: u64,
    latencies: Latencies,
}

impl Counts {
    pub(super) fn delivered(&mut self, nanos: u64) {
        self.latencies.record(nanos);
    }
}

/// CPU time and memory so far, of server, client and all.
pub(super) struct Usage {
    at: Instant,
    server: Duration,
    client: Duration,
    machine: Duration,
    server_rss: u64,
}

/// Ticks of `/proc/stat` per second.
const TICKS: u64 = 100;

impl Usage {
    pub(super) fn now(server: u32) -> io::Result<Usage> {
        Ok(Usage {
            at: Instant::now(),
            server: cpu_time(server)?,
            client: cpu_time(std::process::id())?,
            machine: machine_time(&fs::read_to_string("/proc/stat")?),
            server_rss: rss_bytes(server)?,
        })
    }

    pub(super) fn since(self, before: &Usage) -> Spent {
        Spent {
            wall: self.at - before.at,
            server: self.server.saturating_sub(before.server),
            client: self.client.saturating_sub(before.client),
            machine: self.machine.saturating_sub(before.machine),
            server_growth: self.server_rss as f64 - before.server_rss as f64,
        }
    }
}

/// CPU time and memory that was spent.
pub(super) struct Spent {
    wall: Duration,
    server: Duration,
    client: Duration,
    machine: Duration,
    server_growth: f64,
}

/// Time for which the machine's processors were busy.
fn machine_time(stat: &str) -> Duration {
    let fields = stat.lines().next().unwrap_or_default().split_whitespace().skip(1);
    let busy = fields.take(8).enumerate().filter(|(at, _)| !matches!(at, 3 | 4));
    let ticks: u64 = busy.filter_map(|(_, field)| field.parse::<u64>().ok()).sum();
    Duration::from_millis(ticks * 1000 / TICKS)
}

/// Results of a run.
#[derive(Clone, Default)]
pub struct Outcome {
    /// Publications.
    pub publications: u64,
    /// Messages that were received.
    pub messages: u64,
    /// Of them per second.
    pub per_second: f64,
    /// Microseconds of the server's CPU time per message.
    pub cpu_us: f64,
    /// Bytes on the wire per message.
    pub bytes: f64,
    /// Bytes of a message itself.
    pub payload: f64,
    /// Messages that one read brought, on average.
    pub per_read: f64,
    /// Per cent of a core that the server used.
    pub server_percent: f64,
    /// The client.
    pub client_percent: f64,
    /// All others together.
    pub others_percent: f64,
    /// Growth of the server's resident memory in bytes.
    pub growth: f64,
    /// Publications on their way when the last had been sent.
    pub backlog: u64,
    /// Time from the last publication until everybody had everything.
    pub drained: Duration,
    /// Receivers that were closed because they lagged.
    pub closed: usize,
    /// From when a publication was to be sent to when a receiver had it.
    pub latencies: Latencies,
}

impl Outcome {
    pub(super) fn new(counts: Counts, spent: &Spent, publications: u64, time: Duration) -> Outcome {
        let (messages, wall) = (counts.messages.max(1) as f64, spent.wall.as_secs_f64());
        let percent = |time: Duration| time.as_secs_f64() / wall * 100.0;
        let others = spent.machine.saturating_sub(spent.server + spent.client);
        Outcome {
            publications,
            messages: counts.messages,
            per_second: messages / wall,
            cpu_us: spent.server.as_secs_f64() * 1e6 / messages,
            bytes: counts.bytes as f64 / messages,
            payload: counts.payload as f64 / messages,
            per_read: messages / counts.reads.max(1) as f64,
            server_percent: percent(spent.server),
            client_percent: percent(spent.client),
            others_percent: percent(others),
            growth: spent.server_growth,
            backlog: counts.backlog,
            drained: spent.wall.saturating_sub(time),
            closed: 0,
            latencies: counts.latencies,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn waiting_is_no_work() {
        let stat = "cpu  100 10 50 4000 300 5 5 30 7 0\ncpu0 1 1 1 1\n";
        assert_eq!(machine_time(stat), Duration::from_secs(2));
    }
}
