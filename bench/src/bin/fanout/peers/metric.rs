//! Values of a reading, as tables have them.

use hub_bench::driver::Outcome;
use hub_bench::latency::PUBLICATIONS_FOR_P999;

/// A value of a reading.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Metric {
    /// Server's CPU per delivery.
    Cpu,
    /// The same, less what publications cost without their viewers.
    CpuNet,
    /// Server's CPU per row of a delivery.
    CpuPerRow,
    /// Median latency.
    P50,
    /// Latency of 99 %.
    P99,
    /// Latency of 99.9 %.
    P999,
    /// Deliveries per second.
    PerSecond,
    /// Bytes on the wire per delivery.
    Bytes,
    /// Deliveries that one read brings.
    PerRead,
    /// Publications on their way when the last had been sent.
    Backlog,
    /// Time until they had arrived.
    Drained,
    /// Growth of the server's memory.
    Growth,
    /// Receivers that it closed because they lagged.
    Closed,
    /// Client's CPU.
    Client,
    /// CPU of all other processes.
    Others,
}

impl Metric {
    /// Heading of its column.
    pub(super) fn heading(self) -> &'static str {
        match self {
            Metric::Cpu => "us CPU",
            Metric::CpuNet => "us CPU without ingest",
            Metric::CpuPerRow => "us CPU per row",
            Metric::P50 => "p50 ms",
            Metric::P99 => "p99 ms",
            Metric::P999 => "p99.9 ms",
            Metric::PerSecond => "k/s",
            Metric::Bytes => "bytes",
            Metric::PerRead => "per read",
            Metric::Backlog => "backlog",
            Metric::Drained => "drained s",
            Metric::Growth => "growth MiB",
            Metric::Closed => "closed",
            Metric::Client => "client %",
            Metric::Others => "others %",
        }
    }

    /// True for a time that a stall has to show in.
    pub(super) fn is_latency(self) -> bool {
        matches!(self, Metric::P50 | Metric::P99 | Metric::P999)
    }

    /// Value of an outcome by itself; `None`: there is too little to tell.
    pub(super) fn of(self, outcome: &Outcome) -> Option<f64> {
        Some(match self {
            Metric::Cpu => outcome.cpu_us,
            Metric::CpuNet | Metric::CpuPerRow => return None,
            Metric::P50 => outcome.latencies.quantile_ms(0.5),
            Metric::P99 => outcome.latencies.quantile_ms(0.99),
            Metric::P999 if outcome.publications < PUBLICATIONS_FOR_P999 => return None,
            Metric::P999 => outcome.latencies.quantile_ms(0.999),
            Metric::PerSecond => outcome.per_second / 1000.0,
            Metric::Bytes => outcome.bytes,
            Metric::PerRead => outcome.per_read,
            Metric::Backlog => outcome.backlog as f64,
            Metric::Drained => outcome.drained.as_secs_f64(),
            Metric::Growth => outcome.growth / f64::from(1 << 20),
            Metric::Closed => outcome.closed as f64,
            Metric::Client => outcome.client_percent,
            Metric::Others => outcome.others_percent,
        })
    }
}
