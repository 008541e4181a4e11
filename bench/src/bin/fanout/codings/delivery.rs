//! Cost of a delivery.

use std::time::Duration;

use anyhow::ensure;
use hub_bench::identity::Identity;
use hub_bench::load::Load;
use hub_bench::process::cpu_time;
use hub_bench::stats::median;

use super::CodingArguments;
use super::bare::Bare;
use super::subject::{Coding, Subject};
use super::transport::Transport;

/// Messages before anything is measured.
const WARM: usize = 20;

/// A hub, its subscribers, and what was measured of it, a round each.
struct Run {
    subject: Subject,
    load: Load,
    /// Microseconds of CPU per delivery.
    hub: Vec<f64>,
    /// The same, of the program that only writes.
    bare: Vec<f64>,
    /// Bytes on the wire per delivery.
    bytes: Vec<f64>,
}

/// All codings at once: a round of each, and after each as much in bare
/// writes, so that what the machine does meanwhile meets all alike.
pub(super) async fn measure(
    arguments: &CodingArguments,
    transport: Transport,
    codings: &[Coding],
    identity: &Identity,
) -> anyhow::Result<()> {
    let subscribers = arguments.subscribers;
    let mut bare = Bare::start(subscribers)?;
    let bare_load = Load::connect(bare.address(), subscribers, None, None).await?;
    let mut runs = Vec::new();
    for coding in codings {
        let mut subject = Subject::start(arguments, transport, *coding, identity)?;
        let load = subject.subscribe(subscribers).await?;
        for _ in 0..WARM {
            subject.deliver(&load, subscribers).await?;
        }
        let compressed = load.compressed() > 0;
        ensure!(compressed == coding.deflate(), "{}: compressed is {compressed}", coding.name());
        runs.push(Run { subject, load, hub: Vec::new(), bare: Vec::new(), bytes: Vec::new() });
    }
    for _ in 0..arguments.rounds {
        for run in &mut runs {
            let bytes = run.round(arguments).await?;
            let before = cpu_time(bare.pid())?;
            for _ in 0..arguments.messages {
                let target = bare_load.messages() + subscribers as u64;
                bare.write(bytes.round() as usize)?;
                bare_load.reach(target).await?;
            }
            run.bare.push(per_delivery(cpu_time(bare.pid())?.saturating_sub(before), arguments));
        }
    }
    for run in &runs {
        run.report(&runs);
    }
    for run in runs {
        let Run { mut subject, load, .. } = run;
        let status = subject.hub.terminate()?;
        println!(
            "  {:<12} graceful shutdown with {subscribers} subscribers: {status}",
            subject.coding.name()
        );
        drop(load);
    }
    Ok(())
}

impl Run {
    /// Measures a round; bytes per delivery.
    async fn round(&mut self, arguments: &CodingArguments) -> anyhow::Result<f64> {
        self.subject.wake()?;
        let (cpu, received) = (cpu_time(self.subject.hub.pid())?, self.load.bytes());
        for _ in 0..arguments.messages {
            self.subject.deliver(&self.load, arguments.subscribers).await?;
        }
        let spent = cpu_time(self.subject.hub.pid())?.saturating_sub(cpu);
        let bytes = (self.load.bytes() - received) as f64 / deliveries(arguments);
        self.hub.push(per_delivery(spent, arguments));
        self.bytes.push(bytes);
        Ok(bytes)
    }

    fn report(&self, all: &[Run]) {
        let (hub, bare, bytes) = (median(&self.hub), median(&self.bare), median(&self.bytes));
        let ratio = paired(&self.hub, &self.bare);
        println!(
            "  {:<12} {hub:.2} us CPU per delivery, {bytes:.0} bytes; bare writes of as many {bare:.2} us: {ratio:.2}",
            self.subject.coding.name(),
        );
        if let Some(plain) = all.iter().find(|run| run.subject.coding == Coding::Plain)
            && self.subject.coding != Coding::Plain
        {
            let (cpu, bytes) = (paired(&self.hub, &plain.hub), paired(&self.bytes, &plain.bytes));
            println!("  {:<12} {cpu:.2} of plain's CPU, {bytes:.2} of its bytes", "");
        }
    }
}

/// The median of the ratios of rounds that were measured next to each other.
fn paired(values: &[f64], by: &[f64]) -> f64 {
    let ratios: Vec<f64> = values.iter().zip(by).map(|(value, by)| value / by).collect();
    median(&ratios)
}

fn deliveries(arguments: &CodingArguments) -> f64 {
    (arguments.messages * arguments.subscribers) as f64
}

fn per_delivery(cpu: Duration, arguments: &CodingArguments) -> f64 {
    cpu.as_secs_f64() * 1e6 / deliveries(arguments)
}
