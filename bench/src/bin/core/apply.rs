//! Transactions applied: a million that open a position each, then some that trade what there is.
//!
//! In a block each contender is measured once, in a process of its own: plain columns, the hub, and the hub beside a
//! thread that scans all positions of what was settled last, again and again.

mod pace;
mod reader;
mod report;

use std::ffi::OsStr;
use std::num::NonZeroUsize;

use anyhow::ensure;
use clap::{ArgAction, Args, ValueEnum};
use hub_bench::process::rss_bytes;
use hub_core::Record;
use serde::{Deserialize, Serialize};

use self::pace::Pace;
use self::reader::ScanningReader;
use crate::child;
use crate::columns::Columns;
use crate::contender::Contender;
use crate::hub::Hub;
use crate::workload::{Size, Workload};

/// Options of the measurement of applying.
#[derive(Args)]
pub(crate) struct ApplyArguments {
    #[command(flatten)]
    size: Size,
    /// Records after which readers see what was applied.
    #[arg(long, default_value = "1000")]
    view: NonZeroUsize,
    /// Measures the hub beside a reader, too.
    #[arg(long, default_value_t = true, action = ArgAction::Set, num_args = 0..=1, default_missing_value = "true")]
    reader: bool,
    /// Blocks.
    #[arg(long, default_value_t = 3)]
    blocks: u64,
    /// Takes one reading, of this contender (internal).
    #[arg(long, hide = true)]
    only: Option<Applier>,
    /// Block that the reading belongs to (internal).
    #[arg(long, hide = true, default_value_t = 0)]
    block: u64,
}

/// Contenders.
#[derive(Clone, Copy, PartialEq, Eq, Debug, ValueEnum)]
enum Applier {
    /// The limit.
    Columns,
    /// The hub, which nobody reads.
    Hub,
    /// The hub beside a reader.
    HubAndReader,
}

/// Result of one contender in one block.
#[derive(Serialize, Deserialize)]
struct Reading {
    /// Of transactions that open positions.
    opening: Pace,
    /// Of transactions of positions that there are.
    again: Pace,
    /// Resident memory of what was applied, when all positions were open.
    bytes_per_position: f64,
    /// Rows that the reader read per second.
    rows_per_second: Option<f64>,
}

/// Measures what the arguments name.
pub(crate) fn run(arguments: &ApplyArguments) -> anyhow::Result<()> {
    if let Some(applier) = arguments.only {
        return child::tell(&read(arguments, applier)?);
    }
    let ApplyArguments { size: Size { positions, again, portfolios }, view, blocks, .. } = arguments;
    println!(
        "{positions} transactions that open positions, of {portfolios} portfolios and 500 symbols, and {again} more; \
         a view each {view} records; {blocks} blocks\n"
    );
    let contenders: Vec<_> = if arguments.reader {
        Applier::value_variants().to_vec()
    } else {
        vec![Applier::Columns, Applier::Hub]
    };
    let readings = child::by_turns(&contenders, *blocks, |contender, block| {
        child::ask(contender, [OsStr::new("--block"), OsStr::new(&block.to_string())])
    })?;
    print!("{}", report::of(&contenders, &readings));
    Ok(())
}

/// One reading, in this process.
fn read(arguments: &ApplyArguments, applier: Applier) -> anyhow::Result<Reading> {
    match applier {
        Applier::Columns => measure(arguments, Columns::default, |_| None),
        Applier::Hub => measure(arguments, Hub::new, |_| None),
        Applier::HubAndReader => measure(arguments, Hub::new, |hub| Some(ScanningReader::start(hub.reads()))),
    }
}

fn measure<C: Contender>(
    arguments: &ApplyArguments,
    new: impl FnOnce() -> C,
    reader: impl FnOnce(&C) -> Option<ScanningReader>,
) -> anyhow::Result<Reading> {
    let positions = arguments.size.positions.get();
    let mut workload = Workload::new(arguments.block, arguments.size.portfolios, positions)?;
    let opening: Vec<Record> = (0..positions).map(|_| workload.open()).collect();
    let again: Vec<Record> = (0..arguments.size.again).map(|_| workload.trade()).collect();

    let before = rss_bytes(std::process::id())?;
    let mut contender = new();
    let reader = reader(&contender);
    let opening = Pace::of(&mut contender, &opening, arguments.view)?;
    let bytes = rss_bytes(std::process::id())?.saturating_sub(before);
    let again = Pace::of(&mut contender, &again, arguments.view)?;
    let rows_per_second = reader.map(ScanningReader::stop).transpose()?;
    ensure!(contender.holdings() == workload.holdings(), "{} held, which is wrong", contender.holdings());
    Ok(Reading { opening, again, bytes_per_position: bytes as f64 / positions as f64, rows_per_second })
}

impl Applier {
    fn name(self) -> &'static str {
        match self {
            Applier::Columns => "plain columns",
            Applier::Hub => "hub",
            Applier::HubAndReader => "hub, a reader",
        }
    }
}
