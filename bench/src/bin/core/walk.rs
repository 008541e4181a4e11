//! Walks: the memory of a million positions, gone through into bytes and restored from them.
//!
//! Beside it, in each block: the same numbers in plain vectors, written and read by the same format without a walk over
//! `dyn`, and a copy of the walk's bytes.

use std::hint::black_box;
use std::time::Instant;

use anyhow::ensure;
use clap::Args;
use hub_bench::pairs::Spread;
use hub_bench::table::{Table, cell};
use serde::{Deserialize, Serialize};

use crate::contender::Contender;
use crate::hub::Hub;
use crate::workload::{Size, Workload};

/// Options of the measurement of walks.
#[derive(Args)]
pub(crate) struct WalkArguments {
    #[command(flatten)]
    size: Size,
    /// Blocks.
    #[arg(long, default_value_t = 3)]
    blocks: u64,
}

/// Records of a batch.
const BATCH: usize = 1000;

/// A row's numbers: as many as the hub walks of one.
type Row = [u64; 14];

/// Rows and applied ids as whoever has nothing else would keep them.
#[derive(Serialize, Deserialize)]
struct Plain {
    rows: Vec<Row>,
    ids: Vec<(i64, [u64; 2], u64)>,
}

/// Result of a block.
struct Block {
    seconds: [f64; 5],
    megabytes: f64,
    plain_megabytes: f64,
}

const NAMES: [&str; 5] = ["walk", "restore", "plain vectors: written", "read", "a copy"];

/// Measures what the arguments name.
pub(crate) fn run(arguments: &WalkArguments) -> anyhow::Result<()> {
    let WalkArguments { size: Size { positions, again, portfolios }, blocks } = arguments;
    println!("{positions} positions of {portfolios} portfolios, and {again} more trades; {blocks} blocks\n");
    let results = (0..*blocks).map(|block| read(arguments, block)).collect::<anyhow::Result<Vec<_>>>()?;
    let mut table = Table::new("seconds", vec!["seconds".to_owned()]);
    for (place, name) in NAMES.into_iter().enumerate() {
        let seconds: Vec<f64> = results.iter().map(|result| result.seconds[place]).collect();
        table.add(name, [cell(Spread::of(&seconds))]);
    }
    let megabytes: Vec<f64> = results.iter().map(|result| result.megabytes).collect();
    let plain: Vec<f64> = results.iter().map(|result| result.plain_megabytes).collect();
    let mut sizes = Table::new("MB", vec!["MB".to_owned()]);
    sizes.add("walk", [cell(Spread::of(&megabytes))]);
    sizes.add("plain vectors", [cell(Spread::of(&plain))]);
    print!("{table}{sizes}");
    Ok(())
}

fn read(arguments: &WalkArguments, block: u64) -> anyhow::Result<Block> {
    let positions = arguments.size.positions.get();
    let mut workload = Workload::new(block, arguments.size.portfolios, positions)?;
    let mut hub = Hub::new();
    for count in 0..positions + arguments.size.again {
        let record = if count < positions { workload.open() } else { workload.trade() };
        ensure!(hub.apply(&record), "a record is refused");
        if count % BATCH == 0 {
            hub.settle();
        }
    }
    hub.settle();
    let plain = plain(&hub, positions + arguments.size.again);
    let (walking, walk) = timed(|| hub.walk());
    let holdings = hub.holdings();
    drop(hub);
    let (restoring, restored) = timed(|| Hub::restored(&walk));
    ensure!(restored?.holdings() == holdings, "other positions were restored");
    let (writing, written) = timed(|| rmp_serde::to_vec(&plain));
    let written = written?;
    let (reading, again) = timed(|| rmp_serde::from_slice::<Plain>(&written));
    ensure!(again?.rows == plain.rows, "other rows were read");
    let (copying, _) = timed(|| black_box(walk.clone()));
    let megabytes = |bytes: &[u8]| bytes.len() as f64 / 1e6;
    let seconds = [walking, restoring, writing, reading, copying];
    Ok(Block { seconds, megabytes: megabytes(&walk), plain_megabytes: megabytes(&written) })
}

/// Numbers of the sizes that the hub's are of.
fn plain(hub: &Hub, applied: usize) -> Plain {
    let state = hub.reads().settled();
    let row = |(number, row): (u64, hub_analytics::Row)| {
        let row = row.position();
        let times = [row.created_at, row.updated_at].map(|at| at.unwrap_or_default().micros() as u64);
        let halves = |units: i128| [(units >> 64) as u64, units as u64];
        let amounts =
            [row.holdings.units(), row.total_invested.units(), row.realized_pnl.units()].map(halves);
        let [[h0, h1], [i0, i1], [r0, r1]] = amounts;
        let keys = ((number % 50_000) << 32) | (number % 500);
        [number, number, number, keys, times[0], times[1] << 2, h0, h1, i0, i1, r0, r1, times[0], number]
    };
    let rows = (0..).zip(state.positions().flatten()).map(row).collect();
    let id = |number: u64| {
        let mixed = number.wrapping_mul(0x9e37_79b9_7f4a_7c15);
        (1_770_460_200_000_000 + number.cast_signed(), [mixed, !mixed], mixed.rotate_left(32))
    };
    Plain { rows, ids: (0..applied as u64).map(id).collect() }
}

fn timed<T>(work: impl FnOnce() -> T) -> (f64, T) {
    let start = Instant::now();
    let result = work();
    (start.elapsed().as_secs_f64(), result)
}
