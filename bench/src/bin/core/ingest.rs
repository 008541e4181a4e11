//! Transactions over HTTP in batches, beside what they can't do without: reading the JSON, and a bare file of the same
//! records.
//!
//! The bodies are written before any clock starts. In a block each contender is measured once; the hub is a process of
//! its own, with an empty log, and its CPU is what all of its threads use.

mod batch;

use std::borrow::Cow;
use std::fs::File;
use std::hint::black_box;
use std::io::Write as _;
use std::net::SocketAddr;
use std::num::NonZeroUsize;
use std::path::PathBuf;
use std::thread;
use std::time::{Duration, Instant};

use anyhow::{Context as _, bail, ensure};
use clap::Args;
use hub_bench::pairs::Spread;
use hub_bench::process::cpu_time;
use hub_bench::table::{Table, cell};
use hub_testkit::http::HttpConnection;
use hub_testkit::process::HubProcess;
use serde::Deserialize;

pub(crate) use self::batch::Batch;
use crate::child;
use crate::workload::Workload;

/// The hub on free ports, with its defaults otherwise.
const CONFIG: &str = r#"
[analytics]
bind = "127.0.0.1:0"
[leaderboard]
bind = "127.0.0.1:0"
[rttm]
bind = "127.0.0.1:0"
[autotrader]
bind = "127.0.0.1:0"
[gateway]
bind = "127.0.0.1:0"
[log]
path = "{data}/hub.db"
"#;

/// Time that one request may take on a busy machine.
const PATIENCE: Duration = Duration::from_secs(60);

/// Options of the measurement of ingest.
#[derive(Args)]
pub(crate) struct IngestArguments {
    /// Transactions, each of which opens a position.
    #[arg(long, default_value = "300000")]
    records: NonZeroUsize,
    /// Transactions of one request, whose body must fit `limits.message_bytes`.
    #[arg(long, default_value = "4000")]
    batch: NonZeroUsize,
    /// Connections, each of which sends one request after another.
    #[arg(long, default_value = "2")]
    connections: NonZeroUsize,
    /// Portfolios that hold them, of 500 symbols.
    #[arg(long, default_value_t = 20_000)]
    portfolios: u32,
    /// Blocks.
    #[arg(long, default_value_t = 7)]
    blocks: u64,
    /// The hub's binary.
    #[arg(long, default_value = "target/release/pms-hub")]
    hub: PathBuf,
}

/// Contenders.
#[derive(Clone, Copy)]
enum Taker {
    /// The hub, over HTTP, until all is applied and acknowledged.
    Hub,
    /// The bodies read into plain structures, and no more.
    Json,
    /// The encoded records written to a file, one `fdatasync` a batch.
    File,
}

const TAKERS: [Taker; 3] = [Taker::Hub, Taker::Json, Taker::File];

/// Result of one contender in one block.
#[derive(Clone, Copy)]
struct Ingest {
    /// CPU time per transaction, in microseconds.
    cpu_us: f64,
    /// Transactions per second.
    per_second: f64,
}

/// An item of a body, as far as reading it can't be spared.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
#[expect(dead_code, reason = "read into, and that is all")]
struct Item<'a> {
    #[serde(borrow)]
    transaction_id: Cow<'a, str>,
    #[serde(borrow)]
    portfolio_id: Cow<'a, str>,
    #[serde(borrow)]
    symbol: Cow<'a, str>,
    #[serde(borrow)]
    side: Cow<'a, str>,
    quantity: f64,
    price: f64,
    #[serde(borrow)]
    timestamp: Cow<'a, str>,
}

/// Measures what the arguments name.
pub(crate) fn run(arguments: &IngestArguments) -> anyhow::Result<()> {
    let batches = batches(arguments)?;
    let bytes = |of: fn(&Batch) -> &[u8]| batches.iter().map(|batch| of(batch).len()).sum::<usize>();
    let IngestArguments { records, batch, connections, blocks, .. } = arguments;
    println!(
        "{records} transactions, {batch} a request on {connections} connections, {} bytes of JSON and {} encoded each; \
         {blocks} blocks\n",
        bytes(|batch| &batch.json) / records.get(),
        bytes(|batch| &batch.encoded) / records.get(),
    );
    let readings = child::by_turns(&TAKERS, *blocks, |taker, _| match taker {
        Taker::Hub => over_http(arguments, &batches),
        Taker::Json => alone(records.get(), || read_all(&batches)),
        Taker::File => alone(records.get(), || write_all(&batches)),
    })?;
    print!("{}", report(&readings));
    Ok(())
}

