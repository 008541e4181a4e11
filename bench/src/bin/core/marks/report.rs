//! Tables of what marks took.

use hub_bench::pairs::Spread;
use hub_bench::table::{Table, cell};

use super::Figures;

/// Bytes of the columns that a position mark reads: number and quantity.
const BYTES_PER_MARK: f64 = 12.0;

/// Position marks when all move, and what single ones take.
pub(super) fn of(readings: &[Figures]) -> String {
    let spread =
        |value: fn(&Figures) -> f64| cell(Spread::of(&readings.iter().map(value).collect::<Vec<_>>()));
    let headings = ["M position marks/s", "hub / it"].map(str::to_owned);
    let mut all = Table::new("every symbol ticks", headings.into());
    all.add("hub, ticks and flush", [spread(|it| it.hub), "1".to_owned()]);
    all.add("plain columns", [spread(|it| it.columns), spread(|it| it.hub / it.columns)]);
    let memory = |it: &Figures| it.memory * 1e3 / BYTES_PER_MARK;
    all.add(
        "memory read in order",
        [spread(memory), spread(move |it| it.hub / (it.memory * 1e3 / BYTES_PER_MARK))],
    );

    let mut single = Table::new("medians", vec![String::new()]);
    single.add("a tick of one symbol and a flush, us", [spread(|it| it.one_us)]);
    single.add("portfolios that it moves", [spread(|it| it.one_moves)]);
    single.add("P&L of one portfolio, ns", [spread(|it| it.pnl_ns)]);
    single.add("element, the first time, ns", [spread(|it| it.first_ns)]);
    single.add("element, again, ns", [spread(|it| it.again_ns)]);
    single.add("its bytes", [spread(|it| it.bytes)]);
    format!("{all}{single}")
}
