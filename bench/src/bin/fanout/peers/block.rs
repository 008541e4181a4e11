//! A contender's turn in a block.

use std::fs::File;
use std::io::Write as _;
use std::time::Duration;

use hub_bench::driver::{Drive, Driver, Outcome};
use hub_bench::peers::Server;
use hub_bench::process::rss_bytes;
use serde_json::json;

use super::scene::{Readings, Rhythm, Scene, Step, Taken};

/// Receivers before those whose memory is measured, as what the first allocate once is not theirs.
const WARM_RECEIVERS: usize = 50;

/// Messages that an idle connection has received before.
const IDLE_MESSAGES: usize = 5;

/// Time before anything is measured.
const WARM: Duration = Duration::from_millis(500);

/// Publications per second from which on a server is warmed by as many as it takes.
const DENSE_PER_SECOND: f64 = 100.0;

/// Time for which a server stands still to see whether that shows.
const STALL: Duration = Duration::from_millis(200);

/// Time within which it does.
const STALL_WITHIN: Duration = Duration::from_secs(2);

/// Publications of that time, at least.
const PUBLICATIONS_AROUND: f64 = 4.0;

/// Starts one, takes it through all steps, and ends it.
pub(super) fn measure(
    scene: &Scene,
    index: usize,
    block: usize,
    readings: &mut Readings,
    mut json: Option<&mut File>,
) -> anyhow::Result<()> {
    let contender = &scene.contenders[index];
    let server = Server::start(&contender.program, contender.options)?;
    let mut driver = contender.traffic.driver(server.doors(), contender.publishers)?;
    let idle_kib = connect(scene, index, &server, &mut driver)?;
    if scene.idle && block == 0 {
        readings.idle.push((index, idle_kib));
    }
    warm(&mut driver, &scene.steps)?;
    let mut before = 0.0;
    for (step, wanted) in scene.steps.iter().enumerate() {
        let drive = match wanted.rhythm {
            Rhythm::Given(drive) => drive,
            Rhythm::TimesBefore(times) => Drive::Open(before * times),
        };
        let mut outcome = driver.run(drive, wanted.time, None)?;
        before = outcome.per_second / contender.crowd.ready as f64;
        outcome.closed = driver.closed();
        tell(scene, index, block, wanted, &outcome, json.as_deref_mut())?;
        readings.taken.push(Taken { contender: index, step, block, outcome });
    }
    if let Some(Step { rhythm: Rhythm::Given(Drive::Open(per_second)), .. }) =
        scene.steps.iter().find(|step| step.has_latencies()).filter(|_| block == 0)
        && let Err(reason) = show_stall(&mut driver, *per_second)?
    {
        readings.hidden_stalls.push(format!("{}: {reason}", contender.name));
    }
    Ok(())
}

/// Publishes for a while in the rhythm of the first step, two outstanding where that is a dense one.
fn warm(driver: &mut Driver, steps: &[Step]) -> anyhow::Result<()> {
    let drive = match steps.first().map(|step| step.rhythm) {
        Some(Rhythm::Given(Drive::Open(per_second))) if per_second < DENSE_PER_SECOND => {
            Drive::Open(per_second)
        }
        _ => Drive::Closed(2),
    };
    driver.run(drive, WARM, None)?;
    Ok(())
}

/// Has the server stand still, and looks whether that shows.
fn show_stall(driver: &mut Driver, per_second: f64) -> anyhow::Result<Result<(), String>> {
    let within = STALL_WITHIN.max(Duration::from_secs_f64(PUBLICATIONS_AROUND / per_second));
    let outcome = driver.run(Drive::Open(per_second), within, Some(STALL))?;
    Ok(outcome.latencies.shows(STALL, within, per_second))
}

/// Connects everybody; KiB of memory for each.
fn connect(scene: &Scene, index: usize, server: &Server, driver: &mut Driver) -> anyhow::Result<f64> {
    let contender = &scene.contenders[index];
    let warm = contender.crowd.ready.min(WARM_RECEIVERS);
    contender.connect(driver, warm)?;
    driver.deliver(IDLE_MESSAGES)?;
    let before = rss_bytes(server.doors().pid)?;
    let rest = contender.crowd.ready - warm;
    contender.connect(driver, rest)?;
    driver.deliver(IDLE_MESSAGES)?;
    let after = rss_bytes(server.doors().pid)?;
    contender.connect_others(driver)?;
    Ok((after as f64 - before as f64) / 1024.0 / rest.max(1) as f64)
}

/// Says what was measured, for who waits and for who reads it later.
fn tell(
    scene: &Scene,
    index: usize,
    block: usize,
    step: &Step,
    outcome: &Outcome,
    json: Option<&mut File>,
) -> anyhow::Result<()> {
    let name = &scene.contenders[index].name;
    let mut values = serde_json::Map::new();
    let mut said = Vec::new();
    for metric in &step.metrics {
        let value = metric.of(outcome);
        values.insert(metric.heading().to_owned(), json!(value));
        if let Some(value) = value {
            said.push(format!("{} {value:.2}", metric.heading()));
        }
    }
    eprintln!("block {} {name}, {}: {}", block + 1, step.name, said.join(", "));
    if let Some(file) = json {
        let line = json!({"scene": scene.title, "contender": name, "block": block, "step": step.name, "values": values});
        writeln!(file, "{line}")?;
    }
    Ok(())
}
