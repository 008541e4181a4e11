//! Tables of a scene.

use std::fmt;

use hub_bench::pairs::{Pairs, Spread};

use super::PeerArguments;
use super::contender::Contender;
use super::metric::Metric;
use super::scene::{Readings, Scene, Step};

/// Prints the tables of a scene.
pub(super) fn print(scene: &Scene, readings: &Readings, arguments: &PeerArguments) {
    println!("### {}, {} blocks\n", scene.title, arguments.blocks);
    if scene.idle {
        println!("| idle | KiB per connection |\n|---|---|");
        for (contender, kib) in &readings.idle {
            println!("| {} | {kib:.2} |", scene.contenders[*contender].name);
        }
        println!();
    }
    for (index, step) in scene.steps.iter().enumerate() {
        if step.has_latencies() && !readings.hidden_stalls.is_empty() {
            println!(
                "{}: no latencies, as they can't be believed. {}\n",
                step.name,
                readings.hidden_stalls.join("; ")
            );
            continue;
        }
        print!("{}", values(scene, index, step, readings));
        print!("{}", ratios(scene, index, step, readings, arguments.others_max));
    }
}

/// Rows of cells under headings.
struct Table {
    rows: Vec<Vec<String>>,
}

impl Table {
    fn new(first: &str, metrics: &[Metric]) -> Table {
        let headings = metrics.iter().map(|metric| metric.heading().to_owned());
        Table { rows: vec![std::iter::once(first.to_owned()).chain(headings).collect()] }
    }

    fn add(&mut self, first: &str, cells: impl IntoIterator<Item = String>) {
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

fn values(scene: &Scene, index: usize, step: &Step, readings: &Readings) -> Table {
    let mut table = Table::new(&step.name, &step.metrics);
    for (contender, Contender { name, .. }) in scene.contenders.iter().enumerate() {
        table.add(name, step.metrics.iter().map(|metric| cell(readings.spread(contender, index, *metric))));
    }
    table
}

fn ratios(scene: &Scene, index: usize, step: &Step, readings: &Readings, others_max: f64) -> Table {
    let mut table = Table::new(&format!("{}: ratios", step.name), &step.compared);
    table.rows[0].push("pairs (dropped)".to_owned());
    for pair in &scene.ratios {
        let name = format!("{} / {}", scene.contenders[pair.0].name, scene.contenders[pair.1].name);
        let all: Vec<Pairs> =
            step.compared.iter().map(|metric| readings.pairs(*pair, index, *metric, others_max)).collect();
        let counts = all.first().map(|first| format!("{} ({})", first.ratios.len(), first.dropped));
        table.add(&name, all.iter().map(|pairs| cell(Spread::of(&pairs.ratios))).chain(counts));
    }
    table
}

/// Median and range, to as many places as mean something.
fn cell(spread: Option<Spread>) -> String {
    let Some(Spread { median, least, most }) = spread else { return "-".to_owned() };
    let places = match median.abs() {
        100.0.. => 0,
        10.0.. => 1,
        1.0.. => 2,
        _ => 3,
    };
    format!("{median:.places$} ({least:.places$}-{most:.places$})")
}
