//! Records per second that the embedded log makes durable, beside what the disk allows: the same bytes through a bare
//! file and `fdatasync`.
//!
//! ```text
//! log_append [--seconds 0.5] [--rounds 15] [--callers 8] [--batch 100] [--dir DIR]
//! ```
//!
//! In each round, one after another on the same disk: callers that append
//! batches and wait for the answer; a bare file, one batch per `fdatasync`; a
//! bare file, as many records per `fdatasync` as the log's average commit had.
//! Printed are the medians over all rounds. Without `--dir` the files lie in
//! the system's directory for temporary files.

#![allow(clippy::print_stdout, reason = "a benchmark prints its result")]

use std::error::Error;
use std::fs::File;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use hub_core::event::{Trade, Transaction};
use hub_core::{Event, PortfolioId, Price, Quantity, TransactionId};
use hub_log::{EmbeddedLog, Entry, EventLog, LogError, Options};

struct Arguments {
    seconds: f64,
    rounds: usize,
    callers: usize,
    batch: usize,
    dir: PathBuf,
}

/// Results of one contender in one round.
#[derive(Clone, Copy)]
struct Measured {
    records_per_second: f64,
    commits_per_second: f64,
    records_per_commit: f64,
}

/// One round: the log, then the bare file twice.
struct Round {
    log: Measured,
    per_batch: Measured,
    per_group: Measured,
}

type Contender = fn(&Round) -> Measured;

fn main() -> Result<(), Box<dyn Error>> {
    let arguments = Arguments::parse()?;
    let batch = encoded_batch(&arguments)?;
    println!(
        "{} callers, batches of {} records ({} bytes encoded), {} rounds of {} s",
        arguments.callers,
        arguments.batch,
        batch.len(),
        arguments.rounds,
        arguments.seconds
    );
    let rounds: Vec<Round> =
        (0..arguments.rounds).map(|_| round(&arguments, &batch)).collect::<Result<_, _>>()?;
    report(&rounds);
    Ok(())
}

fn round(arguments: &Arguments, batch: &[u8]) -> Result<Round, Box<dyn Error>> {
    let dir = tempfile::tempdir_in(&arguments.dir)?;
    let log = append_to_log(arguments, dir.path())?;
    let batches = (log.records_per_commit / arguments.batch as f64).round().max(1.0) as usize;
    let per_batch = append_to_file(arguments, &dir.path().join("per_batch"), batch, 1)?;
    let per_group = append_to_file(arguments, &dir.path().join("per_group"), batch, batches)?;
    Ok(Round { log, per_batch, per_group })
}

fn report(rounds: &[Round]) {
    let contenders: [(&str, Contender); 3] = [
        ("embedded log", |round| round.log),
        ("bare file, fdatasync per batch", |round| round.per_batch),
        ("bare file, fdatasync per group", |round| round.per_group),
    ];
    println!("{:<32}{:>12}{:>12}{:>16}{:>12}", "medians", "records/s", "syncs/s", "records/sync", "log / it");
    for (name, measured) in contenders {
        let median_of =
            |value: fn(Measured) -> f64| median(rounds.iter().map(|round| value(measured(round))));
        let ratio = |round: &Round| round.log.records_per_second / measured(round).records_per_second;
        println!(
            "{name:<32}{:>12.0}{:>12.0}{:>16.0}{:>12.2}",
            median_of(|measured| measured.records_per_second),
            median_of(|measured| measured.commits_per_second),
            median_of(|measured| measured.records_per_commit),
            median(rounds.iter().map(ratio)),
        );
    }
}

/// All callers append and wait until the time is over; only acknowledged
/// records count.
fn append_to_log(arguments: &Arguments, dir: &Path) -> Result<Measured, Box<dyn Error>> {
    let commits = Arc::new(AtomicU64::new(0));
    let mut options = Options::new();
    let counted = Arc::clone(&commits);
    options.on_commit = Some(Arc::new(move |_| {
        counted.fetch_add(1, Ordering::Relaxed);
    }));
    let log = EmbeddedLog::open(&dir.join("log.db"), options)?;
    let begun = Instant::now();
    let deadline = begun + Duration::from_secs_f64(arguments.seconds);
    thread::scope(|scope| {
        let callers: Vec<_> = (0..arguments.callers as u64)
            .map(|caller| {
                let log = &log;
                scope.spawn(move || call_until(log, deadline, caller_ids(caller), arguments.batch))
            })
            .collect();
        callers.into_iter().try_for_each(|caller| caller.join().unwrap_or(Err(LogError::Lost)))
    })?;
    let seconds = begun.elapsed().as_secs_f64();
    let (records, commits) = (log.head().0 as f64, commits.load(Ordering::Relaxed) as f64);
    log.close()?;
    Ok(Measured {
        records_per_second: records / seconds,
        commits_per_second: commits / seconds,
        records_per_commit: records / commits,
    })
}

