//! The host: processors, memory, disk, network. Not logged; every process
//! tells of its own.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::mpsc::{Receiver, RecvTimeoutError, SyncSender, sync_channel};
use std::thread;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use hub_core::Timestamp;
use hub_fanout::{Latest, Snapshot};
use schemars::JsonSchema;
use serde::{Serialize, Serializer};
use sysinfo::{CpuRefreshKind, DiskRefreshKind, Disks, MemoryRefreshKind, Networks, System};

/// Interval of samples, at which the document is sent, too.
const PERIOD: Duration = Duration::from_secs(2);
/// From the first look to the first sample: the processors' use is what they
/// did in between.
const FIRST: Duration = Duration::from_millis(250);

/// `SystemMetrics` of the frontend's guide. Percentages are 0 to 100.
#[derive(Clone, PartialEq, Debug, Serialize, JsonSchema)]
pub struct SystemMetrics {
    /// The time of the measurement, ISO-8601.
    #[serde(serialize_with = "as_text")]
    #[schemars(with = "String")]
    pub timestamp: Timestamp,
    /// Processors.
    pub cpu: Cpu,
    /// Memory, in bytes.
    pub memory: Space,
    /// The file system of the working directory, in bytes.
    pub disk: Space,
    /// All interfaces but loopback (that, too, where there is no other).
    pub network: Network,
}

/// All processors together.
#[derive(Clone, PartialEq, Debug, Serialize, JsonSchema)]
pub struct Cpu {
    /// Since the sample before, percent.
    pub usage: f64,
    /// Their number.
    pub cores: usize,
}

/// Something that can be full.
#[derive(Clone, PartialEq, Debug, Serialize, JsonSchema)]
pub struct Space {
    /// In bytes.
    pub used: u64,
    /// In bytes.
    pub total: u64,
    /// Of total, percent.
    pub percentage: f64,
}

/// Counters since boot, in bytes.
#[derive(Clone, PartialEq, Debug, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct Network {
    /// Received.
    pub bytes_in: u64,
    /// Sent.
    pub bytes_out: u64,
}

#[allow(clippy::trivially_copy_pass_by_ref, reason = "serde hands out a reference")]
fn as_text<S: Serializer>(time: &Timestamp, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.collect_str(time)
}

impl Space {
    fn new(used: u64, total: u64) -> Space {
        Space { used, total, percentage: two_places(100.0 * used as f64 / total.max(1) as f64) }
    }
}

fn two_places(percent: f64) -> f64 {
    (percent.clamp(0.0, 100.0) * 100.0).round() / 100.0
}

/// The host's metrics, measured periodically by a thread that ends with this.
pub struct HostMetrics {
    period: Duration,
    latest: Arc<Latest<Option<SystemMetrics>>>,
    /// Dropped with this, which wakes and ends the thread.
    _ends: SyncSender<()>,
}

impl HostMetrics {
    /// Starts to measure; the first sample is there a quarter of a second
    /// later.
    pub fn start() -> std::io::Result<HostMetrics> {
        HostMetrics::start_every(PERIOD)
    }

    fn start_every(period: Duration) -> std::io::Result<HostMetrics> {
        let latest = Arc::new(Latest::new(None));
        let (ends, ended) = sync_channel(0);
        let to = Arc::clone(&latest);
        thread::Builder::new().name("host-metrics".into()).spawn(move || run(&to, &ended, period))?;
        Ok(HostMetrics { period, latest, _ends: ends })
    }

    /// Interval of samples, in milliseconds.
    pub fn period_ms(&self) -> u64 {
        u64::try_from(self.period.as_millis()).unwrap_or(u64::MAX)
    }

    /// The newest sample, once there is one.
    pub fn latest(&self) -> Snapshot<Option<SystemMetrics>> {
        self.latest.get()
    }
}

fn run(to: &Latest<Option<SystemMetrics>>, ended: &Receiver<()>, period: Duration) {
    let mut sampler = Sampler::new();
    let mut pause = FIRST;
    while ended.recv_timeout(pause) == Err(RecvTimeoutError::Timeout) {
        to.set(Some(sampler.sample(now())));
        pause = period;
    }
}

/// The wall clock.
pub(crate) fn now() -> Timestamp {
    Timestamp::since_1970(SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default())
}

/// Measures.
struct Sampler {
    system: System,
    disks: Disks,
    networks: Networks,
    directory: PathBuf,
}

impl Sampler {
    fn new() -> Sampler {
        let mut system = System::new();
        system.refresh_cpu_specifics(CpuRefreshKind::nothing().with_cpu_usage());
        let directory = std::env::current_dir().and_then(|path| path.canonicalize());
        Sampler {
            system,
            disks: Disks::new_with_refreshed_list_specifics(DiskRefreshKind::nothing().with_storage()),
            networks: Networks::new_with_refreshed_list(),
            directory: directory.unwrap_or_else(|_| PathBuf::from("/")),
        }
    }

