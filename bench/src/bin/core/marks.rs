//! Marks: what it takes to re-mark portfolios when prices tick, to read their P&L and to encode them for a subscriber.
//!
//! Blocks in one process, one after the other: what is measured is short, and the limits are taken in the same seconds.

mod limits;
mod report;

use std::hint::black_box;
use std::num::NonZeroUsize;
use std::time::Instant;

use anyhow::{Context as _, ensure};
use clap::Args;
use hub_bench::stats::median;
use hub_core::PortfolioId;
use hub_fanout::{Changed, StateFlush};

use self::limits::PlainColumns;
use crate::contender::Contender;
use crate::hub::Hub;
use crate::workload::{SYMBOLS, Workload};

/// Options of the measurement of marks.
#[derive(Args)]
pub(crate) struct MarksArguments {
    /// Positions that are open.
    #[arg(long, default_value = "1000000")]
    positions: NonZeroUsize,
    /// Portfolios that hold them, of 500 symbols.
    #[arg(long, default_value_t = 100_000)]
    portfolios: u32,
    /// Flushes of one kind in a block.
    #[arg(long, default_value = "9")]
    rounds: NonZeroUsize,
    /// Blocks.
    #[arg(long, default_value_t = 3)]
    blocks: u64,
}

/// Result of one block, medians of its rounds.
#[derive(Default)]
struct Figures {
    /// Position marks per second, in millions, when every symbol ticks: from the first tick to the end of the flush.
    hub: f64,
    /// The same of plain columns.
    columns: f64,
    /// Rate at which memory is read, in GB/s.
    memory: f64,
    /// Flush after a tick of one symbol, in microseconds, and portfolios that it moves.
    one_us: f64,
    one_moves: f64,
    /// One P&L, read at a flush, in nanoseconds.
    pnl_ns: f64,
    /// One element, read the first time and again, in nanoseconds; and its size.
    first_ns: f64,
    again_ns: f64,
    bytes: f64,
}

/// Measures what the arguments name.
pub(crate) fn run(arguments: &MarksArguments) -> anyhow::Result<()> {
    let MarksArguments { positions, portfolios, rounds, blocks } = arguments;
    println!(
        "{positions} positions of {portfolios} portfolios and {SYMBOLS} symbols, somebody subscribed to all marks; \
         {blocks} blocks of {rounds} rounds\n"
    );
    let readings: Vec<Figures> =
        (0..*blocks).map(|block| read(arguments, block)).collect::<anyhow::Result<_>>()?;
    print!("{}", report::of(&readings));
    Ok(())
}

/// Hub under measurement.
struct Market {
    hub: Hub,
    workload: Workload,
}

fn read(arguments: &MarksArguments, block: u64) -> anyhow::Result<Figures> {
    let positions = arguments.positions.get();
    let mut workload = Workload::new(block, arguments.portfolios, positions)?;
    let mut hub = Hub::watched();
    for _ in 0..positions {
        ensure!(hub.apply(&workload.open()), "a transaction was refused");
    }
    let mut market = Market { hub, workload };
    // The first price of each symbol, and the first flush, are not what is measured.
    market.tick_all()?;
    let mut columns = PlainColumns::of(&market.hub.reads().settled());
    let rounds = arguments.rounds.get();
    let marks = |seconds: f64| positions as f64 / seconds / 1e6;

    let mut reading = Figures { memory: limits::memory_gb_per_second(), ..Figures::default() };
    let (mut hub, mut plain) = (Vec::new(), Vec::new());
    let (mut first, mut again, mut pnl) = (Vec::new(), Vec::new(), Vec::new());
    for _ in 0..rounds {
        hub.push(marks(market.tick_all()?));
        plain.push(marks(columns.remark()));
        let (ns, size) = market.read_elements()?;
        first.push(ns);
        reading.bytes = size;
        again.push(market.read_elements()?.0);
        pnl.push(market.read_pnl());
    }
    (reading.hub, reading.columns) = (median(&hub), median(&plain));
    (reading.first_ns, reading.again_ns, reading.pnl_ns) = (median(&first), median(&again), median(&pnl));
    let ones = (0..rounds).map(|round| market.tick_one(round)).collect::<anyhow::Result<Vec<_>>>()?;
    reading.one_us = median(&ones.iter().map(|(seconds, _)| seconds * 1e6).collect::<Vec<_>>());
    reading.one_moves = median(&ones.iter().map(|(_, moved)| *moved as f64).collect::<Vec<_>>());
    Ok(reading)
}

impl Market {
    /// A tick of every symbol, and a flush: the seconds they took.
    fn tick_all(&mut self) -> anyhow::Result<f64> {
        let ticks: Vec<_> = (0..SYMBOLS as usize).map(|symbol| self.workload.tick(symbol)).collect();
        let begun = Instant::now();
        for tick in &ticks {
            ensure!(self.hub.apply(tick), "a price was refused");
        }
        self.hub.flush();
        Ok(begun.elapsed().as_secs_f64())
    }

    /// A tick of one symbol, and a flush: the seconds they took, and how many portfolios were moved.
    fn tick_one(&mut self, symbol: usize) -> anyhow::Result<(f64, usize)> {
        let tick = self.workload.tick(symbol % SYMBOLS as usize);
        let begun = Instant::now();
        ensure!(self.hub.apply(&tick), "a price was refused");
        self.hub.flush();
        let seconds = begun.elapsed().as_secs_f64();
        let Changed::Keys(moved) = &self.marks()?.changed else { anyhow::bail!("nothing is listed") };
        Ok((seconds, moved.len()))
    }

    /// Nanoseconds for each element that changed in the last flush, and its bytes.
    fn read_elements(&self) -> anyhow::Result<(f64, f64)> {
        let StateFlush { view, changed, .. } = self.marks()?;
        let Changed::Keys(keys) = changed else { anyhow::bail!("nothing is listed") };
        let begun = Instant::now();
        let bytes: usize = keys
            .iter()
            .filter_map(|key| view.element(*key).expect("the newest state"))
            .map(|json| json.len())
            .sum();
        let seconds = begun.elapsed().as_secs_f64();
        Ok((seconds * 1e9 / keys.len() as f64, bytes as f64 / keys.len() as f64))
    }

    /// Nanoseconds for each portfolio's P&L, found by its key among all of them.
    fn read_pnl(&self) -> f64 {
        let state = self.hub.reads().settled();
        let ids: Vec<PortfolioId> = state.portfolios().flatten().collect();
        let begun = Instant::now();
        for id in &ids {
            black_box(state.pnl(*id)).expect("the newest state");
        }
        begun.elapsed().as_secs_f64() * 1e9 / ids.len() as f64
    }

    fn marks(&self) -> anyhow::Result<&StateFlush> {
        self.hub.flushed().and_then(|flush| flush.states.get(1)).context("nothing was flushed")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_figure_is_measured() {
        let [positions, rounds] = [2_000, 2].map(|count| NonZeroUsize::new(count).unwrap());
        let arguments = MarksArguments { positions, portfolios: 100, rounds, blocks: 1 };
        let reading = read(&arguments, 0).unwrap();
        let Figures { hub, columns, memory, one_us, pnl_ns, first_ns, again_ns, .. } = reading;
        assert!([hub, columns, memory, one_us, pnl_ns, first_ns, again_ns].iter().all(|it| *it > 0.0));
        assert!(reading.one_moves >= 1.0 && reading.one_moves < 100.0, "{}", reading.one_moves);
        assert!(reading.bytes > 300.0, "twenty symbols each: {}", reading.bytes);
        assert!(report::of(&[reading]).contains("| plain columns |"));
    }
}
