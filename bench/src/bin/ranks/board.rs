//! The ranking changed and asked, by turns with the limit.

use std::hint::black_box;
use std::num::NonZeroUsize;

use anyhow::ensure;
use clap::Args;
use hub_bench::pairs::Spread;
use hub_bench::process::rss_bytes;
use hub_bench::stats::median;
use hub_bench::table::{Table, cell};
use hub_core::PortfolioId;

use crate::clock::cpu_micros;
use crate::hub::Hub;
use crate::plain::{Plain, Sorted};
use crate::workload::Workload;

/// Neighbours on either side.
pub(crate) const RANGE: usize = 5;
/// Questions between two looks at the clock.
const ASKED_AT_ONCE: usize = 100;

/// Options of the measurement of a ranking.
#[derive(Args)]
pub(crate) struct BoardArguments {
    /// Portfolios.
    #[arg(long, default_value = "1000000")]
    portfolios: NonZeroUsize,
    /// Records after which there is a flush.
    #[arg(long, default_value = "1000")]
    flush: NonZeroUsize,
    /// Flushes of a block.
    #[arg(long, default_value_t = 50)]
    flushes: usize,
    /// Blocks.
    #[arg(long, default_value_t = 7)]
    blocks: usize,
    /// Questions of a block.
    #[arg(long, default_value_t = 20_000)]
    questions: usize,
}

/// Medians of a block, in microseconds.
#[derive(Default)]
pub(crate) struct Readings {
    pub(crate) upsert: Vec<f64>,
    pub(crate) rank: Vec<f64>,
    pub(crate) around: Vec<f64>,
}

/// Measures what the arguments name.
pub(crate) fn run(arguments: &BoardArguments) -> anyhow::Result<()> {
    let BoardArguments { portfolios, flush, flushes, blocks, questions } = arguments;
    println!("{portfolios} portfolios, a flush each {flush} records, {blocks} blocks of {flushes} flushes\n");
    let mut workload = Workload::new(portfolios.get());
    let first = workload.pass();
    let (mut hub, mut plain) = (Hub::new(), Plain::default());
    let hub_bytes = grown(|| first.chunks(flush.get()).try_for_each(|records| hub.flush(records)))?;
    let plain_bytes = grown(|| first.iter().try_for_each(|record| plain.apply(record)))?;
    drop(first);
    let (mut of_hub, mut of_plain) = (Readings::default(), Readings::default());
    for _ in 0..*blocks {
        let records = workload.some(flush.get() * flushes);
        let flushes = || records.chunks(flush.get());
        of_hub.upsert.push(each(flushes(), |records| hub.flush(records))?);
        of_plain
            .upsert
            .push(each(flushes(), |records| records.iter().try_for_each(|record| plain.apply(record)))?);
        let asked = workload.draw(*questions);
        of_hub.ask_hub(&hub, &asked)?;
        of_plain.ask_plain(&plain, &asked)?;
    }
    println!("{}", table(&of_hub, &of_plain));
    let per_portfolio = |bytes: u64| bytes as f64 / portfolios.get() as f64;
    println!(
        "bytes per portfolio: hub {:.0}, plain {:.0}",
        per_portfolio(hub_bytes),
        per_portfolio(plain_bytes)
    );
    ensure!(hub.reads.flushed().board().len() == portfolios.get(), "not all are ranked");
    Ok(())
}

/// Bytes by which the process grew.
fn grown(work: impl FnOnce() -> anyhow::Result<()>) -> anyhow::Result<u64> {
    let before = rss_bytes(std::process::id())?;
    work()?;
    Ok(rss_bytes(std::process::id())?.saturating_sub(before))
}

/// Microseconds for each of a chunk's items: the median of the chunks.
fn each<'a, T: 'a>(
    chunks: impl Iterator<Item = &'a [T]>,
    mut work: impl FnMut(&'a [T]) -> anyhow::Result<()>,
) -> anyhow::Result<f64> {
    let mut micros = Vec::new();
    for chunk in chunks {
        let begun = cpu_micros();
        work(chunk)?;
        micros.push((cpu_micros() - begun) / chunk.len() as f64);
    }
    Ok(median(&micros))
}

impl Readings {
    fn ask_hub(&mut self, hub: &Hub, ids: &[PortfolioId]) -> anyhow::Result<()> {
        let state = hub.reads.flushed();
        let board = state.board();
        self.ask(ids, |id| board.rank(id), |id| board.around(id, RANGE).map_or(0, |around| around.rows.len()))
    }

    fn ask_plain(&mut self, plain: &Plain, ids: &[PortfolioId]) -> anyhow::Result<()> {
        let sorted: Sorted = plain.sorted();
        self.ask(ids, |id| sorted.rank(plain, id), |id| sorted.around(plain, id, RANGE).len())
    }

    /// Asks for the rank and the neighbours of each.
    pub(crate) fn ask(
        &mut self,
        ids: &[PortfolioId],
        rank: impl Fn(PortfolioId) -> Option<usize>,
        around: impl Fn(PortfolioId) -> usize,
    ) -> anyhow::Result<()> {
        self.rank.push(each(ids.chunks(ASKED_AT_ONCE), |ids| {
            ensure!(ids.iter().all(|id| black_box(rank(*id)).is_some()), "a portfolio without a rank");
            Ok(())
        })?);
        self.around.push(each(ids.chunks(ASKED_AT_ONCE), |ids| {
            ensure!(ids.iter().all(|id| around(*id) > RANGE), "fewer neighbours than there are");
            Ok(())
        })?);
        Ok(())
    }
}

/// Values of both, and ratios of neighbouring readings.
fn table(hub: &Readings, plain: &Readings) -> Table {
    let headings = ["upsert, us", "rank, us", "around, us"].map(str::to_owned);
    let mut table = Table::new("medians of blocks", headings.into());
    let columns: [fn(&Readings) -> &[f64]; 3] = [|it| &it.upsert, |it| &it.rank, |it| &it.around];
    for (name, readings) in [("hub", hub), ("plain maps, nobody reads", plain)] {
        table.add(name, columns.map(|column| cell(Spread::of(column(readings)))));
    }
    let ratio = |column: fn(&Readings) -> &[f64]| {
        let pairs = column(hub).iter().zip(column(plain));
        cell(Spread::of(&pairs.map(|(hub, plain)| hub / plain).collect::<Vec<_>>()))
    };
    table.add("hub / plain", columns.map(ratio));
    table
}
