//! Ends of days: what it takes to close one for all portfolios at once, and to work out their risk by turns.
//!
//! Beside the close, in each block: one pass over the same positions in plain columns, which adds up `price * holdings`
//! by portfolio and nothing else.

use std::hint::black_box;
use std::time::Instant;

use anyhow::ensure;
use clap::Args;
use hub_bench::pairs::Spread;
use hub_bench::table::{Table, cell};
use hub_core::event::PriceQuote;
use hub_core::settings::{Close, Closes};
use hub_core::{Date, Event, Offset, Price, Record, Settings, Timestamp};

use crate::contender::Contender;
use crate::hub::Hub;
use crate::workload::{SYMBOLS, Size, Workload};

/// Options of the measurement of days.
#[derive(Args)]
pub(crate) struct DaysArguments {
    #[command(flatten)]
    size: Size,
    /// Blocks.
    #[arg(long, default_value_t = 3)]
    blocks: u64,
}

/// Days before there is a risk, and those of which it is measured.
const DAYS: i32 = 33;
const MEASURED: i32 = 3;

const DAY_MILLIS: i64 = 24 * 60 * 60 * 1000;

/// Turns of all portfolios: log time in which each has one, in slots.
const SLOT_MILLIS: i64 = 500;
const SLOTS: i64 = 60;

const NAMES: [&str; 4] =
    ["close of a day", "plain columns", "turns of a slot, median", "turns of a slot, longest"];

/// Measures what the arguments name.
pub(crate) fn run(arguments: &DaysArguments) -> anyhow::Result<()> {
    let DaysArguments { size: Size { positions, portfolios, .. }, blocks } = arguments;
    println!("{positions} positions of {portfolios} portfolios, {DAYS} days; {blocks} blocks\n");
    let mut results: [Vec<f64>; NAMES.len()] = Default::default();
    let mut bytes = Vec::new();
    for block in 0..*blocks {
        let (millis, grown) = measure(arguments, block)?;
        for (all, of_block) in results.iter_mut().zip(millis) {
            all.extend(of_block);
        }
        bytes.push(grown);
    }
    let mut table = Table::new("milliseconds", vec!["ms".to_owned()]);
    for (name, millis) in NAMES.into_iter().zip(&results) {
        table.add(name, [cell(Spread::of(millis))]);
    }
    let mut sizes = Table::new("bytes", vec!["bytes".to_owned()]);
    sizes.add("a day, by portfolio, as it is walked", [cell(Spread::of(&bytes))]);
    print!("{table}{sizes}");
    Ok(())
}

/// A hub whose log time goes on.
struct Clock {
    hub: Hub,
    offset: u64,
}

impl Clock {
    fn apply(&mut self, millis: i64, event: Event) -> anyhow::Result<f64> {
        self.offset += 1;
        let at = Timestamp::from_millis(millis).unwrap_or_default();
        let record = Record { offset: Offset(self.offset), at, event };
        let start = Instant::now();
        let taken = self.hub.apply(&record);
        let millis = start.elapsed().as_secs_f64() * 1000.0;
        ensure!(taken, "a record is refused");
        Ok(millis)
    }

    fn price(&mut self, millis: i64, cents: i64) -> anyhow::Result<()> {
        for n in 0..SYMBOLS {
            let price = Price::from_units((10_000 + cents + n.cast_signed()) * 1_000_000);
            let symbol = format!("S{n:03}").parse()?;
            self.apply(millis, Event::Price(PriceQuote { symbol, price, timestamp: None }))?;
        }
        Ok(())
    }
}

fn measure(arguments: &DaysArguments, block: u64) -> anyhow::Result<([Vec<f64>; NAMES.len()], f64)> {
    let Size { positions, portfolios, .. } = arguments.size;
    let mut workload = Workload::new(block, portfolios, positions.get())?;
    let mut clock = Clock { hub: Hub::new(), offset: 0 };
    let mut at = Timestamp::default();
    for _ in 0..positions.get() {
        let record = workload.open();
        (at, clock.offset) = (record.at, record.offset.0);
        ensure!(clock.hub.apply(&record), "a record is refused");
    }
    let begins = at.millis() - at.millis() % DAY_MILLIS + DAY_MILLIS;
    let close = |day: i32| Close {
        date: Date::from_days((begins / DAY_MILLIS) as i32 + day).unwrap_or_default(),
        at: Timestamp::from_millis(begins + (i64::from(day) + 1) * DAY_MILLIS).unwrap_or_default(),
    };
    let closes: Closes = (0..DAYS).map(close).collect();
    clock.apply(begins, Event::Settings(Settings { closes, ..Settings::default() }))?;
    clock.hub.settle();
    let columns = columns(&clock.hub);
    let mut millis: [Vec<f64>; NAMES.len()] = Default::default();
    let mut walked = Vec::new();
    for day in 0..DAYS {
        let ends = begins + (i64::from(day) + 1) * DAY_MILLIS;
        clock.price(ends - 60_000, i64::from(day) * 7 % 100)?;
        // So that the turns of these prices are over.
        clock.apply(ends - 1, Event::Tick)?;
        let closing = clock.apply(ends, Event::Tick)?;
        let mut slots = Vec::new();
        for slot in 1..=SLOTS {
            slots.push(clock.apply(ends + slot * SLOT_MILLIS, Event::Tick)?);
        }
        if day == DAYS - 1 - MEASURED || day == DAYS - 1 {
            walked.push(clock.hub.walk().len() as f64);
        }
        if day >= DAYS - MEASURED {
            slots.sort_by(f64::total_cmp);
            let start = Instant::now();
            black_box(columns.worths(portfolios));
            let plain = start.elapsed().as_secs_f64() * 1000.0;
            let longest = slots.last().copied().unwrap_or_default();
            let of_day = [closing, plain, slots[slots.len() / 2], longest];
            of_day.into_iter().zip(&mut millis).for_each(|(time, all)| all.push(time));
        }
    }
    let grown = walked.last().zip(walked.first()).map_or(0.0, |(last, first)| last - first);
    Ok((millis, grown / f64::from(MEASURED) / f64::from(portfolios)))
}

/// Positions side by side, and nothing else.
struct SideBySide {
    portfolios: Vec<u32>,
    symbols: Vec<u16>,
    holdings: Vec<i64>,
}

/// As many as the hub has, of the same portfolios.
fn columns(hub: &Hub) -> SideBySide {
    let mut columns = SideBySide { portfolios: Vec::new(), symbols: Vec::new(), holdings: Vec::new() };
    let mut numbers = std::collections::HashMap::new();
    for row in hub.reads().settled().positions().flatten() {
        let row = row.position();
        let next = numbers.len() as u32;
        columns.portfolios.push(*numbers.entry(row.portfolio_id).or_insert(next));
        columns.symbols.push(row.symbol.as_str()[1..].parse().unwrap_or_default());
        columns.holdings.push(row.holdings.units() as i64);
    }
    columns
}

impl SideBySide {
    fn worths(&self, portfolios: u32) -> Vec<i128> {
        let mut worths = vec![0_i128; portfolios as usize];
        for ((portfolio, symbol), holdings) in self.portfolios.iter().zip(&self.symbols).zip(&self.holdings) {
            let price = (10_000 + i64::from(*symbol)) * 1_000_000;
            worths[*portfolio as usize] += i128::from(price) * i128::from(*holdings);
        }
        worths
    }
}