fn call_until(log: &EmbeddedLog, deadline: Instant, mut next_id: u64, batch: usize) -> Result<(), LogError> {
    while Instant::now() < deadline {
        let entries = (0..batch as u64).map(|n| Entry::from(transaction(next_id + n))).collect();
        next_id += batch as u64;
        log.append(entries).wait()?;
    }
    Ok(())
}

/// One thread; every `fdatasync` follows a write of `batches` batches.
fn append_to_file(
    arguments: &Arguments,
    path: &Path,
    batch: &[u8],
    batches: usize,
) -> Result<Measured, Box<dyn Error>> {
    let mut file = File::create(path)?;
    let group = batch.repeat(batches);
    let begun = Instant::now();
    let deadline = begun + Duration::from_secs_f64(arguments.seconds);
    let mut commits = 0.0;
    while Instant::now() < deadline {
        file.write_all(&group)?;
        file.sync_data()?;
        commits += 1.0;
    }
    let commits_per_second = commits / begun.elapsed().as_secs_f64();
    let records_per_commit = (batches * arguments.batch) as f64;
    Ok(Measured {
        records_per_second: commits_per_second * records_per_commit,
        commits_per_second,
        records_per_commit,
    })
}

fn encoded_batch(arguments: &Arguments) -> Result<Vec<u8>, Box<dyn Error>> {
    let mut bytes = Vec::new();
    for n in 0..arguments.batch as u64 {
        bytes.extend(transaction(caller_ids(0) + n).encode()?);
    }
    Ok(bytes)
}

/// Ids of different callers don't overlap.
fn caller_ids(caller: u64) -> u64 {
    (caller + 1) << 40
}

fn transaction(n: u64) -> Event {
    const SYMBOLS: [&str; 5] = ["AAPL", "MSFT", "GOOG", "BRK.B", "RELIANCE.NS"];
    let id = |salt: u128| {
        (u128::from(n).wrapping_mul(0x9e37_79b9_7f4a_7c15_f39c_c060_5ced_c835) ^ salt).to_be_bytes()
    };
    let symbol = SYMBOLS[(n % SYMBOLS.len() as u64) as usize];
    let price = Price::from_units(15_025_000_000 + (n % 1_000).cast_signed() * 1_000_000);
    let millis = 1_770_000_000_000 + (n % 1_000_000).cast_signed();
    Event::Transaction(Box::new(Transaction {
        timestamp: Some(hub_core::Timestamp::default().plus_millis(millis)),
        ..Transaction::new(
            TransactionId::from_bytes(id(0)),
            PortfolioId::from_bytes(id(1)),
            symbol.parse().expect("a symbol"),
            Trade::Buy { price },
            Quantity::from_units(10_000_000_000),
        )
    }))
}

fn median(values: impl Iterator<Item = f64>) -> f64 {
    let mut values: Vec<f64> = values.collect();
    values.sort_by(f64::total_cmp);
    values.get(values.len() / 2).copied().unwrap_or(f64::NAN)
}

impl Arguments {
    fn parse() -> Result<Arguments, Box<dyn Error>> {
        let mut arguments =
            Arguments { seconds: 0.5, rounds: 15, callers: 8, batch: 100, dir: std::env::temp_dir() };
        let mut given = std::env::args().skip(1);
        while let Some(name) = given.next() {
            let value = given.next().ok_or_else(|| format!("{name} wants a value"))?;
            match name.as_str() {
                "--seconds" => arguments.seconds = value.parse()?,
                "--rounds" => arguments.rounds = value.parse()?,
                "--callers" => arguments.callers = value.parse()?,
                "--batch" => arguments.batch = value.parse()?,
                "--dir" => arguments.dir = value.into(),
                _ => return Err(format!("unknown argument {name}").into()),
            }
        }
        if arguments.rounds == 0 || arguments.callers == 0 || arguments.batch == 0 {
            return Err("rounds, callers and batch are at least 1".into());
        }
        Ok(arguments)
    }
}
