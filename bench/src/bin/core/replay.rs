//! A log opened and replayed, beside reading it alone and beside plain columns that are fed from memory.
//!
//! The log is written once. In a block each contender is measured once, in a process of its own.

mod file;

use std::ffi::OsStr;
use std::num::NonZeroUsize;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::{Duration, Instant};

use anyhow::{Context as _, bail, ensure};
use clap::{Args, ValueEnum};
use hub_analytics::register;
use hub_bench::pairs::Spread;
use hub_bench::table::{Table, cell};
use hub_core::limits::Limits;
use hub_core::{Offset, Record};
use hub_fanout::{Catalog, Outcomes, Publisher, PublisherLimits, Runner, RunnerState, WindowLimits};
use hub_log::{EmbeddedLog, EventLog, Options};
use serde::{Deserialize, Serialize};

use crate::child;
use crate::columns::Columns;
use crate::contender::Contender;
use crate::workload::Workload;

/// Records that are read at a time, as the runner reads them.
const BATCH: usize = 4_096;

/// Least time between two flushes, as the hub has it by default. A replay has one, at its end.
const FLUSH_INTERVAL: Duration = Duration::from_millis(100);

/// Options of the measurement of replaying.
#[derive(Args)]
pub(crate) struct ReplayArguments {
    /// Transactions in the log, each of which opens a position.
    #[arg(long, default_value = "1000000")]
    records: NonZeroUsize,
    /// Portfolios that hold them, of 500 symbols.
    #[arg(long, default_value_t = 50_000)]
    portfolios: u32,
    /// Blocks.
    #[arg(long, default_value_t = 3)]
    blocks: u64,
    /// Directory of the log; by default the system's for temporary files.
    #[arg(long, default_value_os_t = std::env::temp_dir())]
    dir: PathBuf,
    /// Takes one reading, of this contender (internal).
    #[arg(long, hide = true)]
    only: Option<Replayer>,
    /// Log that was written (internal).
    #[arg(long, hide = true)]
    log: Option<PathBuf>,
}

/// Contenders.
#[derive(Clone, Copy, PartialEq, Eq, Debug, ValueEnum)]
enum Replayer {
    /// The log through the runner, until the hub would go live.
    Hub,
    /// The log read and decoded, and nothing done with it.
    Log,
    /// Records from memory.
    Columns,
}

/// Result of one contender in one block.
#[derive(Serialize, Deserialize)]
struct Replay {
    /// Records per second, opening included.
    per_second: f64,
    /// Time until the log was open, in milliseconds.
    open_ms: Option<f64>,
}

/// Measures what the arguments name.
pub(crate) fn run(arguments: &ReplayArguments) -> anyhow::Result<()> {
    if let Some(replayer) = arguments.only {
        return child::tell(&read(arguments, replayer)?);
    }
    let dir = tempfile::tempdir_in(&arguments.dir)?;
    let path = dir.path().join("log.db");
    let ReplayArguments { records, portfolios, blocks, .. } = arguments;
    let bytes = file::write(&path, workload(arguments)?, records.get())?;
    println!(
        "{records} transactions that open positions, of {portfolios} portfolios and 500 symbols, in a log of {bytes} \
         bytes; {blocks} blocks\n"
    );
    let contenders = Replayer::value_variants();
    let readings = child::by_turns(contenders, *blocks, |contender, _| {
        child::ask(contender, [OsStr::new("--log"), path.as_os_str()])
    })?;
    print!("{}", report(contenders, &readings));
    Ok(())
}

/// One reading, in this process.
fn read(arguments: &ReplayArguments, replayer: Replayer) -> anyhow::Result<Replay> {
    let path = arguments.log.as_deref().context("no log was written")?;
    match replayer {
        Replayer::Hub => replay(path, arguments.records.get()),
        Replayer::Log => read_alone(path, arguments.records.get()),
        Replayer::Columns => apply(&mut workload(arguments)?, arguments.records.get()),
    }
}

fn workload(arguments: &ReplayArguments) -> anyhow::Result<Workload> {
    Workload::new(0, arguments.portfolios, arguments.records.get())
}