fn batches(arguments: &IngestArguments) -> anyhow::Result<Vec<Batch>> {
    let records = arguments.records.get();
    let mut workload = Workload::new(0, arguments.portfolios, records)?;
    let mut batches = Vec::new();
    let mut left = records;
    while left > 0 {
        let count = left.min(arguments.batch.get());
        left -= count;
        batches.push(Batch::of(&mut workload, count)?);
    }
    Ok(batches)
}

/// A hub of its own takes them all in.
fn over_http(arguments: &IngestArguments, batches: &[Batch]) -> anyhow::Result<Ingest> {
    let mut hub = HubProcess::spawn(&arguments.hub, CONFIG, &[], &[])?;
    let addr = hub.addr("analytics")?;
    let (begun, before) = (Instant::now(), cpu_time(hub.pid())?);
    let connections = arguments.connections.get();
    thread::scope(|scope| {
        let senders: Vec<_> = (0..connections)
            .map(|first| scope.spawn(move || send(addr, batches.iter().skip(first).step_by(connections))))
            .collect();
        senders
            .into_iter()
            .try_for_each(|sender| sender.join().unwrap_or_else(|_| bail!("a sender panicked")))
    })?;
    let (took, used) = (begun.elapsed(), cpu_time(hub.pid())?.saturating_sub(before));
    let status = hub.terminate()?;
    ensure!(status.success(), "the hub ended with {status}");
    Ok(Ingest::of(arguments.records.get(), used, took))
}

fn send<'a>(addr: SocketAddr, batches: impl Iterator<Item = &'a Batch>) -> anyhow::Result<()> {
    let mut connection = HttpConnection::connect(addr, PATIENCE)?;
    for batch in batches {
        batch.send(&mut connection)?;
    }
    Ok(())
}

fn read_all(batches: &[Batch]) -> anyhow::Result<()> {
    for batch in batches {
        black_box(serde_json::from_slice::<Vec<Item<'_>>>(&batch.json)?);
    }
    Ok(())
}

fn write_all(batches: &[Batch]) -> anyhow::Result<()> {
    let mut file: File = tempfile::tempfile().context("a temporary file")?;
    for batch in batches {
        file.write_all(&batch.encoded)?;
        file.sync_data()?;
    }
    Ok(())
}

/// In this process, which does nothing else meanwhile.
fn alone(records: usize, take: impl FnOnce() -> anyhow::Result<()>) -> anyhow::Result<Ingest> {
    let pid = std::process::id();
    let (begun, before) = (Instant::now(), cpu_time(pid)?);
    take()?;
    Ok(Ingest::of(records, cpu_time(pid)?.saturating_sub(before), begun.elapsed()))
}

fn report(readings: &[Vec<Ingest>]) -> Table {
    let headings = ["CPU us each", "k/s", "hub / it, CPU"].map(str::to_owned);
    let mut table = Table::new("medians", headings.into());
    for (taker, of_taker) in TAKERS.iter().zip(readings) {
        let cpu: Vec<f64> = of_taker.iter().map(|it| it.cpu_us).collect();
        let rate: Vec<f64> = of_taker.iter().map(|it| it.per_second / 1e3).collect();
        let pairs = readings[0].iter().zip(of_taker);
        let ratios: Vec<f64> = pairs.map(|(hub, it)| hub.cpu_us / it.cpu_us).collect();
        table.add(taker.name(), [cpu, rate, ratios].map(|values| cell(Spread::of(&values))));
    }
    table
}

impl Ingest {
    fn of(records: usize, used: Duration, took: Duration) -> Ingest {
        let records = records as f64;
        Ingest { cpu_us: used.as_secs_f64() * 1e6 / records, per_second: records / took.as_secs_f64() }
    }
}

impl Taker {
    fn name(self) -> &'static str {
        match self {
            Taker::Hub => "hub, over HTTP",
            Taker::Json => "JSON read with serde_json",
            Taker::File => "bare file, fdatasync per batch",
        }
    }
}
