//! Tables of what applying took.

use hub_bench::pairs::Spread;
use hub_bench::table::{Table, cell};

use super::{Applier, Reading};

/// A heading, and the value of a reading below it.
type Column = (&'static str, fn(&Reading) -> Option<f64>);

const VALUES: [Column; 8] = [
    ("new, M/s", |it| Some(it.opening.per_second / 1e6)),
    ("again, M/s", |it| Some(it.again.per_second / 1e6)),
    ("bytes per position", |it| Some(it.bytes_per_position)),
    ("longest apply, ms: new", |it| Some(it.opening.longest_apply_ms)),
    ("again", |it| Some(it.again.longest_apply_ms)),
    ("longest settle, ms: new", |it| Some(it.opening.longest_settle_ms)),
    ("again", |it| Some(it.again.longest_settle_ms)),
    ("reader, M rows/s", |it| Some(it.rows_per_second? / 1e6)),
];

/// Columns that have a ratio.
const COMPARED: usize = 3;

/// Values of all contenders, and their ratios to the first, which are of readings of one block.
pub(super) fn of(contenders: &[Applier], readings: &[Vec<Reading>]) -> String {
    let headings = |columns: &[Column]| columns.iter().map(|(heading, _)| (*heading).to_owned()).collect();
    let mut values = Table::new("medians", headings(&VALUES));
    let mut ratios = Table::new("ratios", headings(&VALUES[..COMPARED]));
    for (contender, of_contender) in contenders.iter().zip(readings) {
        let spread =
            |(_, value): &Column| Spread::of(&of_contender.iter().filter_map(value).collect::<Vec<_>>());
        values.add(contender.name(), VALUES.iter().map(|column| cell(spread(column))));
        if let Some(limit) = readings.first().filter(|_| *contender != Applier::Columns) {
            let name = format!("{} / {}", contender.name(), Applier::Columns.name());
            let ratio = |column: &Column| Spread::of(&paired(column.1, of_contender, limit));
            ratios.add(&name, VALUES[..COMPARED].iter().map(|column| cell(ratio(column))));
        }
    }
    format!("{values}{ratios}")
}

/// Ratios of readings of one block.
fn paired(value: fn(&Reading) -> Option<f64>, readings: &[Reading], limit: &[Reading]) -> Vec<f64> {
    let pairs = readings.iter().zip(limit);
    pairs.filter_map(|(reading, limit)| Some(value(reading)? / value(limit)?)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::apply::Pace;

    fn reading(per_second: f64, rows_per_second: Option<f64>) -> Reading {
        let pace = Pace { per_second, longest_apply_ms: 1.0, longest_settle_ms: 2.0 };
        Reading { opening: pace, again: pace, bytes_per_position: 100.0, rows_per_second }
    }

    #[test]
    fn ratios_are_of_one_block() {
        let columns = [4e6, 2e6, 1e6].map(|pace| reading(pace, None)).into();
        let hub = [2e6, 2e6, 2e6].map(|pace| reading(pace, Some(5e6))).into();
        let text = of(&[Applier::Columns, Applier::HubAndReader], &[columns, hub]);
        let row = |first: &str| {
            let line = text.lines().find(|line| line.starts_with(&format!("| {first} |")));
            line.unwrap_or_else(|| panic!("no {first} in {text}")).split(" | ").nth(1).map(str::to_owned)
        };
        assert_eq!(row("plain columns").as_deref(), Some("2.00 (1.00 to 4.00)"));
        assert_eq!(row("hub, a reader / plain columns").as_deref(), Some("1.00 (0.50 to 2.00)"), "{text}");
        assert!(text.contains("| 5.00 (5.00 to 5.00) |") && text.contains("| - |"), "{text}");
    }
}