    fn sample(&mut self, timestamp: Timestamp) -> SystemMetrics {
        self.system.refresh_cpu_specifics(CpuRefreshKind::nothing().with_cpu_usage());
        self.system.refresh_memory_specifics(MemoryRefreshKind::nothing().with_ram());
        self.disks.refresh_specifics(true, DiskRefreshKind::nothing().with_storage());
        self.networks.refresh(true);
        SystemMetrics {
            timestamp,
            cpu: Cpu {
                usage: two_places(self.system.global_cpu_usage().into()),
                cores: self.system.cpus().len(),
            },
            memory: Space::new(self.system.used_memory(), self.system.total_memory()),
            disk: self.disk(),
            network: self.network(),
        }
    }

    /// The file system that holds the working directory: mounted at the
    /// longest path above it. Of several mounted at one place the last is the
    /// one that is seen.
    fn disk(&self) -> Space {
        let depth = |path: &Path| path.components().count();
        let holding = self.disks.iter().filter(|disk| self.directory.starts_with(disk.mount_point()));
        let disk = holding.max_by_key(|disk| depth(disk.mount_point()));
        disk.map_or(Space::new(0, 0), |disk| {
            let total = disk.total_space();
            Space::new(total.saturating_sub(disk.available_space()), total)
        })
    }

    fn network(&self) -> Network {
        let is_loopback = |name: &str| name == "lo" || name == "lo0";
        let only_loopback = self.networks.iter().all(|(name, _)| is_loopback(name));
        let counted = self.networks.iter().filter(|(name, _)| only_loopback || !is_loopback(name));
        counted.fold(Network { bytes_in: 0, bytes_out: 0 }, |sum, (_, data)| Network {
            bytes_in: sum.bytes_in.saturating_add(data.total_received()),
            bytes_out: sum.bytes_out.saturating_add(data.total_transmitted()),
        })
    }
}

#[cfg(test)]
mod tests {
    use hub_fanout::Document as _;

    use super::*;
    use crate::documents::HostDocument;

    #[test]
    fn this_host_is_measured() {
        let mut sampler = Sampler::new();
        let metrics = sampler.sample(now());
        assert!(metrics.cpu.cores >= 1 && (0.0..=100.0).contains(&metrics.cpu.usage), "{metrics:?}");
        for space in [&metrics.memory, &metrics.disk] {
            assert!(space.used > 0 && space.used <= space.total, "{metrics:?}");
            let percentage = 100.0 * space.used as f64 / space.total as f64;
            assert!((space.percentage - percentage).abs() <= 0.005, "{metrics:?}");
        }
    }

    #[test]
    fn the_thread_measures_and_ends_with_its_handle() {
        let host = HostMetrics::start().unwrap();
        let deadline = std::time::Instant::now() + Duration::from_secs(20);
        while host.latest().is_none() {
            assert!(std::time::Instant::now() < deadline, "nothing was measured");
            thread::yield_now();
        }
        let latest = host.latest();
        let metrics = latest.as_ref().unwrap();
        assert!(metrics.memory.total > 0 && metrics.timestamp > Timestamp::default());
        let (ends, ended) = sync_channel(0);
        let measuring = thread::spawn(move || run(&Latest::new(None), &ended, PERIOD));
        drop(ends);
        measuring.join().unwrap();
    }

    #[test]
    fn samples_come_as_often_as_the_document_is_sent() {
        // So short that samples by another constant would miss the deadline.
        let host = Arc::new(HostMetrics::start_every(Duration::from_millis(7)).unwrap());
        assert_eq!(HostDocument(Arc::clone(&host)).cadence().period_ms, Some(7));
        let deadline = std::time::Instant::now() + Duration::from_secs(20);
        let mut last = None;
        for _ in 0..20 {
            let newer =
                || host.latest().as_ref().map(|metrics| metrics.timestamp).filter(|at| Some(*at) > last);
            while newer().is_none() {
                assert!(std::time::Instant::now() < deadline, "samples come too seldom");
                thread::yield_now();
            }
            last = newer();
        }
    }

    #[test]
    fn counters_never_go_back() {
        let mut sampler = Sampler::new();
        let (first, second) = (sampler.sample(now()).network, sampler.sample(now()).network);
        assert!(first.bytes_in <= second.bytes_in && first.bytes_out <= second.bytes_out);
    }

    #[test]
    fn the_shape_is_the_frontends() {
        let metrics = SystemMetrics {
            timestamp: Timestamp::from_millis(1_770_460_200_000).unwrap(),
            cpu: Cpu { usage: two_places(12.345), cores: 2 },
            memory: Space::new(1, 4),
            disk: Space::new(1, 3),
            network: Network { bytes_in: 5, bytes_out: 6 },
        };
        assert_eq!(
            serde_json::to_string(&metrics).unwrap(),
            r#"{"timestamp":"2026-02-07T10:30:00.000Z","cpu":{"usage":12.35,"cores":2},"memory":{"used":1,"total":4,"percentage":25.0},"disk":{"used":1,"total":3,"percentage":33.33},"network":{"bytesIn":5,"bytesOut":6}}"#
        );
    }
}
