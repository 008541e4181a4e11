//! Tables as docs/performance.md has them.

use std::fmt;

use crate::pairs::Spread;

/// Rows of cells under headings.
pub struct Table {
    rows: Vec<Vec<String>>,
}

impl Table {
    /// A table without rows yet, and the heading of its first column.
    pub fn new(first: &str, headings: Vec<String>) -> Table {
        let mut table = Table { rows: Vec::new() };
        table.add(first, headings);
        table
    }

    /// Adds a row.
    pub fn add(&mut self, first: &str, cells: impl IntoIterator<Item = String>) {
        self.rows.push(std::iter::once(first.to_owned()).chain(cells).collect());
    }
}

impl fmt::Display for Table {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (index, row) in self.rows.iter().enumerate() {
            writeln!(out, "| {} |", row.join(" | "))?;
            if index == 0 {
                writeln!(out, "|{}", "---|".repeat(row.len()))?;
            }
        }
        writeln!(out)
    }
}

/// Median and range, to as many places as mean something.
pub fn cell(spread: Option<Spread>) -> String {
    let Some(Spread { median, least, most }) = spread else { return "-".to_owned() };
    let places = match median.abs() {
        100.0.. => 0,
        10.0.. => 1,
        1.0.. => 2,
        _ => 3,
    };
    format!("{median:.places$} ({least:.places$} to {most:.places$})")
}
