//! Tables of a scene.

use hub_bench::pairs::{Pairs, Spread};
use hub_bench::table::{Table, cell};

use super::contender::Contender;
use super::metric::Metric;
use super::scene::{Readings, Scene, Step};

/// Tables of a scene, whose pairs are dropped if others used more than so much of a core.
pub(super) fn of(scene: &Scene, readings: &Readings, blocks: usize, others_max: f64) -> String {
    let mut text = format!("### {}, {blocks} blocks\n\n", scene.title);
    if scene.idle {
        let mut table = Table::new("idle", vec!["KiB per connection".to_owned()]);
        for (contender, kib) in &readings.idle {
            table.add(&scene.contenders[*contender].name, [format!("{kib:.2}")]);
        }
        text += &table.to_string();
    }
    for (index, step) in scene.steps.iter().enumerate() {
        let is_refused = step.has_latencies() && !readings.hidden_stalls.is_empty();
        if is_refused {
            let reasons = readings.hidden_stalls.join("; ");
            text += &["LATENCIES REFUSED, as they can't be believed. ", &reasons, "\n\n"].concat();
        }
        let shown = |metrics: &[Metric]| -> Vec<Metric> {
            metrics.iter().copied().filter(|metric| !(is_refused && metric.is_latency())).collect()
        };
        text += &values(scene, index, step, readings, &shown(&step.metrics)).to_string();
        text += &ratios(scene, index, step, readings, &shown(&step.compared), others_max).to_string();
    }
    text
}

fn headings(metrics: &[Metric]) -> Vec<String> {
    metrics.iter().map(|metric| metric.heading().to_owned()).collect()
}

fn values(scene: &Scene, index: usize, step: &Step, readings: &Readings, metrics: &[Metric]) -> Table {
    let mut table = Table::new(&step.name, headings(metrics));
    for (contender, Contender { name, .. }) in scene.contenders.iter().enumerate() {
        table.add(name, metrics.iter().map(|metric| cell(readings.spread(scene, contender, index, *metric))));
    }
    table
}

fn ratios(
    scene: &Scene,
    index: usize,
    step: &Step,
    readings: &Readings,
    metrics: &[Metric],
    others_max: f64,
) -> Table {
    let columns = headings(metrics).into_iter().chain(["pairs (dropped)".to_owned()]).collect();
    let mut table = Table::new(&format!("{}: ratios", step.name), columns);
    for pair in &scene.ratios {
        let name = format!("{} / {}", scene.contenders[pair.0].name, scene.contenders[pair.1].name);
        let of = |metric: &Metric| readings.pairs(scene, *pair, index, *metric, others_max);
        let all: Vec<Pairs> = metrics.iter().map(of).collect();
        let counts = all.first().map(|first| format!("{} ({})", first.ratios.len(), first.dropped));
        table.add(&name, all.iter().map(|pairs| cell(Spread::of(&pairs.ratios))).chain(counts));
    }
    table
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use hub_bench::driver::{Drive, Outcome};
    use hub_bench::peers::{Carrier, Ids, Options, Program};

    use super::*;
    use crate::peers::contender::Crowd;
    use crate::peers::scene::{Rhythm, Taken};
    use crate::peers::traffic::Traffic;

    fn scene() -> Scene {
        let contender = |name: &str, less| Contender {
            name: name.to_owned(),
            program: Program::Ws,
            options: Options::default(),
            traffic: Traffic::Relay { carrier: Carrier::Plain, ids: Ids::Same, topics: 1, body: 100 },
            crowd: Crowd::ready(100),
            publishers: 1,
            less,
        };
        let step = Step {
            name: "a rate".to_owned(),
            rhythm: Rhythm::Given(Drive::Open(10.0)),
            time: Duration::from_secs(1),
            metrics: vec![Metric::P99, Metric::P999, Metric::Cpu],
            compared: vec![Metric::Cpu, Metric::CpuNet, Metric::P99],
        };
        Scene {
            title: "two".to_owned(),
            contenders: vec![contender("alone", None), contender("hub", Some(0)), contender("uws", None)],
            ratios: vec![(1, 2)],
            steps: vec![step],
            idle: false,
        }
    }

    /// Readings of the three; hub and uws differ by 9 or 11 points of client CPU.
    fn readings(publications: u64) -> Readings {
        let mut readings = Readings::default();
        for block in 0..3 {
            for (contender, cpu_us, messages) in
                [(0, 100.0, publications), (1, 3.0, publications * 100), (2, 2.0, 1)]
            {
                let client_percent = if contender == 2 { 80.0 } else { [89.0, 91.0, 71.0][block] };
                let mut outcome =
                    Outcome { publications, messages, cpu_us, client_percent, ..Outcome::default() };
                outcome.latencies.record(5_000_000);
                readings.taken.push(Taken { contender, step: 0, block, outcome });
            }
        }
        readings
    }

    fn row<'a>(text: &'a str, first: &str) -> Vec<&'a str> {
        let line = text.lines().find(|line| line.starts_with(&format!("| {first} |")));
        line.unwrap_or_else(|| panic!("no {first} in {text}")).split('|').map(str::trim).skip(2).collect()
    }

    #[test]
    fn ratios_are_of_pairs_whose_clients_are_alike() {
        let text = of(&scene(), &readings(1000), 3, 50.0);
        // 100 us of a publication are 1 us of each of its 100 deliveries: 2 instead of 3.
        let ratios = ["1.50 (1.50 to 1.50)", "1.00 (1.00 to 1.00)", "1.00 (1.00 to 1.00)", "2 (1)", ""];
        assert_eq!(row(&text, "hub / uws"), ratios);
    }

    #[test]
    fn a_phase_of_few_publications_has_no_p999() {
        assert_eq!(row(&of(&scene(), &readings(1000), 3, 50.0), "hub")[1], "5.00 (5.00 to 5.00)");
        assert_eq!(row(&of(&scene(), &readings(999), 3, 50.0), "hub")[1], "-");
    }

    #[test]
    fn latencies_in_which_a_stall_does_not_show_are_refused() {
        let mut readings = readings(1000);
        readings.hidden_stalls.push("uws: a stall of 200 ms shows as 12 ms".to_owned());
        let text = of(&scene(), &readings, 3, 50.0);
        assert!(text.contains("REFUSED") && text.contains("shows as 12 ms"), "{text}");
        assert!(!text.contains("p99"), "{text}");
        assert_eq!(row(&text, "hub"), ["3.00 (3.00 to 3.00)", ""], "what is no latency is told");
    }
}