/// Opens the log and has the runner apply it, as the hub does when it starts.
fn replay(path: &Path, records: usize) -> anyhow::Result<Replay> {
    let begun = Instant::now();
    let log = Arc::new(EmbeddedLog::open(path, Options::new())?);
    let opened = begun.elapsed();
    let mut catalog = Catalog::default();
    let (projection, reads) = register(&mut catalog, &Limits::default());
    let limits = Limits::default();
    let limits = PublisherLimits {
        relay_bytes: limits.outbox_bytes,
        feeds: catalog.feeds().len(),
        window: WindowLimits { events: limits.feed_events, bytes: limits.feed_bytes },
    };
    let (publisher, _mailboxes) = Publisher::new(1, log.epoch(), limits);
    let mut runner = Runner {
        log: Arc::clone(&log) as Arc<dyn EventLog>,
        projections: vec![Box::new(projection)],
        publisher,
        outcomes: Outcomes::default(),
        flush_interval: FLUSH_INTERVAL,
    }
    .spawn()?;
    let runtime = tokio::runtime::Builder::new_current_thread().build()?;
    let is_over = runner.progress.wait_for(|progress| progress.state != RunnerState::Replaying);
    let state = runtime.block_on(is_over)?.state.clone();
    let took = begun.elapsed();
    if let RunnerState::Failed(reason) = state {
        bail!("the runner failed: {reason}");
    }
    let positions = reads.settled().positions().count();
    ensure!(positions == records, "{positions} positions of {records} records");
    log.close()?;
    runner.join();
    Ok(Replay::of(records, took, Some(opened)))
}

/// Opens the log and reads all of it.
fn read_alone(path: &Path, records: usize) -> anyhow::Result<Replay> {
    let begun = Instant::now();
    let log = EmbeddedLog::open(path, Options::new())?;
    let opened = begun.elapsed();
    let mut tail = log.tail(Offset::START);
    let mut count = 0;
    while count < records {
        let batch = tail.next(BATCH, Duration::ZERO)?;
        ensure!(!batch.is_empty(), "the log ends after {count} records");
        count += batch.len();
    }
    Ok(Replay::of(records, begun.elapsed(), Some(opened)))
}

/// Applies the same records, which are there already.
fn apply(workload: &mut Workload, records: usize) -> anyhow::Result<Replay> {
    let records: Vec<Record> = (0..records).map(|_| workload.open()).collect();
    let begun = Instant::now();
    let mut columns = Columns::default();
    let refused = records.iter().filter(|record| !columns.apply(record)).count();
    let took = begun.elapsed();
    ensure!(refused == 0 && columns.holdings() == workload.holdings(), "{refused} refused");
    Ok(Replay::of(records.len(), took, None))
}

fn report(contenders: &[Replayer], readings: &[Vec<Replay>]) -> Table {
    let headings = ["M records/s", "ms to open", "hub / it"].map(str::to_owned);
    let mut table = Table::new("medians", headings.into());
    let hub = contenders.iter().position(|it| *it == Replayer::Hub).and_then(|index| readings.get(index));
    for (contender, of_contender) in contenders.iter().zip(readings) {
        let values: Vec<f64> = of_contender.iter().map(|it| it.per_second / 1e6).collect();
        let opened: Vec<f64> = of_contender.iter().filter_map(|it| it.open_ms).collect();
        let pairs = hub.into_iter().flatten().zip(of_contender);
        let ratios: Vec<f64> = pairs.map(|(hub, it)| hub.per_second / it.per_second).collect();
        table.add(contender.name(), [values, opened, ratios].map(|values| cell(Spread::of(&values))));
    }
    table
}

impl Replay {
    fn of(records: usize, took: Duration, opened: Option<Duration>) -> Replay {
        Replay {
            per_second: records as f64 / took.as_secs_f64(),
            open_ms: opened.map(|opened| opened.as_secs_f64() * 1e3),
        }
    }
}

impl Replayer {
    fn name(self) -> &'static str {
        match self {
            Replayer::Hub => "hub, from the log",
            Replayer::Log => "the log alone",
            Replayer::Columns => "plain columns, from memory",
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn all_contenders_get_through_the_same_log() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("log.db");
        let draw = || Workload::new(0, 10, 2_500).unwrap();
        assert!(file::write(&path, draw(), 2_500).unwrap() > 0);
        let readings =
            [replay(&path, 2_500), read_alone(&path, 2_500), apply(&mut draw(), 2_500)].map(Result::unwrap);
        assert!(readings.iter().all(|it| it.per_second > 0.0));
        let text = report(Replayer::value_variants(), &readings.map(|it| vec![it])).to_string();
        assert!(text.contains("| hub, from the log |") && text.contains("1.00 (1.00 to 1.00)"), "{text}");
    }
}
